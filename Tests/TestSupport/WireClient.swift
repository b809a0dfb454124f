internal import Bytes
package import Transport

/// A raw connection: exactly these bytes out, whatever comes in.
package final class WireClient {
    private let socket: BlockingSocket
    private var buffer: ByteSlice = []
    /// Of each call anew: a test may be kept waiting for its turn between two.
    private static var deadline: MonotonicTime { Deadline.after(.seconds(60)) }
    /// Lives as long as the connection: a server in this process.
    private let peer: AnyObject?

    package init(port: UInt16) throws {
        socket = try BlockingSocket(to: .loopback(port: port), deadline: Self.deadline)
        peer = nil
    }

    package init(to address: SocketAddress, of peer: AnyObject? = nil) throws {
        self.peer = peer
        socket = try BlockingSocket(to: address, deadline: Self.deadline)
    }

    package func send(_ text: String) throws { try send(Array(text.utf8)) }

    package func send(_ bytes: [UInt8]) throws {
        try socket.send(bytes[...], deadline: Self.deadline)
    }

    /// Tells the server that no more bytes will come.
    package func shutdownWrite() { socket.shutdownWrite() }

    /// Everything until the server closes. A reset counts as the end.
    package func readToEnd() throws -> String {
        while true {
            do throws(StreamError) {
                if try socket.receive(appendingTo: &buffer, deadline: Self.deadline) == 0 { break }
            } catch .disconnected { break } catch { throw error }
        }
        defer { buffer = [] }
        return String(text: buffer)
    }

    /// What comes until `text` has come, it included: of a stream that does not end.
    package func read(until text: String) throws -> String {
        let wanted = Array(text.utf8)
        while true {
            let bytes = Array(buffer)
            if let range = bytes.firstRange(of: wanted) {
                buffer = bytes[range.upperBound...]
                return String(text: bytes[..<range.upperBound])
            }
            try more()
        }
    }

    /// The next answer: head and the body its Content-Length or chunks tell.
    package func readResponse(isHEAD: Bool = false) throws -> WireResponse {
        let head = try readHead()
        var response = WireResponse(head: head)
        let isBodiless =
            isHEAD || response.status == 204 || response.status == 304
            || response.status < 200
        if isBodiless { return response }
        if response["transfer-encoding"] == "chunked" {
            response.body = try readChunks()
        } else if let length = response["content-length"].flatMap({ Int($0) }) {
            response.body = try read(count: length)
        } else {
            response.body = Array(try readToEnd().utf8)
        }
        return response
    }

    private func readHead() throws -> String {
        let end = Array("\r\n\r\n".utf8)
        while true {
            let bytes = Array(buffer)
            if bytes.count >= 4,
                let index = (0...(bytes.count - 4)).first(where: {
                    Array(bytes[$0..<$0 + 4]) == end
                })
            {
                buffer = bytes[(index + 4)...]
                return String(text: bytes[..<index])
            }
            try more()
        }
    }

    private func read(count: Int) throws -> [UInt8] {
        while buffer.count < count { try more() }
        defer { buffer = buffer.dropFirst(count) }
        return Array(buffer.prefix(count))
    }

    private func readChunks() throws -> [UInt8] {
        var body: [UInt8] = []
        while true {
            let size = Int(try readLine(), radix: 16) ?? 0
            body += try read(count: size)
            _ = try readLine()
            if size == 0 { return body }
        }
    }

    private func readLine() throws -> String {
        while true {
            if let end = buffer.firstIndex(of: 0x0A) {
                defer { buffer = buffer[(end + 1)...] }
                return String(text: buffer[..<end]).trimmingSuffix("\r")
            }
            try more()
        }
    }

    private func more() throws {
        guard try socket.receive(appendingTo: &buffer, deadline: Self.deadline) > 0 else {
            throw Deadline.Passed(
                description: "the server closed after: \(String(text: buffer))")
        }
    }
}

extension String {
    fileprivate func trimmingSuffix(_ suffix: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
    }
}

/// An answer as it came over the wire.
package struct WireResponse: Sendable {
    package let status: Int
    /// In the order and spelling of the wire.
    package let fields: [(name: String, value: String)]
    package var body: [UInt8] = []

    init(head: String) {
        let lines = head.components("\r\n")
        status = Int(lines[0].split(separator: " ").dropFirst().first ?? "") ?? 0
        fields = lines.dropFirst().map { line in
            let name = line.prefix { $0 != ":" }
            return (String(name), String(line.dropFirst(name.count + 1).drop { $0 == " " }))
        }
    }

    /// The first value of a field, its name compared without case.
    package subscript(name: String) -> String? {
        fields.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    package var text: String { String(text: body) }
}

extension String {
    fileprivate func components(_ separator: String) -> [String] {
        split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }
}

extension WireClient {
    /// One request with its framing made here, and its answer.
    package func request(
        _ method: String, _ target: String, headers: [(String, String)] = [], body: String? = nil
    ) throws -> WireResponse {
        var head = "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if let body { head += "Content-Length: \(body.utf8.count)\r\n" }
        try send(head + "\r\n" + (body ?? ""))
        return try readResponse(isHEAD: method == "HEAD")
    }
}
