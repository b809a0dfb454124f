import Bytes
import HTTP
import TestSupport
import Testing

/// Bodies by length and by chunks, asked for and not.
@Suite(.timeLimit(.minutes(1))) struct BodyTests {
    struct Body: CustomTestStringConvertible {
        let testDescription: String
        let wire: String
        let text: String
    }

    static let bodies = [
        Body(testDescription: "length", wire: "Content-Length: 5\r\n\r\nhello", text: "hello"),
        Body(testDescription: "length 0", wire: "Content-Length: 0\r\n\r\n", text: ""),
        Body(
            testDescription: "the same length twice",
            wire: "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok", text: "ok"),
        Body(
            testDescription: "length with zeros", wire: "Content-Length: 002\r\n\r\nok", text: "ok"),
        Body(testDescription: "none", wire: "\r\n", text: ""),
        Body(
            testDescription: "one chunk",
            wire: "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", text: "hello"),
        Body(
            testDescription: "coding in capitals",
            wire: "TRANSFER-ENCODING: Chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", text: "ok"),
        Body(
            testDescription: "sizes in both cases, with zeros",
            wire:
                "Transfer-Encoding: chunked\r\n\r\n00a\r\n0123456789\r\nA\r\n0123456789\r\n000\r\n\r\n",
            text: "01234567890123456789"),
        Body(
            testDescription: "extensions",
            wire: "Transfer-Encoding: chunked\r\n\r\n2;a=b;c=\"d\"\r\nok\r\n0;z\r\n\r\n", text: "ok"
        ),
        Body(
            testDescription: "trailers",
            wire: "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nA: b\r\nC:\r\n\r\n",
            text: "ok"),
        Body(
            testDescription: "a body that looks like a request",
            wire: "Content-Length: 18\r\n\r\nGET /x HTTP/1.1\r\n\r", text: "GET /x HTTP/1.1\r\n\r"),
    ]

    @Test(arguments: bodies)
    func `a body is read by its framing, to its last byte and no further`(
        body: Body
    ) async throws {
        let client = try await WireServer().client()
        try client.send("POST /echo HTTP/1.1\r\nHost: h\r\n\(body.wire)")
        let answer = try client.readResponse()
        #expect(answer.status == 200)
        #expect(answer.text == body.text)
        #expect(try client.request("GET", "/next").text == "GET /next")
    }

    @Test(arguments: bodies)
    func `a body that nobody reads is passed over`(body: Body) async throws {
        let client = try await WireServer().client()
        try client.send("POST /ignore HTTP/1.1\r\nHost: h\r\n\(body.wire)")
        #expect(try client.readResponse().text == "ignored")
        #expect(try client.request("GET", "/next").text == "GET /next")
    }

    @Test func `a body of many reads arrives whole`() async throws {
        let client = try await WireServer().client()
        let body = String((0..<300_000).map { Character(UnicodeScalar(UInt8(97 + $0 % 26))) })
        #expect(try client.request("POST", "/echo", body: body).text == body)
    }

    @Test(arguments: [(1 << 20, 200), (1 << 20 | 1, 400)])
    func `a body is taken at the caller's bound and refused one byte past it`(
        count: Int, status: Int
    ) async throws {
        let client = try await WireServer().client()
        let body = String(repeating: "a", count: count)
        #expect(try client.request("POST", "/echo", body: body).status == status)
    }

    @Test(arguments: [(1 << 20, 200), (1 << 20 | 1, 400)])
    func `a chunked body is bound as one of known length is`(
        count: Int, status: Int
    ) async throws {
        let client = try await WireServer().client()
        try client.send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
        let half = count / 2
        for size in [half, count - half] {
            try client.send(
                String(size, radix: 16) + "\r\n" + String(repeating: "a", count: size) + "\r\n")
        }
        try client.send("0\r\n\r\n")
        #expect(try client.readResponse().status == status)
    }

    // MARK: Bodies that nobody reads, spec/runtime.md §16

    @Test(arguments: [(256 << 10, false), (256 << 10 | 1, true)])
    func `an unread body keeps the connection up to 256 KiB`(
        count: Int, closes: Bool
    ) async throws {
        let client = try await WireServer().client()
        let answer = try client.request(
            "POST", "/ignore", body: String(repeating: "a", count: count))
        #expect(answer.text == "ignored")
        #expect((answer["connection"] == "close") == closes)
        if closes {
            #expect(try client.readToEnd() == "")
        } else {
            #expect(try client.request("GET", "/next").text == "GET /next")
        }
    }

    @Test func `an answer given before a large body ended is not lost by a reset`() async throws {
        let client = try await WireServer().client()
        let size = 8 << 20
        try client.send("POST /ignore HTTP/1.1\r\nHost: h\r\nContent-Length: \(size)\r\n\r\n")
        let piece = [UInt8](repeating: 0x61, count: 1 << 20)
        for _ in 0..<8 { try client.send(piece) }
        #expect(try client.readResponse().text == "ignored")
        #expect(try client.readToEnd() == "")
    }

    @Test func `an unread chunked body past the bound ends the connection`() async throws {
        let server = try await WireServer()
        let client = try server.client()
        let size = 300 << 10
        try client.send(
            "POST /ignore HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                + String(size, radix: 16) + "\r\n" + String(repeating: "a", count: size)
                + "\r\n0\r\n\r\nGET /never HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(try client.readResponse().text == "ignored")
        #expect(try client.readToEnd() == "")
        #expect(server.log.all == ["POST /ignore"])
    }

    // MARK: Expect: 100-continue, RFC 9110 §10.1.1

    private func waiting(_ path: String) -> String {
        "POST \(path) HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-Continue\r\n\r\n"
    }

    @Test func `a peer that waits to be asked for its body is asked`() async throws {
        let client = try await WireServer().client()
        try client.send(waiting("/echo"))
        #expect(try client.readResponse().status == 100)
        try client.send("hello")
        #expect(try client.readResponse().text == "hello")
        #expect(try client.request("GET", "/next").text == "GET /next")
    }

    @Test func `a peer that does not wait is not asked`() async throws {
        let client = try await WireServer().client()
        try client.send(waiting("/echo") + "hello")
        let answer = try client.readResponse()
        #expect(answer.status == 200)
        #expect(answer.text == "hello")
        #expect(try client.request("GET", "/next").text == "GET /next")
    }

    @Test func `a body that nobody wants is not asked for, and the connection ends`() async throws {
        let client = try await WireServer().client()
        try client.send(waiting("/ignore"))
        let answer = try client.readResponse()
        #expect(answer.status == 200)
        #expect(answer["connection"] == "close")
        #expect(try client.readToEnd() == "")
    }

    @Test func `a body past the bound is refused before it is asked for`() async throws {
        let client = try await WireServer().client()
        try client.send(
            "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999\r\n"
                + "Expect: 100-continue\r\n\r\n")
        let answer = try client.readResponse()
        #expect(answer.status == 400)
        #expect(answer["connection"] == "close")
    }

    @Test func `HTTP 1.0 knows no interim answers`() async throws {
        let client = try await WireServer().client()
        try client.send(
            "POST /echo HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        try client.send("hello")
        #expect(try client.readResponse().text == "hello")
    }

    @Test func `a request without a body is not asked for one`() async throws {
        let client = try await WireServer().client()
        let answer = try client.request(
            "GET", "/echo", headers: [("Expect", "100-continue")])
        #expect(answer.status == 200)
        #expect(try client.request("GET", "/next").text == "GET /next")
    }

    // MARK: Bodies that stop

    @Test(arguments: [
        "Content-Length: 5\r\n\r\nhel", "Transfer-Encoding: chunked\r\n\r\n5\r\nhel",
        "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
        "Transfer-Encoding: chunked\r\n\r\n",
    ])
    func `a body cut off by its peer is told as such, and the connection ends`(
        rest: String
    ) async throws {
        let client = try await WireServer().client()
        try client.send("POST /echo HTTP/1.1\r\nHost: h\r\n\(rest)")
        client.shutdownWrite()
        let answer = try client.readResponse()
        #expect(answer.text == "incomplete")
        #expect(answer["connection"] == "close")
        #expect(try client.readToEnd() == "")
    }

    @Test func `a body that stands still too long is given up`() async throws {
        var limits = HTTPLimits()
        limits.stallTimeout = .milliseconds(50)
        let client = try await WireServer(limits: limits).client()
        try client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhel")
        #expect(try client.readResponse().text == "incomplete")
        #expect(try client.readToEnd() == "")
    }
}
