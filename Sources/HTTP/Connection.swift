internal import Bytes
internal import Transport

/// What answers requests, on the connection's loop.
///
/// A protocol, not a closure: a closure formed in a function with an isolated parameter is run on the
/// global pool however its type is declared (seen with Swift 6.3.1), and a request must not leave its
/// loop.
package protocol RequestHandler: AnyObject {
    func respond(to request: Request) async -> Response
}

/// One accepted connection: requests are read, answered in order, and the connection goes on or ends.
///
/// Confined to its loop, one task.
final class Connection {
    private let stream: ByteStream
    private let reader: MessageReader
    private let limits: HTTPLimits
    private let reactor: Reactor
    private let date: HTTPDate
    private let loop: EventLoop
    /// Whether a stop was asked for: the answer under way is the last one.
    private var isStopping = false
    private var isIdle = true
    /// Whether there was no further request: nothing that the peer sent was left unread.
    private var isFinished = false

    init(stream: ByteStream, limits: HTTPLimits, loop: EventLoop, date: HTTPDate) {
        self.stream = stream
        self.limits = limits
        self.loop = loop
        reactor = loop.reactor
        self.date = date
        reader = MessageReader(stream: stream, reactor: reactor, limits: limits)
    }

    /// Serves the connection to its end and closes it.
    func run(_ handler: any RequestHandler) async {
        while let head = await nextHead() {
            let body = body(of: head)
            let response = await handler.respond(to: Request(head: head, body: body))
            let keepsAlive = keepsAlive(after: head, body, response)
            guard await deliver(response, to: head, keepsAlive: keepsAlive) else { break }
            guard keepsAlive, await discardRest() else { break }
        }
        if !isFinished { await linger() }
        stream.close()
    }

    /// Ends the connection after the requests that have arrived or are being answered.
    func stop() {
        isStopping = true
        reader.endsWhenDrained = true
        if isIdle { stream.interruptRead() }
    }

    /// Ends the connection now.
    func abort() { stream.close() }

    // MARK: The steps

    private func nextHead() async -> RequestHead? {
        isIdle = true
        defer { isIdle = false }
        do throws(MessageReader.HeadError) {
            let head = try await reader.requestHead()
            isFinished = head == nil
            return head
        } catch {
            isIdle = false
            await refuse(error)
            return nil
        }
    }

    private func body(of head: RequestHead) -> RequestBody {
        guard head.expectsContinue else {
            return RequestBody(
                reader: reader, stream: stream, reactor: reactor, limits: limits, sendContinue: nil)
        }
        return RequestBody(
            reader: reader, stream: stream, reactor: reactor, limits: limits
        ) { [stream, limits] in
            let interim = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
            try? await stream.write(interim[...], stall: limits.stallTimeout)
        }
    }

    private func keepsAlive(
        after head: RequestHead, _ body: RequestBody, _ response: Response
    ) -> Bool {
        guard head.keepsAlive, !response.closes, !reader.isBroken else { return false }
        if head.isHTTP10, response.stream != nil { return false }
        if isStopping, !reader.hasBytes { return false }
        // A body that nobody read is dropped when it is small; Go's server closes after 256 KiB.
        return !body.isAwaitingContinue && (reader.declaredRest ?? 0) <= limits.discardedBodyBytes
    }

    private func deliver(
        _ response: Response, to head: RequestHead, keepsAlive: Bool
    ) async -> Bool {
        let bytes = Serializer.serialize(
            response, date: date.current(), isHEAD: head.method.equals("HEAD"),
            keepsAlive: keepsAlive, isHTTP10: head.isHTTP10)
        if let fault = response.wire {
            return await FaultyAnswer(stream: stream, reactor: reactor, limits: limits).send(
                response, as: bytes[...], fault, isHEAD: head.method.equals("HEAD"))
        }
        do {
            try await stream.write(bytes[...], stall: limits.stallTimeout)
        } catch {
            response.stream?.source.cancel()
            return false
        }
        guard let body = response.stream?.source else { return true }
        guard !head.method.equals("HEAD"), StatusLine.allowsBody(response.status) else {
            body.cancel()
            return true
        }
        return await deliver(body, isChunked: !head.isHTTP10)
    }

    /// Hands a body on piece by piece: the next one is asked for when the last one has gone.
    private func deliver(_ body: any BodySource, isChunked: Bool) async -> Bool {
        let watch = reader.isBodyComplete ? PeerWatch(stream, ends: body, on: loop) : nil
        let isWhole = await pour(body, isChunked: isChunked)
        if !isWhole { body.cancel() }
        await watch?.end()
        return isWhole
    }

    private func pour(_ body: any BodySource, isChunked: Bool) async -> Bool {
        do {
            while let piece = try await body.next() {
                let bytes = isChunked ? Serializer.chunk(piece)[...] : piece
                try await stream.write(bytes, stall: limits.stallTimeout)
            }
            if isChunked {
                try await stream.write(Serializer.chunk([])[...], stall: limits.stallTimeout)
            }
            return true
        } catch {
            return false
        }
    }

    private func discardRest() async -> Bool {
        if reader.isBodyComplete { return true }
        return await reader.discardBody(
            upTo: limits.discardedBodyBytes, stall: limits.stallTimeout)
    }

    private func refuse(_ error: MessageReader.HeadError) async {
        // A head that never came whole is closed without a word, as Go's server does.
        guard case .malformed(let parseError) = error else { return }
        let reason = StatusLine.reason(parseError.status)
        let text = "\(parseError.status) \(reason): \(parseError.explanation)"
        let bytes = Serializer.serialize(
            .plainText(parseError.status, text), date: date.current(), isHEAD: false,
            keepsAlive: false, isHTTP10: false)
        try? await stream.write(bytes[...], stall: limits.stallTimeout)
    }

    /// Waits for the peer to close too, so that what it still sends does not reset the connection
    /// before it has read its answer (RFC 9112 §9.6).
    private func linger() async {
        stream.shutdownWrite()
        let deadline = reactor.now + limits.lingeringTimeout.nanoseconds
        await reader.drain(upTo: limits.lingeringBytes, deadline: deadline)
    }
}
