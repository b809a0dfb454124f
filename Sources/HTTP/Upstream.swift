package import Bytes
package import Transport

/// An answer of another server whose head has come.
package struct UpstreamResponse {
    package let status: Int
    package let fields: Fields
    package let body: Body

    package enum Body {
        /// All of it came with the head; the connection is free again.
        case bytes(ByteSlice)
        case stream(any BodySource)
    }
}

/// What is sent as a request's body.
package enum OutgoingBody {
    case bytes(ByteSlice)
    case stream(any BodySource)
}

/// One server that requests are sent to, over connections that are kept and used again.
///
/// Confined to its loop.
package final class Upstream {
    private let host: String
    private let port: UInt16
    private let limits: HTTPLimits
    private let loop: EventLoop
    private var idle: [UpstreamConnection] = []
    private var open = 0
    private var isClosed = false

    /// Connections kept open without a request at most.
    package static let idleConnections = 64
    /// How long a server may take to accept a connection.
    package static let connectTimeout = Duration.seconds(30)

    package init(host: String, port: UInt16, limits: HTTPLimits, on loop: EventLoop) {
        self.host = host
        self.port = port
        self.limits = limits
        self.loop = loop
    }

    private var reactor: Reactor { loop.reactor }

    /// Sends a request; returns when the head of its answer has come.
    ///
    /// A kept connection that the server has closed meanwhile is noticed and replaced: the request is
    /// sent again when none of its answer came and its method says that this does no harm.
    ///
    /// - Parameters:
    ///   - writer: the head, without framing.
    ///   - framing: of a body that is there whole.
    ///   - deadline: when the answer's head must have come; nil for no bound.
    package func exchange(
        _ writer: consuming RequestWriter, body: OutgoingBody, framing: RequestWriter.Framing,
        isHEAD: Bool,
        isIdempotent: Bool, deadline: MonotonicTime?
    ) async throws(ExchangeError) -> UpstreamResponse {
        let message = writer.finished(with: body, framing: framing)
        while true {
            let (connection, isFresh) = try await connection(deadline: deadline)
            do throws(ExchangeError) {
                return try await connection.exchange(
                    message, upload: body.stream, isHEAD: isHEAD, deadline: deadline)
            } catch .disconnected where !isFresh && isIdempotent && body.isResendable {
                continue
            }
        }
    }

    private func connection(
        deadline: MonotonicTime?
    ) async throws(ExchangeError) -> (UpstreamConnection, isFresh: Bool) {
        while let kept = idle.popLast() {
            if kept.isAlive { return (kept, false) }
            kept.close()
        }
        let limit = reactor.now + Self.connectTimeout.nanoseconds
        return (try await connect(until: min(limit, deadline ?? .max)), true)
    }

    private func connect(
        until deadline: MonotonicTime
    ) async throws(ExchangeError) -> UpstreamConnection {
        var failure = SystemError("getaddrinfo", code: unknownHost)
        let addresses = await Resolver.resolve(host, port: port, until: deadline, on: reactor)
        for address in addresses {
            do throws(SystemError) {
                let stream = try await ByteStream.connect(
                    to: address, deadline: deadline, on: reactor)
                return UpstreamConnection(stream, limits: limits, on: loop) { [weak self] in
                    self?.take(back: $0)
                }
            } catch {
                // The first address is the one that people mean.
                if address == addresses.first { failure = error }
            }
        }
        throw .cannotConnect(failure)
    }

    private func take(back connection: UpstreamConnection) {
        guard !isClosed, idle.count < Self.idleConnections else { return connection.close() }
        idle.append(connection)
    }

    /// Closes what is idle; connections in use are closed after their answers.
    package func close() {
        isClosed = true
        for connection in idle { connection.close() }
        idle = []
    }
}

extension OutgoingBody {
    fileprivate var isResendable: Bool { stream == nil }

    /// What is still coming; nil when all of it is there.
    fileprivate var stream: (any BodySource)? {
        if case .stream(let source) = self { source } else { nil }
    }
}

extension RequestWriter {
    /// What can be sent at once: the head, with a body that is there whole.
    fileprivate consuming func finished(with body: OutgoingBody, framing: Framing) -> [UInt8] {
        switch body {
        case .bytes(let bytes): finished(with: bytes, framing: framing)
        case .stream(let source): finished(streaming: source.remaining)
        }
    }
}

/// ENOENT: what "no such host" comes as.
private let unknownHost: Int32 = 2
