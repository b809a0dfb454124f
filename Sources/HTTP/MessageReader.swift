internal import Bytes
internal import Transport

/// Why a body did not arrive whole.
package enum BodyError: Error, Equatable {
    /// It is longer than the caller allows.
    case tooLarge
    /// Its framing is broken.
    case malformed(ParseError)
    /// The peer left, or stood still too long, before its end.
    case incomplete
}

/// The inbound half of a connection: bytes that arrived and were not used yet, heads and bodies cut
/// from them. Confined to the connection's loop.
final class MessageReader {
    private enum Framing {
        case none
        case length(left: Int)
        case chunked(ChunkedDecoder)
        case untilClose
    }

    private let stream: ByteStream
    private let reactor: Reactor
    private let limits: HTTPLimits
    private var buffer: ByteSlice = []
    private var framing = Framing.none
    private var isFirstHead = true
    /// Whether a body did not arrive as its framing said: what follows cannot be told from it.
    private(set) var isBroken = false
    /// Whether heads that have not arrived are no longer waited for: a stop was asked for.
    var endsWhenDrained = false

    init(stream: ByteStream, reactor: Reactor, limits: HTTPLimits) {
        self.stream = stream
        self.reactor = reactor
        self.limits = limits
    }

    // MARK: Heads

    enum HeadError: Error {
        case malformed(ParseError)
        /// The head stood still too long after it had begun.
        case timedOut
    }

    /// The next request's head; nil when the peer is done, silent too long, or a stop was asked for.
    func requestHead() async throws(HeadError) -> RequestHead? {
        var searched = 0
        skipEmptyLines()
        // As Go's server: a connection may rest between two requests, not before its first one.
        let mayRest = buffer.isEmpty && !isFirstHead
        isFirstHead = false
        let patience = mayRest ? limits.idleTimeout : limits.headTimeout
        var deadline = reactor.now + patience.nanoseconds
        while true {
            if let head = try requestHead(searched: searched) { return head }
            if endsWhenDrained, !stream.hasBytes { return nil }
            let isIdle = buffer.isEmpty
            searched = buffer.count
            let outcome = await receive(deadline: deadline)
            guard outcome == .received else {
                if outcome == .timedOut, !isIdle { throw .timedOut }
                return nil
            }
            if isIdle { deadline = reactor.now + limits.headTimeout.nanoseconds }
            skipEmptyLines()
        }
    }

    /// The head that the buffer begins with; nil while its end has not come.
    ///
    /// - Parameter searched: how many of the buffer's bytes hold no end.
    private func requestHead(searched: Int) throws(HeadError) -> RequestHead? {
        // Half of an empty line.
        if buffer.equals("\r") { return nil }
        let head = try parse { () throws(ParseError) in
            try RequestParser.parse(
                buffer, searched: buffer.startIndex + searched, limits: limits)
        }
        guard let head else { return nil }
        buffer = buffer[head.bytes.endIndex...]
        begin(head.framing)
        return head
    }

    /// The next response's head; nil when the peer closed before sending one.
    func responseHead(isHEAD: Bool, deadline: MonotonicTime?) async throws(HeadError)
        -> ResponseHead?
    {
        while true {
            let head = try parse { () throws(ParseError) in
                try ResponseParser.parse(buffer, isHEAD: isHEAD, limits: limits)
            }
            if let head {
                buffer = buffer.dropFirst(head.byteCount)
                // RFC 9110 §15.2: interim answers, hints as well as 100, come before the final one.
                if head.status < 200, head.status != 101 { continue }
                begin(head.framing)
                return head
            }
            switch await receive(deadline: deadline) {
            case .received: continue
            case .timedOut: throw .timedOut
            case .ended: return nil
            }
        }
    }

    private func parse<Head>(
        _ body: () throws(ParseError) -> Head?
    ) throws(HeadError) -> Head? {
        do throws(ParseError) { return try body() } catch { throw .malformed(error) }
    }

    /// RFC 9112 §2.2: empty lines before a request are ignored.
    private func skipEmptyLines() {
        while buffer.prefix(2).equals("\r\n") { buffer = buffer.dropFirst(2) }
    }

    private func begin(_ framing: RequestHead.Framing) {
        switch framing {
        case .none, .length(0): self.framing = .none
        case .length(let count): self.framing = .length(left: count)
        case .chunked: self.framing = .chunked(ChunkedDecoder(limits: limits))
        }
    }

    private func begin(_ framing: ResponseHead.Framing) {
        switch framing {
        case .none: begin(RequestHead.Framing.none)
        case .length(let count): begin(RequestHead.Framing.length(count))
        case .chunked: begin(RequestHead.Framing.chunked)
        case .untilClose: self.framing = .untilClose
        }
    }

