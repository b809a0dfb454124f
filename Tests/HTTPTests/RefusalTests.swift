import Bytes
import HTTP
import TestSupport
import Testing

/// What is refused on the wire: one answer, then the end, and nothing that stood behind it is served.
@Suite(.timeLimit(.minutes(1))) struct RefusalTests {
    /// Bytes that are no request, or whose body cannot be told from what follows.
    struct Attack: CustomTestStringConvertible {
        let testDescription: String
        let status: Int
        let bytes: String

        init(_ name: String, _ status: Int, _ bytes: String) {
            testDescription = name
            self.status = status
            self.bytes = bytes
        }

        /// A post with these field lines, whose body a lenient server might see in two ways.
        static func fields(_ name: String, _ status: Int, _ lines: String) -> Attack {
            Attack(
                name, status,
                "POST /echo HTTP/1.1\r\nHost: h\r\n\(lines)\r\n\r\n0\r\n\r\n")
        }

        /// A chunked post with this body.
        static func chunks(_ name: String, _ body: String) -> Attack {
            Attack(
                name, 400,
                "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n\(body)")
        }
    }

    static let smuggled = "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"

    static let lengthsAndCodings: [Attack] = [
        .fields("CL.TE", 400, "Content-Length: 5\r\nTransfer-Encoding: chunked"),
        .fields("TE.CL", 400, "Transfer-Encoding: chunked\r\nContent-Length: 5"),
        .fields("TE.CL of 0", 400, "Transfer-Encoding: chunked\r\nContent-Length: 0"),
        .fields("CL.TE in capitals", 400, "CONTENT-LENGTH: 5\r\nTRANSFER-ENCODING: CHUNKED"),
        .fields("CL with an unknown TE", 400, "Content-Length: 5\r\nTransfer-Encoding: x"),
        .fields("CL+CL", 400, "Content-Length: 5\r\nContent-Length: 0"),
        .fields("CL+CL in one line", 400, "Content-Length: 5, 5"),
        .fields("CL with a sign", 400, "Content-Length: +5"),
        .fields("CL below zero", 400, "Content-Length: -5"),
        .fields("CL in hexadecimal", 400, "Content-Length: 0x5"),
        .fields("CL with an exponent", 400, "Content-Length: 5e0"),
        .fields("CL with a fraction", 400, "Content-Length: 5.0"),
        .fields("CL with a blank inside", 400, "Content-Length: 5 5"),
        .fields("CL with an underscore", 400, "Content-Length: 1_0"),
        .fields("CL in other digits", 400, "Content-Length: \u{0665}"),
        .fields("CL without value", 400, "Content-Length:"),
        .fields("CL past 64 bits", 400, "Content-Length: 18446744073709551621"),
        .fields("CL past 63 bits", 400, "Content-Length: 9223372036854775808"),
        .fields("TE twice", 501, "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
        .fields("TE.TE", 501, "Transfer-Encoding: chunked\r\nTransfer-Encoding: cow"),
        .fields(
            "TE.TE, the other first", 501, "Transfer-Encoding: cow\r\nTransfer-encoding: chunked"),
        .fields("TE list", 501, "Transfer-Encoding: identity, chunked"),
        .fields("TE list, chunked not last", 501, "Transfer-Encoding: chunked, identity"),
        .fields("TE that begins with chunked", 501, "Transfer-Encoding: chunkedx"),
        .fields("TE that ends with chunked", 501, "Transfer-Encoding: xchunked"),
        .fields("TE in quotes", 501, "Transfer-Encoding: \"chunked\""),
        .fields("TE with a parameter", 501, "Transfer-Encoding: chunked;q=1"),
        .fields("TE with a comma", 501, "Transfer-Encoding: chunked,"),
        .fields("TE without value", 501, "Transfer-Encoding:"),
        .fields("TE identity", 501, "Transfer-Encoding: identity"),
        .fields("TE gzip", 501, "Transfer-Encoding: gzip"),
        .fields("TE with a vertical tab", 400, "Transfer-Encoding:\u{B}chunked"),
        .fields("TE with a NUL", 400, "Transfer-Encoding: chunked\0"),
        .fields("TE with a blank before the colon", 400, "Transfer-Encoding : chunked"),
        .fields("TE with a tab before the colon", 400, "Transfer-Encoding\t: chunked"),
        .fields("TE with a NUL in its name", 400, "Transfer-Encoding\0: chunked"),
        .fields("TE with a letter past ASCII", 400, "Transfer-Encod\u{131}ng: chunked"),
        .fields("TE after a folded line", 400, "X: y\r\n Transfer-Encoding: chunked"),
        .fields("TE whose value is folded", 400, "Transfer-Encoding:\r\n chunked"),
        .fields("TE whose name is cut", 400, "Transfer-Encoding\r\n: chunked"),
        .fields("TE behind a bare LF", 400, "X: y\nTransfer-Encoding: chunked"),
        .fields("TE behind a bare CR", 400, "X: y\rTransfer-Encoding: chunked"),
        .fields("TE behind two CRs", 400, "X: y\r\r\nTransfer-Encoding: chunked"),
        .fields("TE behind a colon", 400, ":\r\nTransfer-Encoding: chunked"),
        .fields("CL behind a bare LF", 400, "X: y\nContent-Length: 5"),
        Attack(
            "TE in HTTP/1.0", 400,
            "POST /echo HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ]

    static let heads: [Attack] = [
        Attack("bare LF everywhere", 400, "GET /a HTTP/1.1\nHost: h\n\n"),
        Attack("bare LF after the request line", 400, "GET /a HTTP/1.1\nHost: h\r\n\r\n"),
        Attack("bare LF as empty line", 400, "GET /a HTTP/1.1\r\nHost: h\r\n\n"),
        Attack("bare CR in the request line", 400, "GET /a\rb HTTP/1.1\r\nHost: h\r\n\r\n"),
        Attack("bare CR as line end", 400, "GET /a HTTP/1.1\rHost: h\r\n\r\n"),
        Attack("NUL in the target", 400, "GET /a\0b HTTP/1.1\r\nHost: h\r\n\r\n"),
        Attack("NUL in a value", 400, "GET /a HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n"),
        Attack("DEL in a value", 400, "GET /a HTTP/1.1\r\nHost: h\r\nX: a\u{7F}b\r\n\r\n"),
        Attack("folded line", 400, "GET /a HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n"),
        Attack("folded first line", 400, "GET /a HTTP/1.1\r\n Host: h\r\n\r\n"),
        Attack("line folded by a tab", 400, "GET /a HTTP/1.1\r\nHost: h\r\nX: a\r\n\tb\r\n\r\n"),
        Attack("blank before the colon", 400, "GET /a HTTP/1.1\r\nHost : h\r\n\r\n"),
        Attack("no colon", 400, "GET /a HTTP/1.1\r\nHost: h\r\nX\r\n\r\n"),
        Attack("no name", 400, "GET /a HTTP/1.1\r\nHost: h\r\n: x\r\n\r\n"),
        Attack("blank in a name", 400, "GET /a HTTP/1.1\r\nHost: h\r\nX Y: z\r\n\r\n"),
        Attack("name that is no token", 400, "GET /a HTTP/1.1\r\nHost: h\r\nX@: y\r\n\r\n"),
        Attack("no Host", 400, "GET /a HTTP/1.1\r\n\r\n"),
        Attack("two Hosts", 400, "GET /a HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n"),
        Attack("no version", 400, "GET /a\r\nHost: h\r\n\r\n"),
        Attack("no target", 400, "GET HTTP/1.1\r\nHost: h\r\n\r\n"),
        Attack("two blanks", 400, "GET  /a HTTP/1.1\r\nHost: h\r\n\r\n"),
        Attack("blank in the target", 400, "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n"),
        Attack("blank behind the version", 400, "GET /a HTTP/1.1 \r\nHost: h\r\n\r\n"),
        Attack("method that is no token", 400, "GE(T /a HTTP/1.1\r\nHost: h\r\n\r\n"),
        Attack("relative target", 400, "GET a HTTP/1.1\r\nHost: h\r\n\r\n"),
        Attack("target of another scheme", 400, "GET ftp://h/a HTTP/1.1\r\nHost: h\r\n\r\n"),
        Attack("escape cut short", 400, "GET /%4 HTTP/1.1\r\nHost: h\r\n\r\n"),
        Attack("escape that is none", 400, "GET /%4g HTTP/1.1\r\nHost: h\r\n\r\n"),
        Attack("version in small letters", 400, "GET /a http/1.1\r\nHost: h\r\n\r\n"),
        Attack("version 1.10", 400, "GET /a HTTP/1.10\r\nHost: h\r\n\r\n"),
        Attack("version 2.0", 505, "GET /a HTTP/2.0\r\nHost: h\r\n\r\n"),
        Attack("preface of HTTP/2", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        Attack("a TLS greeting", 400, "\u{16}\u{3}\u{1}\0\u{5}"),
        Attack("unknown expectation", 417, "GET /a HTTP/1.1\r\nHost: h\r\nExpect: more\r\n\r\n"),
        Attack(
            "a line of 9000 bytes", 431,
            "GET /\(String(repeating: "a", count: 9000)) HTTP/1.1\r\nHost: h\r\n\r\n"),
        Attack("9000 bytes without a line", 431, String(repeating: "A", count: 9000)),
        Attack(
            "257 fields", 431,
            "GET /a HTTP/1.1\r\nHost: h\r\n\(String(repeating: "a:\r\n", count: 256))\r\n"),
    ]

    static let chunks: [Attack] = [
        .chunks("no size", "\r\nhello\r\n0\r\n\r\n"),
        .chunks("size that is no number", "x\r\nhello\r\n0\r\n\r\n"),
        .chunks("size with a prefix", "0x5\r\nhello\r\n0\r\n\r\n"),
        .chunks("size with a sign", "+5\r\nhello\r\n0\r\n\r\n"),
        .chunks("size below zero", "-5\r\nhello\r\n0\r\n\r\n"),
        .chunks("size past 64 bits", "10000000000000005\r\nhello\r\n0\r\n\r\n"),
        .chunks("size of sixteen digits", "0000000000000005\r\nhello\r\n0\r\n\r\n"),
        .chunks("blank before the size", " 5\r\nhello\r\n0\r\n\r\n"),
        .chunks("blank behind the size", "5 \r\nhello\r\n0\r\n\r\n"),
        .chunks("size with a comma", "5,5\r\nhello\r\n0\r\n\r\n"),
        .chunks("size that ends in a bare LF", "5\nhello\r\n0\r\n\r\n"),
        .chunks("size that ends in a bare CR", "5\rhello\r\n0\r\n\r\n"),
        .chunks("extension with a bare LF", "5;a\nb\r\nhello\r\n0\r\n\r\n"),
        .chunks("extension with a bare CR", "5;a\rb\r\nhello\r\n0\r\n\r\n"),
        .chunks("extension with a NUL", "5;a\0\r\nhello\r\n0\r\n\r\n"),
        .chunks(
            "extension too long", "5;\(String(repeating: "a", count: 255))\r\nhello\r\n0\r\n\r\n"),
        .chunks("size line without end", String(repeating: "1", count: 300)),
        .chunks("chunk longer than its size", "5\r\nhello!\r\n0\r\n\r\n"),
        .chunks("chunk without a line end", "5\r\nhello0\r\n\r\n"),
        .chunks("chunk that ends in a bare LF", "5\r\nhello\n0\r\n\r\n"),
        .chunks("chunk that ends in two CRs", "5\r\nhello\r\r\n0\r\n\r\n"),
        .chunks("request in place of a trailer", "0\r\nGET /smuggled HTTP/1.1\r\nX: y\r\n\r\n"),
        .chunks("folded trailer", "0\r\nA: b\r\n c\r\n\r\n"),
        .chunks("trailer with a blank before the colon", "0\r\nA : b\r\n\r\n"),
        .chunks("trailer that ends in a bare LF", "0\r\nA: b\n\r\n"),
        .chunks("end that is a bare LF", "0\r\n\n"),
        .chunks(
            "trailers past the bound", "0\r\n\(String(repeating: "A: b\r\n", count: 2100))\r\n"),
    ]

    @Test(arguments: lengthsAndCodings + heads + chunks)
    func `one answer, then the end, and what stands behind is never served`(
        attack: Attack
    ) async throws {
        let server = try await WireServer()
        let client = try server.client()
        try client.send(attack.bytes + Self.smuggled)
        let answer = try client.readResponse()
        #expect(answer.status == attack.status)
        #expect(answer["connection"] == "close")
        #expect(try client.readToEnd() == "")
        #expect(!server.log.all.contains { $0.hasSuffix("/smuggled") })
    }

    @Test(arguments: lengthsAndCodings + heads)
    func `a request that is refused never reaches the handler`(attack: Attack) async throws {
        let server = try await WireServer()
        let client = try server.client()
        try client.send("GET /before HTTP/1.1\r\nHost: h\r\n\r\n" + attack.bytes + Self.smuggled)
        #expect(try client.readResponse().text == "GET /before")
        #expect(try client.readResponse().status == attack.status)
        #expect(try client.readToEnd() == "")
        #expect(server.log.all == ["GET /before"])
    }

    @Test(arguments: chunks)
    func `a broken body that nobody reads ends the connection too`(
        attack: Attack
    ) async throws {
        let server = try await WireServer()
        let client = try server.client()
        let bytes = "POST /ignore" + attack.bytes.dropFirst("POST /echo".count)
        try client.send(bytes + Self.smuggled)
        #expect(try client.readResponse().text == "ignored")
        #expect(try client.readToEnd() == "")
        #expect(server.log.all == ["POST /ignore"])
    }

    @Test(arguments: [
        ("name", "Transfer_Encoding: chunked"), ("name", "X-Content-Length: 3"),
        ("value", "X: Content-Length: 3"), ("value", "X: Transfer-Encoding: chunked"),
        ("value", "X: caf\u{E9}"), ("value", "X:\ta\t"),
    ])
    func `what merely resembles framing is an ordinary field`(
        kind: String, line: String
    ) async throws {
        let client = try await WireServer().client()
        try client.send(
            "POST /echo HTTP/1.1\r\nHost: h\r\n\(line)\r\nContent-Length: 5\r\n\r\n0\r\n\r\n")
        #expect(try client.readResponse().text == "0\r\n\r\n")
        #expect(try client.request("GET", "/next").text == "GET /next")
    }

    /// As many answers as requests reached the handler, and one more at most: a refusal, the last.
    @Test(arguments: [11, 12] as [UInt64])
    func `a mutated request is answered or refused, and after a refusal nothing is`(
        seed: UInt64
    ) async throws {
        let server = try await WireServer()
        var random = ParserPropertyTests.Random(state: seed)
        for _ in 0..<150 {
            let before = server.log.all.count
            let origin = ParserPropertyTests.seeds.randomElement(using: &random) ?? ""
            let bytes = ParserPropertyTests.mutated(Array(origin.utf8), &random)
            let client = try server.client()
            try client.send(bytes + Array(Self.smuggled.utf8))
            client.shutdownWrite()
            var answers: [WireResponse] = []
            while let answer = try? client.readResponse() {
                if answer.status != 100 { answers.append(answer) }
            }
            let refusals = answers.filter { $0.text.hasPrefix("\($0.status) ") }
            let served = server.log.all.count - before
            try #require(answers.count == served + refusals.count, "\(String(text: bytes))")
            try #require(refusals.count <= 1)
            let last = answers.last
            try #require(refusals.isEmpty || last?.text.hasPrefix("\(last?.status ?? 0) ") == true)
        }
    }

    @Test func `a refusal says why, as text`() async throws {
        let client = try await WireServer().client()
        try client.send("GET /a HTTP/1.1\r\nHost : h\r\n\r\n")
        let answer = try client.readResponse()
        #expect(answer["content-type"] == "text/plain; charset=utf-8")
        #expect(answer.text == "400 Bad Request: white space before the colon of a header")
    }

    /// spec/runtime.md §5, as daprd was seen to do.
    @Test(arguments: [(8000, 200), (8190, 431)])
    func `a header of 8000 bytes passes, one of 8190 does not`(
        count: Int, status: Int
    ) async throws {
        let client = try await WireServer().client()
        let answer = try client.request(
            "GET", "/a", headers: [("X", String(repeating: "a", count: count))])
        #expect(answer.status == status)
        if status == 431 {
            #expect(answer["connection"] == "close")
            #expect(answer.text.hasPrefix("431 Request Header Fields Too Large"))
        }
    }

    @Test(arguments: [0, 1])
    func `a head is accepted at its bound and refused one byte past it, with a body behind it`(
        excess: Int
    ) async throws {
        let limits = HTTPLimits(readBufferSize: 0)
        let client = try await WireServer(limits: limits).client()
        let before = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 6000\r\nX: "
        let room = limits.headBytes - before.utf8.count - 4
        let padding = String(repeating: "a", count: room + excess)
        let body = String(repeating: "b", count: 6000)
        try client.send(before + padding + "\r\n\r\n" + body)
        #expect(try client.readResponse().status == (excess == 0 ? 200 : 431))
    }

    @Test(arguments: [(254, 200), (255, 431)])
    func `256 fields are accepted`(more: Int, status: Int) async throws {
        let client = try await WireServer().client()
        try client.send(
            "GET /a HTTP/1.1\r\nHost: h\r\nX: y\r\n\(String(repeating: "a:\r\n", count: more))\r\n")
        #expect(try client.readResponse().status == status)
    }

    @Test(arguments: [(253, 200), (254, 400)])
    func `a chunk line of 256 bytes is accepted`(extension count: Int, status: Int) async throws {
        let client = try await WireServer().client()
        try client.send(
            "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "5;\(String(repeating: "a", count: count + 1))\r\nhello\r\n0\r\n\r\n")
        #expect(try client.readResponse().status == status)
    }
}
