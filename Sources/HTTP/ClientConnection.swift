package import Bytes
package import Transport

/// A request to be sent.
package struct OutgoingRequest: Sendable {
    package var method: String
    /// Path and query, escaped.
    package var target: ByteSlice
    /// The `Host` field.
    package var host: String
    package var fields: [Response.Field]
    package var body: ByteSlice

    package init(
        method: String, target: ByteSlice, host: String, fields: [Response.Field] = [],
        body: ByteSlice = []
    ) {
        self.method = method
        self.target = target
        self.host = host
        self.fields = fields
        self.body = body
    }

    /// The whole request in one buffer.
    package var serialized: [UInt8] {
        var writer = RequestWriter(method: method, target: target, host: host)
        for field in fields { writer.add(field.name, field.value) }
        // A method that usually has a body tells that it has none (RFC 9110 §8.6).
        let isBodiless =
            body.isEmpty && ["GET", "HEAD", "DELETE", "OPTIONS", "TRACE"].contains(method)
        return writer.finished(with: body, framing: isBodiless ? .none : .length)
    }
}

/// An answer that arrived whole.
package struct IncomingResponse: Sendable {
    package let status: Int
    package let fields: Fields
    package let body: ByteSlice

    package init(status: Int, fields: Fields, body: ByteSlice) {
        self.status = status
        self.fields = fields
        self.body = body
    }
}

/// Why a request got no answer.
package enum ExchangeError: Error, Equatable {
    case cannotConnect(SystemError)
    /// The peer closed or reset the connection before its answer was whole.
    case disconnected
    case timedOut
    case malformed(ParseError)
    case tooLarge
    /// The request's own body gave out.
    case body(BodySourceError)
}

/// One connection to a server: requests one after another. Confined to its loop.
package final class ClientConnection {
    private let stream: ByteStream
    private let reader: MessageReader
    private let limits: HTTPLimits
    private let reactor: Reactor
    /// Whether another request may be sent.
    package private(set) var isReusable = true

    /// Connects to `address`.
    package init(
        to address: SocketAddress, limits: HTTPLimits, deadline: MonotonicTime, on reactor: Reactor
    ) async throws(ExchangeError) {
        do throws(SystemError) {
            stream = try await ByteStream.connect(to: address, deadline: deadline, on: reactor)
        } catch {
            throw .cannotConnect(error)
        }
        self.limits = limits
        self.reactor = reactor
        reader = MessageReader(stream: stream, reactor: reactor, limits: limits)
    }

    /// Sends `request` and reads its whole answer.
    ///
    /// - Parameter limit: bytes of the answer's body at most.
    package func send(
        _ request: OutgoingRequest, limit: Int, deadline: MonotonicTime
    ) async throws(ExchangeError) -> IncomingResponse {
        isReusable = false
        try await stream.send(request.serialized[...], limits)
        let head = try await reader.answerHead(isHEAD: request.method == "HEAD", deadline: deadline)
        let body = try await body(upTo: limit, deadline: deadline)
        isReusable = head.keepsAlive
        return IncomingResponse(status: head.status, fields: head.fields, body: body)
    }

    /// Sends `request`; its answer's body comes in pieces, as many as there are.
    package func open(
        _ request: OutgoingRequest, deadline: MonotonicTime
    ) async throws(ExchangeError) -> (status: Int, body: any BodySource) {
        isReusable = false
        try await stream.send(request.serialized[...], limits)
        let head = try await reader.answerHead(isHEAD: false, deadline: deadline)
        let body = MessageBody(
            reader, stream, limit: .max, stall: limits.stallTimeout, on: reactor)
        return (head.status, body)
    }

    /// Closes the connection.
    package func close() { stream.close() }

    private func body(
        upTo limit: Int, deadline: MonotonicTime
    ) async throws(ExchangeError) -> ByteSlice {
        do throws(BodyError) {
            return try await reader.body(
                upTo: limit, stall: limits.stallTimeout, deadline: deadline)
        } catch {
            switch error {
            case .tooLarge: throw .tooLarge
            case .malformed(let reason): throw .malformed(reason)
            case .incomplete: throw .disconnected
            }
        }
    }
}
