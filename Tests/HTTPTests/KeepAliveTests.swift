import TestSupport
import Testing

/// One connection, request after request.
@Suite(.timeLimit(.minutes(1))) struct KeepAliveTests {
    @Test func `a connection answers one request after another`() async throws {
        let server = try await WireServer()
        let client = try server.client()
        for number in 1...3 {
            let answer = try client.request("GET", "/\(number)")
            #expect(answer.status == 200)
            #expect(answer.text == "GET /\(number)")
            #expect(answer["connection"] == nil)
        }
        #expect(await server.connectionCount == 1)
    }

    @Test(arguments: [
        ("HTTP/1.1", "Connection: close", true), ("HTTP/1.1", "Connection: Close", true),
        ("HTTP/1.1", "Connection: keep-alive, close", true),
        ("HTTP/1.1", "Connection: keep-alive", false), ("HTTP/1.1", "X: y", false),
        ("HTTP/1.0", "X: y", true), ("HTTP/1.0", "Connection: Keep-Alive", false),
        ("HTTP/1.0", "Connection: close", true),
    ])
    func `version and Connection decide whether the connection stays`(
        version: String, field: String, closes: Bool
    ) async throws {
        let server = try await WireServer()
        let client = try server.client()
        try client.send("GET /1 \(version)\r\nHost: h\r\n\(field)\r\n\r\n")
        let answer = try client.readResponse()
        #expect(answer.text == "GET /1")
        let said = answer["connection"]
        #expect(said == (closes ? "close" : version == "HTTP/1.0" ? "keep-alive" : nil))
        if closes {
            #expect(try client.readToEnd() == "")
        } else {
            #expect(try client.request("GET", "/2").text == "GET /2")
        }
    }

    @Test func `HTTP 1.0 needs no Host`() async throws {
        let client = try await WireServer().client()
        try client.send("GET /old HTTP/1.0\r\n\r\n")
        #expect(try client.readResponse().text == "GET /old")
    }

    @Test func `every answer carries a date and its length`() async throws {
        let answer = try await WireServer().client().request("GET", "/x")
        #expect(answer["date"]?.hasSuffix(" GMT") == true)
        #expect(answer["content-length"] == "6")
    }

    @Test func `HEAD tells the length of a body that it does not send`() async throws {
        let client = try await WireServer().client()
        let head = try client.request("HEAD", "/large/5000")
        #expect(head["content-length"] == "5000")
        // The next answer begins right after the head.
        #expect(try client.request("GET", "/next").text == "GET /next")
    }

    @Test func `an answer without content has no length`() async throws {
        let client = try await WireServer().client()
        let answer = try client.request("GET", "/empty")
        #expect(answer.status == 204)
        #expect(answer["content-length"] == nil)
        #expect(try client.request("GET", "/next").text == "GET /next")
    }

    @Test(arguments: [
        ("http://example.com:8080/a/b?c=d", "/a/b"), ("HTTP://example.com/a", "/a"),
        ("https://[::1]:1/a", "/a"), ("http://example.com", "/"), ("http://example.com?a", "/"),
        ("*", "*"),
    ])
    func `a target in absolute form is served by its path`(
        target: String, path: String
    ) async throws {
        let answer = try await WireServer().client().request("GET", target)
        #expect(answer.text == "GET \(path)")
    }

    @Test func `an upgrade to HTTP 2 is ignored`() async throws {
        let client = try await WireServer().client()
        try client.send(
            "GET /a HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\n"
                + "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n")
        let answer = try client.readResponse()
        #expect(answer.status == 200)
        #expect(answer["upgrade"] == nil)
        #expect(try client.request("GET", "/b").text == "GET /b")
    }

    @Test func `empty lines before a request are passed over, cut or whole`() async throws {
        let server = try await WireServer()
        let client = try server.client()
        try client.send("\r\n\r\nGET /1 HTTP/1.1\r\nHost: h\r\n\r\n\r")
        #expect(try client.readResponse().text == "GET /1")
        try server.settle()
        try client.send("\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(try client.readResponse().text == "GET /2")
    }

    // MARK: Half-closed peers

    @Test(arguments: [1, 2, 20])
    func `a peer that will send no more still gets its answers, then the end`(
        count: Int
    ) async throws {
        let client = try await WireServer().client()
        let request = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
        try client.send(String(repeating: request, count: count))
        client.shutdownWrite()
        for _ in 0..<count { #expect(try client.readResponse().text == "hello") }
        #expect(try client.readToEnd() == "")
    }

    @Test func `a peer that ends while its request is answered gets the answer`() async throws {
        let server = try await WireServer()
        let client = try server.client()
        try client.send("GET /held HTTP/1.1\r\nHost: h\r\n\r\n")
        client.shutdownWrite()
        try server.settle()
        await server.release()
        #expect(try client.readResponse().text == "GET /held")
        #expect(try client.readToEnd() == "")
    }

    @Test(arguments: [
        "GET / HTT", "GET / HTTP/1.1\r\nHost: h\r\n",
    ])
    func `a peer that ends within a head is closed without a word`(head: String) async throws {
        let server = try await WireServer()
        let client = try server.client()
        try client.send(head)
        client.shutdownWrite()
        #expect(try client.readToEnd() == "")
        #expect(server.log.all == [])
    }
}
