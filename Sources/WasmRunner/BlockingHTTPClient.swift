internal import Bytes
internal import HTTP
internal import Transport

/// A guest's HTTP client: one connection at a time, kept for the next request to the same place. No
/// redirects, no proxies: either would lead past the boundary. Lives on the guest's thread.
final class BlockingHTTPClient {
    private struct Place: Equatable {
        let host: String
        let port: UInt16
    }

    /// Bytes of a response body at most.
    static let maxBodySize = 64 << 20

    private let deadline: MonotonicTime
    private let limits = HTTPLimits(readBufferSize: 64 << 10)
    private var kept: (place: Place, socket: BlockingSocket)?

    init(deadline: MonotonicTime) { self.deadline = deadline }

    func send(
        _ request: OutgoingRequest, host: String, port: UInt16
    ) throws(ExchangeError) -> IncomingResponse {
        let place = Place(host: host, port: port)
        if let (known, socket) = kept, known == place, socket.isQuiet {
            kept = nil
            do throws(ExchangeError) {
                return try exchange(request, socket, place)
            } catch {
                // A kept connection that the server has closed meanwhile: once more on a new one,
                // if the request may be repeated.
                guard error == .disconnected, ["GET", "HEAD", "OPTIONS"].contains(request.method)
                else { throw error }
            }
        }
        return try exchange(request, try connect(place), place)
    }

    private func connect(_ place: Place) throws(ExchangeError) -> BlockingSocket {
        let host = place.host
        var failure = SystemError("connect", code: 111)
        for address in Resolver.resolveBlocking(host, port: place.port) {
            do throws(SystemError) {
                return try BlockingSocket(to: address, deadline: deadline)
            } catch {
                failure = error
            }
        }
        throw .cannotConnect(failure)
    }

    private func exchange(
        _ request: OutgoingRequest, _ socket: BlockingSocket, _ place: Place
    ) throws(ExchangeError) -> IncomingResponse {
        try call { () throws(StreamError) in
            try socket.send(request.serialized[...], deadline: deadline)
        }
        var buffer: ByteSlice = []
        let head = try head(&buffer, socket, isHEAD: request.method == "HEAD")
        buffer = buffer.dropFirst(head.byteCount)
        let body = try body(head.framing, &buffer, socket)
        if head.keepsAlive, buffer.isEmpty { kept = (place, socket) }
        return IncomingResponse(status: head.status, fields: head.fields, body: body)
    }

    private func head(
        _ buffer: inout ByteSlice, _ socket: BlockingSocket, isHEAD: Bool
    ) throws(ExchangeError) -> ResponseHead {
        while true {
            let head: ResponseHead?
            do throws(ParseError) {
                head = try ResponseParser.parse(buffer, isHEAD: isHEAD, limits: limits)
            } catch {
                throw .malformed(error)
            }
            if let head, head.status >= 200 { return head }
            if let head {
                buffer = buffer.dropFirst(head.byteCount)
            } else if try receive(&buffer, socket) == 0 {
                throw .disconnected
            }
        }
    }

    private func body(
        _ framing: ResponseHead.Framing, _ buffer: inout ByteSlice, _ socket: BlockingSocket
    ) throws(ExchangeError) -> ByteSlice {
        switch framing {
        case .none: return []
        case .length(let count): return try body(of: count, &buffer, socket)
        case .chunked: return try chunkedBody(&buffer, socket)
        case .untilClose:
            while try receive(&buffer, socket) > 0 {
                guard buffer.count <= Self.maxBodySize else { throw .tooLarge }
            }
            defer { buffer = [] }
            return buffer
        }
    }

    private func body(
        of count: Int, _ buffer: inout ByteSlice, _ socket: BlockingSocket
    ) throws(ExchangeError) -> ByteSlice {
        guard count <= Self.maxBodySize else { throw .tooLarge }
        while buffer.count < count {
            guard try receive(&buffer, socket) > 0 else { throw .disconnected }
        }
        defer { buffer = buffer.dropFirst(count) }
        return buffer.prefix(count)
    }

    private func chunkedBody(
        _ buffer: inout ByteSlice, _ socket: BlockingSocket
    ) throws(ExchangeError) -> ByteSlice {
        var decoder = ChunkedDecoder(limits: limits)
        var body: ByteSlice = []
        while true {
            let step: ChunkedDecoder.Step
            do throws(ParseError) { step = try decoder.next(from: &buffer) } catch {
                throw .malformed(error)
            }
            switch step {
            case .end: return body
            case .data(let piece):
                body.append(contentsOf: piece)
                guard body.count <= Self.maxBodySize else { throw .tooLarge }
            case .needsMore:
                guard try receive(&buffer, socket) > 0 else { throw .disconnected }
            }
        }
    }

    private func receive(
        _ buffer: inout ByteSlice, _ socket: BlockingSocket
    ) throws(ExchangeError) -> Int {
        try call { () throws(StreamError) in
            try socket.receive(appendingTo: &buffer, deadline: deadline)
        }
    }

    private func call<R>(_ body: () throws(StreamError) -> R) throws(ExchangeError) -> R {
        do throws(StreamError) { return try body() } catch {
            throw error == .timedOut ? .timedOut : .disconnected
        }
    }
}
