package import Bytes
package import Transport

/// A request as a handler sees it: its head, and a body that is read when somebody asks for it.
package struct Request {
    package let head: RequestHead
    package let body: RequestBody
}

/// The body of one request. Reading its first byte sends `100 Continue` to a peer that waits for it.
///
/// Confined to the connection's loop; useless after the handler has answered.
package final class RequestBody {
    private let reader: MessageReader
    private let stream: ByteStream
    private let reactor: Reactor
    private let limits: HTTPLimits
    private var pendingContinue: (() async -> Void)?

    init(
        reader: MessageReader, stream: ByteStream, reactor: Reactor, limits: HTTPLimits,
        sendContinue: (() async -> Void)?
    ) {
        self.reader = reader
        self.stream = stream
        self.reactor = reactor
        self.limits = limits
        pendingContinue = sendContinue
    }

    /// Whether the peer was never told to send the body.
    var isAwaitingContinue: Bool { pendingContinue != nil && !reader.isBodyComplete }

    /// The whole body, at most `limit` bytes.
    package func collect(upTo limit: Int) async throws(BodyError) -> ByteSlice {
        if reader.isBodyComplete { return [] }
        if let rest = reader.declaredRest, rest > limit { throw .tooLarge }
        await prepare()
        return try await reader.body(upTo: limit, stall: limits.stallTimeout)
    }

    /// How many bytes are still to come, nil when only the end will tell.
    package var remaining: Int? { reader.declaredRest }

    /// Whether all of it has been read.
    package var isComplete: Bool { reader.isBodyComplete }

    /// The body in pieces, at most `limit` bytes.
    package func source(upTo limit: Int) async -> any BodySource {
        await prepare()
        return MessageBody(
            reader, stream, limit: limit, stall: limits.stallTimeout, on: reactor)
    }

    /// Whether the peer has gone meanwhile, as far as that shows before its next request.
    package var isCallerGone: Bool { stream.isClosedByPeer }

    private func prepare() async {
        guard let send = pendingContinue else { return }
        pendingContinue = nil
        // RFC 9110 §10.1.1: no need for it when the body is already on its way.
        if !reader.hasBufferedBytes { await send() }
    }
}