    // MARK: Bodies

    /// Whether the body has been read to its end.
    var isBodyComplete: Bool {
        if case .none = framing { true } else { false }
    }

    /// How many bytes of the body are still to come, nil when its framing does not tell.
    var declaredRest: Int? {
        switch framing {
        case .none: 0
        case .length(let left): left
        case .chunked, .untilClose: nil
        }
    }

    /// Whether part of the body has arrived already.
    var hasBufferedBytes: Bool { !buffer.isEmpty }

    /// Whether more has arrived than was used.
    var hasBytes: Bool { hasBufferedBytes || stream.hasBytes }

    /// The next piece of the body; nil at its end.
    func bodyPiece(deadline: MonotonicTime) async throws(BodyError) -> ByteSlice? {
        while true {
            switch framing {
            case .none:
                return nil
            case .length(let left):
                if let piece = take(left) { return piece }
            case .chunked(var decoder):
                let step = try step(&decoder)
                framing = step == .end ? .none : .chunked(decoder)
                if case .data(let piece) = step { return piece }
                if step == .end { return nil }
            case .untilClose:
                if let piece = take(.max) { return piece }
            }
            guard await receive(deadline: deadline) == .received else {
                guard case .untilClose = framing else {
                    isBroken = true
                    throw .incomplete
                }
                framing = .none
                return nil
            }
        }
    }

    private func take(_ left: Int) -> ByteSlice? {
        guard !buffer.isEmpty else { return nil }
        let piece = buffer.prefix(left)
        buffer = buffer.dropFirst(piece.count)
        if case .length = framing {
            framing = piece.count == left ? .none : .length(left: left - piece.count)
        }
        return piece
    }

    private func step(_ decoder: inout ChunkedDecoder) throws(BodyError) -> ChunkedDecoder.Step {
        do throws(ParseError) { return try decoder.next(from: &buffer) } catch {
            isBroken = true
            throw .malformed(error)
        }
    }

    /// The whole body, at most `limit` bytes.
    ///
    /// - Parameters:
    ///   - stall: how long it may stand still between two pieces.
    ///   - deadline: when the last piece must have come; nil for no such bound.
    func body(
        upTo limit: Int, stall: Duration, deadline: MonotonicTime? = nil
    ) async throws(BodyError) -> ByteSlice {
        if let rest = declaredRest, rest > limit { throw .tooLarge }
        var collected: ByteSlice = []
        while let piece = try await bodyPiece(
            deadline: min(reactor.now + stall.nanoseconds, deadline ?? .max))
        {
            guard collected.count + piece.count <= limit else { throw .tooLarge }
            // The usual body is one piece and stays a slice of what arrived.
            if collected.isEmpty { collected = piece } else { collected.append(contentsOf: piece) }
        }
        return collected
    }

    /// The whole body if all of it has arrived already; nil otherwise, and nothing is taken.
    func arrivedBody() -> ByteSlice? {
        switch framing {
        case .none: return []
        case .length(let left): return buffer.count >= left ? take(left) : nil
        case .untilClose: return nil
        case .chunked(var decoder):
            var (rest, body) = (buffer, ByteSlice())
            while let step = try? decoder.next(from: &rest) {
                switch step {
                case .data(let piece):
                    if body.isEmpty { body = piece } else { body.append(contentsOf: piece) }
                case .end:
                    (buffer, framing) = (rest, .none)
                    return body
                case .needsMore: return nil
                }
            }
            return nil
        }
    }

    /// Reads and drops the rest of the body.
    ///
    /// - Returns: whether its end came within `limit` bytes.
    func discardBody(upTo limit: Int, stall: Duration) async -> Bool {
        var dropped = 0
        while dropped <= limit {
            let deadline = reactor.now + stall.nanoseconds
            guard let piece = try? await bodyPiece(deadline: deadline) else {
                return isBodyComplete
            }
            dropped += piece.count
        }
        return false
    }

    // MARK: Bytes

    private enum Outcome { case received, timedOut, ended }

    private func receive(deadline: MonotonicTime?) async -> Outcome {
        do throws(StreamError) {
            let count = try await stream.read(appendingTo: &buffer, deadline: deadline)
            return count > 0 ? .received : .ended
        } catch .timedOut {
            return .timedOut
        } catch .interrupted where stream.hasBytes {
            // A stop: what has arrived already is still served.
            return await receive(deadline: deadline)
        } catch {
            return .ended
        }
    }

    /// Reads and drops bytes until the peer closes.
    func drain(upTo limit: Int, deadline: MonotonicTime) async {
        var dropped = 0
        while dropped < limit {
            buffer = []
            guard await receive(deadline: deadline) == .received else { return }
            dropped += buffer.count
        }
    }
}
