import Bytes
import TestSupport
import Testing

/// Several requests sent before the first answer.
@Suite(.timeLimit(.minutes(1))) struct PipelineTests {
    /// Bodies of both framings between requests without one.
    static let requests =
        "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n"
        + "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
        + "\r\nPUT /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "3;x=y\r\nwor\r\n2\r\nld\r\n0\r\nTrailer: t\r\n\r\n"
        + "POST /ignore HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
        + "GET /2 HTTP/1.1\r\nHost: h\r\n\r\n"
    static let answers = ["GET /1", "hello", "world", "ignored", "GET /2"]

    @Test func `pipelined requests are answered in order`() async throws {
        let server = try await WireServer()
        let client = try server.client()
        try client.send(Self.requests)
        for answer in Self.answers { #expect(try client.readResponse().text == answer) }
        #expect(
            server.log.all == ["GET /1", "POST /echo", "PUT /echo", "POST /ignore", "GET /2"])
    }

    @Test(arguments: 0..<4)
    func `a pipeline may be cut at every byte`(quarter: Int) async throws {
        let server = try await WireServer()
        let bytes = Array(Self.requests.utf8)
        for cut in stride(from: quarter, to: bytes.count, by: 4) {
            let client = try server.client()
            try client.send(Array(bytes[..<cut]))
            try server.settle()
            try client.send(Array(bytes[cut...]))
            for answer in Self.answers {
                try #require(try client.readResponse().text == answer, "cut at \(cut)")
            }
        }
    }

    @Test func `a pipeline may come byte by byte`() async throws {
        let server = try await WireServer()
        let client = try server.client()
        for byte in Self.requests.utf8 {
            try client.send([byte])
        }
        for answer in Self.answers { #expect(try client.readResponse().text == answer) }
    }

    @Test func `hundreds of pipelined posts keep their bodies apart`() async throws {
        let client = try await WireServer().client()
        let bodies = (0..<400).map { String(repeating: "\($0),", count: $0 % 50) }
        for body in bodies {
            try client.send(
                "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            )
        }
        for body in bodies { try #require(try client.readResponse().text == body) }
    }

    @Test func `a slow answer holds up the ones behind it and no other connection`() async throws {
        let server = try await WireServer()
        let client = try server.client()
        try client.send(
            "GET /held HTTP/1.1\r\nHost: h\r\n\r\nGET /after HTTP/1.1\r\nHost: h\r\n\r\n")
        try server.settle()
        #expect(server.log.all == ["GET /held"])
        await server.release()
        #expect(try client.readResponse().text == "GET /held")
        #expect(try client.readResponse().text == "GET /after")
    }
}
