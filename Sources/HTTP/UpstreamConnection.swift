internal import Bytes
internal import Transport

/// One connection to a server. Confined to its loop; in use by one exchange at a time.
final class UpstreamConnection {
    private let stream: ByteStream
    private let reader: MessageReader
    private let limits: HTTPLimits
    private let loop: EventLoop
    private let giveBack: (UpstreamConnection) -> Void

    init(
        _ stream: ByteStream, limits: HTTPLimits, on loop: EventLoop,
        giveBack: @escaping (UpstreamConnection) -> Void
    ) {
        self.stream = stream
        self.limits = limits
        self.loop = loop
        self.giveBack = giveBack
        reader = MessageReader(stream: stream, reactor: loop.reactor, limits: limits)
    }

    /// Whether the server has neither closed it nor said something that nobody asked for.
    var isAlive: Bool { !reader.hasBufferedBytes && stream.isQuiet }

    func close() { stream.close() }

    /// Sends a request and returns when the head of its answer has come.
    ///
    /// - Parameters:
    ///   - message: the head, with a body that is there whole.
    ///   - upload: a body that follows it in pieces.
    func exchange(
        _ message: [UInt8], upload source: (any BodySource)?, isHEAD: Bool, deadline: MonotonicTime?
    ) async throws(ExchangeError) -> UpstreamResponse {
        do throws(ExchangeError) {
            let length = source?.remaining
            try await stream.send(message[...], limits)
            guard let source else {
                return try await response(isHEAD: isHEAD, upload: nil, deadline: deadline)
            }
            let upload = Upload(source, isChunked: length == nil, to: stream, limits, on: loop)
            do throws(ExchangeError) {
                return try await response(isHEAD: isHEAD, upload: upload, deadline: deadline)
            } catch {
                await upload.stop()
                throw upload.failure.map { .body($0) } ?? error
            }
        } catch {
            close()
            throw error
        }
    }

    private func response(
        isHEAD: Bool, upload: Upload?, deadline: MonotonicTime?
    ) async throws(ExchangeError) -> UpstreamResponse {
        let head = try await reader.answerHead(isHEAD: isHEAD, deadline: deadline)
        if upload == nil, let body = reader.arrivedBody() {
            done(keepsAlive: head.keepsAlive)
            return UpstreamResponse(status: head.status, fields: head.fields, body: .bytes(body))
        }
        let body = UpstreamBody(
            MessageBody(reader, stream, limit: .max, stall: nil, on: loop.reactor), upload: upload
        ) { isWhole in
            self.done(keepsAlive: head.keepsAlive && isWhole)
        }
        return UpstreamResponse(status: head.status, fields: head.fields, body: .stream(body))
    }

    private func done(keepsAlive: Bool) {
        guard keepsAlive, !reader.isBroken else { return close() }
        giveBack(self)
    }
}

/// A request's body on its way to the server, while the answer may already be coming.
///
/// Confined to its loop.
final class Upload {
    private let source: any BodySource
    private let stream: ByteStream
    private var isOver = false
    private var isStopped = false
    private var whenOver: Suspension<Void>?
    /// Why the source gave out.
    private(set) var failure: BodySourceError?
    /// Whether all of it has been sent.
    private(set) var isWhole = false

    init(
        _ source: any BodySource, isChunked: Bool, to stream: ByteStream, _ limits: HTTPLimits,
        on loop: EventLoop
    ) {
        self.source = source
        self.stream = stream
        loop.spawn {
            await self.run(isChunked, stream, limits)
            self.isOver = true
            self.whenOver?.resume()
            self.whenOver = nil
        }
    }

    private func run(_ isChunked: Bool, _ stream: ByteStream, _ limits: HTTPLimits) async {
        while !isStopped {
            let piece: ByteSlice?
            do throws(BodySourceError) { piece = try await source.next() } catch {
                failure = error
                // The server must not take half a body for a whole one.
                return stream.close()
            }
            let bytes = isChunked ? Serializer.chunk(piece ?? [])[...] : piece ?? []
            guard (try? await stream.write(bytes, stall: limits.stallTimeout)) != nil else {
                return
            }
            guard piece != nil else {
                isWhole = true
                return
            }
        }
    }

    /// Ends the upload as soon as can be.
    func cancel() {
        isStopped = true
        if !isOver { source.cancel() }
    }

    /// Ends the upload; returns when it reads nothing any more.
    func stop() async {
        cancel()
        guard !isOver else { return }
        // A server that has answered may never take the rest.
        stream.close()
        await Suspension<Void>.suspend { suspension in
            if isOver { suspension.resume() } else { whenOver = suspension }
        }
    }
}

/// The body of an answer: at its end the connection is given back, and an upload that is still going
/// on is ended, since nobody waits for it.
final class UpstreamBody: BodySource {
    private let body: MessageBody
    private let upload: Upload?
    private var onEnd: ((_ isWhole: Bool) -> Void)?

    init(_ body: MessageBody, upload: Upload?, onEnd: @escaping (_ isWhole: Bool) -> Void) {
        self.body = body
        self.upload = upload
        self.onEnd = onEnd
    }

    deinit { onEnd?(false) }

    var remaining: Int? { body.remaining }

    func next() async throws(BodySourceError) -> ByteSlice? {
        do throws(BodySourceError) {
            if let piece = try await body.next() { return piece }
        } catch {
            await end(isWhole: false)
            throw error
        }
        await end(isWhole: true)
        return nil
    }

    func cancel() {
        upload?.cancel()
        body.cancel()
    }

    private func end(isWhole: Bool) async {
        await upload?.stop()
        onEnd?(isWhole && upload?.isWhole ?? true)
        onEnd = nil
    }
}
