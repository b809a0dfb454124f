import TestSupport
import Testing

@testable import WasmRunner

/// `wasi_experimental_http`: codes, the order of checks, handles, bodies, header text. The reference
/// host's behaviour, row by row.
@Suite struct ABITests {
    /// One call and its answer. `%` in a URL stands for the peer's own address.
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: Int
        let sent: Int
        let script: @Sendable (inout GuestText, _ peer: String) -> String

        init(
            _ name: String, _ code: Int, sent: Int = 0,
            _ script: @escaping @Sendable (inout GuestText, _ peer: String) -> String
        ) {
            (testDescription, self.code, self.sent, self.script) = (name, code, sent, script)
        }
    }

    static let outside = "(i32.const 131071) (i32.const 2)"
    static let overflowing = "(i32.const -1) (i32.const 2)"
    static let cells = "(i32.const 512) (i32.const 520)"

    private static func call(
        _ guest: inout GuestText, _ url: String, method: String? = nil, headers: String? = nil,
        body: String? = nil, cells: String = cells
    ) -> String {
        let method = method ?? guest.text("GET")
        let nothing = guest.text("")
        return "(call $req \(url) \(method) \(headers ?? nothing) \(body ?? nothing) \(cells))"
    }

    static let requests = [
        Row("a URL that ends outside the memory", 4) { guest, _ in call(&guest, outside) },
        Row("a URL whose end is past 2^32", 4) { guest, _ in call(&guest, overflowing) },
        Row("a URL that is not UTF-8", 6) { guest, _ in
            call(&guest, guest.bytes([0x68, 0xFF]))
        },
        Row("no URL at all", 10) { guest, _ in guest.request("") },
        Row("a relative URL", 10) { guest, _ in guest.request("v1.0/state") },
        Row("a path", 10) { guest, _ in guest.request("/v1.0/state") },
        Row("a URL without a host", 10) { guest, _ in guest.request("mailto:a@b.c") },
        Row("a data URL", 10) { guest, _ in guest.request("data:,x") },
        Row("an http URL with an empty host", 10) { guest, _ in guest.request("http://") },
        Row("a port that is none", 10) { guest, _ in guest.request("http://a:99999/") },
        Row("a host outside the list", 7) { guest, _ in guest.request("http://elsewhere.test/") },
        Row("a method that ends outside the memory", 4) { guest, peer in
            call(&guest, guest.text(peer), method: outside)
        },
        Row("a method that is not UTF-8", 6) { guest, peer in
            call(&guest, guest.text(peer), method: guest.bytes([0xC3, 0x28]))
        },
        Row("no method", 8) { guest, peer in guest.request(peer, method: "") },
        Row("a method with a space", 8) { guest, peer in guest.request(peer, method: "BAD METHOD")
        },
        Row("a body that ends outside the memory", 4) { guest, peer in
            call(&guest, guest.text(peer), body: outside)
        },
        Row("an empty body beyond the memory", 4) { guest, peer in
            call(&guest, guest.text(peer), body: "(i32.const 131073) (i32.const 0)")
        },
        Row("headers that end outside the memory", 4) { guest, peer in
            call(&guest, guest.text(peer), headers: outside)
        },
        Row("headers that are not UTF-8", 6) { guest, peer in
            call(&guest, guest.text(peer), headers: guest.bytes([0x61, 0x3A, 0xFF]))
        },
        Row("a header line without a colon", 9) { guest, peer in
            guest.request(peer, headers: "a:b\nno colon\n")
        },
        Row("an empty header line in the middle", 9) { guest, peer in
            guest.request(peer, headers: "a:b\n\nc:d\n")
        },
        Row("a header name with a space", 9) { guest, peer in
            guest.request(peer, headers: "a b:c\n")
        },
        Row("a header without a name", 9) { guest, peer in guest.request(peer, headers: ":c\n") },
        Row("a control character in a value", 9) { guest, peer in
            guest.request(peer, headers: "a:\u{1}\n")
        },
        Row("a scheme that is not spoken", 11) { guest, peer in
            guest.request(peer.replacing("http:", with: "https:"))
        },
        Row("a port where nobody listens", 11) { guest, _ in guest.request("http://127.0.0.1:1/") },
        Row("a status cell outside the memory", 3, sent: 1) { guest, peer in
            call(&guest, guest.text(peer), cells: "(i32.const 131071) (i32.const 520)")
        },
        Row("a handle cell outside the memory", 3, sent: 1) { guest, peer in
            call(&guest, guest.text(peer), cells: "(i32.const 512) (i32.const 131069)")
        },
        Row("cells at the memory's very end", 0, sent: 1) { guest, peer in
            call(&guest, guest.text(peer), cells: "(i32.const 131070) (i32.const 131064)")
        },
        Row("an empty body at the memory's very end", 0, sent: 1) { guest, peer in
            call(&guest, guest.text(peer), body: "(i32.const 131072) (i32.const 0)")
        },
        Row("any token as a method", 0, sent: 1) { guest, peer in
            guest.request(peer, method: "DELET")
        },
        Row("an error status", 0, sent: 1) { guest, peer in guest.request(peer + "status/500") },
        Row("bad URL before bad method", 10) { guest, _ in
            guest.request("nowhere", method: "BAD METHOD")
        },
        Row("destination before bad method", 7) { guest, _ in
            guest.request("http://elsewhere.test/", method: "BAD METHOD")
        },
        Row("bad method before bad headers", 8) { guest, peer in
            guest.request(peer, method: "BAD METHOD", headers: "no colon")
        },
        Row("body bounds before header syntax", 4) { guest, peer in
            call(&guest, guest.text(peer), headers: guest.text("no colon"), body: outside)
        },
        Row("header syntax before the network", 9) { guest, _ in
            guest.request("http://127.0.0.1:1/", headers: "no colon")
        },
    ]

    @Test(arguments: requests)
    func `req answers with the code of the first check that fails`(row: Row) async throws {
        let peer = try await Peer()
        var guest = GuestText()
        let script = guest.print(row.script(&guest, peer.url("/")))
        let outcome = try await Guests.run(
            guest.module(script), allowed: ["http://127.0.0.1:3500"])
        #expect(outcome.end == .exited(0))
        #expect(outcome.text == "\(row.code)\n")
        #expect(peer.seen.count == row.sent)
    }

    @Test func `a network that breaks is code 11`() async throws {
        for answer in ["nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", ""]
        {
            let peer = try await RawPeer(Array(answer.utf8))
            var guest = GuestText()
            let script = guest.print(guest.request(peer.url))
            let outcome = try await Guests.run(guest.module(script))
            #expect(outcome.text == "11\n", "after \(answer)")
            #expect(outcome.calls == [GuestCall(method: "GET", url: peer.url, result: .failed)])
        }
    }

    @Test(arguments: [
        (
            "(call $req (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))",
            2
        ),
        (
            "(call $header_get (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))",
            2
        ),
        ("(call $headers_get_all (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))", 2),
        ("(call $body_read (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))", 2),
        ("(call $close (i32.const 0))", 0),
    ])
    func `without an exported memory only close works`(call: String, code: Int) async throws {
        for memory in ["", "(memory 1)", "(global (export \"memory\") i32 (i32.const 0))"] {
            let module = """
                (module \(GuestText.imports) \(memory)
                  (func (export "_start")
                    (if (i32.ne \(call) (i32.const \(code))) (then unreachable))))
                """
            let outcome = try await Guests.run(module)
            #expect(outcome.end == .exited(0))
        }
    }

    @Test func `req writes two bytes of status and four of handle`() async throws {
        let peer = try await Peer()
        var guest = GuestText()
        let request = guest.request(peer.url("/status/201"))
        let script =
            "(memory.fill (i32.const 504) (i32.const 0xAA) (i32.const 32)) (drop \(request))"
            + "(call $write (i32.const 504) (i32.const 32))"
        let outcome = try await Guests.run(guest.module(script))
        var expected = [UInt8](repeating: 0xAA, count: 32)
        expected.replaceSubrange(8..<10, with: [201, 0])
        expected.replaceSubrange(16..<20, with: [0, 0, 0, 0])
        #expect(Array(outcome.output) == expected)
    }

    // MARK: Handles

    @Test func `handles take the first free number at or above the last one given`() async throws {
        let peer = try await Peer()
        var guest = GuestText()
        let open = "(drop \(guest.request(peer.url("/")))) " + guest.print(GuestText.handle)
        func close(_ handle: Int) -> String { "(drop (call $close (i32.const \(handle)))) " }
        let script =
            open + close(0) + open + open + open + close(0) + open + close(3) + open
        let outcome = try await Guests.run(guest.module(script))
        #expect(outcome.text == "0\n0\n1\n2\n3\n3\n")
    }

    @Test func `handles that are not open are told`() async throws {
        var guest = GuestText()
        let name = guest.text("etag")
        let script =
            guest.print("(call $close (i32.const 7))")
            + guest.print(
                "(call $header_get (i32.const 7) \(name) (i32.const 8192) (i32.const 9) (i32.const 528))"
            )
            // The handle comes before the name's bounds.
            + guest.print(
                "(call $header_get (i32.const 7) \(Self.outside) (i32.const 8192) (i32.const 9) (i32.const 528))"
            )
            + guest.print(
                "(call $headers_get_all (i32.const 7) (i32.const 8192) (i32.const 9) (i32.const 528))"
            )
            + guest.print(
                "(call $body_read (i32.const 7) (i32.const 8192) (i32.const 9) (i32.const 528))")
        let outcome = try await Guests.run(guest.module(script))
        #expect(outcome.text == "0\n1\n1\n1\n1\n")
    }

    @Test(
        arguments: [
            (nil, "0\n0\n0\n0\n"), (2, "0\n0\n13\n0\n"), (0, "13\n13\n13\n13\n"),
        ] as [(Int?, String)])
    func `open responses are bounded, and closing one makes room`(
        max: Int?, codes: String
    ) async throws {
        let peer = try await Peer()
        var guest = GuestText()
        let request = guest.print(guest.request(peer.url("/")))
        let script = request + request + request + "(drop (call $close (i32.const 0)))" + request
        let outcome = try await Guests.run(guest.module(script)) { $0.maxOpenResponses = max }
        #expect(outcome.text == codes)
    }

    @Test func `too many open responses are told before anything is looked at`() async throws {
        var guest = GuestText()
        let script = guest.print(guest.request("nowhere", method: "BAD METHOD"))
        let outcome = try await Guests.run(guest.module(script)) { $0.maxOpenResponses = 0 }
        #expect(outcome.text == "13\n")
    }

    // MARK: Bodies

    @Test func `a body is read piece by piece, and its end again and again`() async throws {
        let peer = try await Peer()
        var guest = GuestText()
        let read =
            "(drop (call $body_read (i32.const 0) (i32.const 8192) (i32.const 1) (i32.const 528)))"
            + guest.print("(i32.load (i32.const 528))")
            + "(call $write (i32.const 8192) (i32.load (i32.const 528)))"
        let script =
            "(drop \(guest.request(peer.url("/body/abc"))))"
            + String(repeating: read, count: 5)
            + guest.print(
                "(call $body_read (i32.const 0) (i32.const 8192) (i32.const 0) (i32.const 528))")
        let outcome = try await Guests.run(guest.module(script))
        #expect(outcome.text == "1\na1\nb1\nc0\n0\n0\n")
    }

    @Test func `bytes that cannot be put down are read again, a count that cannot is not`()
        async throws
    {
        let peer = try await Peer()
        var guest = GuestText()
        let script =
            "(drop \(guest.request(peer.url("/body/abc"))))"
            + guest.print(
                "(call $body_read (i32.const 0) (i32.const 131071) (i32.const 2) (i32.const 528))")
            + guest.print(
                "(call $body_read (i32.const 0) (i32.const 8192) (i32.const 1) (i32.const 131070))")
            + guest.print(
                "(call $body_read (i32.const 0) (i32.const 8192) (i32.const 9) (i32.const 528))")
            + GuestText.printRead
        let outcome = try await Guests.run(guest.module(script))
        #expect(outcome.text == "3\n3\n0\nbc")
    }

    @Test func `a long body comes whole`() async throws {
        let peer = try await Peer()
        var guest = GuestText()
        guest.memoryPages = 8
        let script =
            "(drop \(guest.request(peer.url("/large"))))"
            + guest.print(
                "(call $body_read (i32.const 0) (i32.const 8192) (i32.const 400000) (i32.const 528))"
            )
            + guest.print("(i32.load (i32.const 528))")
        let outcome = try await Guests.run(guest.module(script))
        #expect(outcome.text == "0\n300000\n")
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\n\r\nabc",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
    ])
    func `bodies of every framing come whole`(answer: String) async throws {
        let peer = try await RawPeer(Array(answer.utf8))
        var guest = GuestText()
        let script =
            guest.print(guest.request(peer.url))
            + "(drop (call $body_read (i32.const 0) (i32.const 8192) (i32.const 9) (i32.const 528)))"
            + GuestText.printRead
        #expect(try await Guests.run(guest.module(script)).text == "0\nabc")
    }

    // MARK: Headers

    @Test(arguments: [
        ("etag", 9, 0, "7"), ("ETAG", 9, 0, "7"), ("x-many", 9, 0, "one"),
        ("link", 99, 0, "http://a:1/b"), ("x-greek", 2, 0, "λ"), ("x-greek", 1, 4, ""),
        ("absent", 9, 5, ""), ("not a name", 9, 5, ""), ("", 9, 5, ""),
    ])
    func `a header is found without regard to case, its first value verbatim`(
        name: String, room: Int, code: Int, value: String
    ) async throws {
        let peer = try await Peer()
        var guest = GuestText()
        let name = guest.text(name)
        let script =
            "(drop \(guest.request(peer.url("/headers"))))"
            + guest.print(
                "(call $header_get (i32.const 0) \(name) (i32.const 8192) (i32.const \(room)) (i32.const 528))"
            ) + GuestText.printRead
        #expect(try await Guests.run(guest.module(script)).text == "\(code)\n\(value)")
    }

    @Test func `a header's name and cells are checked in order`() async throws {
        let peer = try await Peer()
        var guest = GuestText()
        let bad = guest.bytes([0xFF])
        let etag = guest.text("etag")
        let room = "(i32.const 8192) (i32.const 9) (i32.const 528)"
        let script =
            "(drop \(guest.request(peer.url("/headers"))))"
            + guest.print("(call $header_get (i32.const 0) \(Self.outside) \(room))")
            + guest.print("(call $header_get (i32.const 0) \(bad) \(room))")
            + guest.print(
                "(call $header_get (i32.const 0) \(etag) (i32.const 131072) (i32.const 9) (i32.const 528))"
            )
            + guest.print(
                "(call $header_get (i32.const 0) \(etag) (i32.const 8192) (i32.const 9) (i32.const 131069))"
            )
            + guest.print(
                "(call $headers_get_all (i32.const 0) (i32.const 131070) (i32.const 999) (i32.const 528))"
            )
            + guest.print(
                "(call $headers_get_all (i32.const 0) (i32.const 8192) (i32.const 9) (i32.const 528))"
            )
        #expect(try await Guests.run(guest.module(script)).text == "4\n6\n3\n3\n3\n4\n")
    }

    @Test func `all headers are lines of name:value, one for each value`() async throws {
        let answer =
            "HTTP/1.1 200 OK\r\nETag: 7\r\nX-Many: one\r\nContent-Length: 0\r\nx-many: two:2\r\n\r\n"
        let peer = try await RawPeer(Array(answer.utf8))
        var guest = GuestText()
        let script =
            "(drop \(guest.request(peer.url)))"
            + guest.print(
                "(call $headers_get_all (i32.const 0) (i32.const 8192) (i32.const 999) (i32.const 528))"
            ) + GuestText.printRead
        #expect(
            try await Guests.run(guest.module(script)).text
                == "0\netag:7\nx-many:one\ncontent-length:0\nx-many:two:2\n")
    }

    @Test func `a value that is not UTF-8 spoils all headers, and is given by its name`()
        async throws
    {
        let head = Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: ".utf8)
        let peer = try await RawPeer(head + [0x61, 0xFF] + Array("\r\n\r\n".utf8))
        var guest = GuestText()
        let name = guest.text("x")
        let script =
            "(drop \(guest.request(peer.url)))"
            + guest.print(
                "(call $headers_get_all (i32.const 0) (i32.const 8192) (i32.const 999) (i32.const 528))"
            )
            + guest.print(
                "(call $header_get (i32.const 0) \(name) (i32.const 8192) (i32.const 9) (i32.const 528))"
            ) + GuestText.printRead
        let outcome = try await Guests.run(guest.module(script))
        #expect(Array(outcome.output) == Array("12\n0\n".utf8) + [0x61, 0xFF])
    }

    @Test func `request headers go out in lower case, the last of a name alone, values whole`()
        async throws
    {
        let peer = try await Peer()
        var guest = GuestText()
        let headers = "X-Twice:1\r\nLink:http://a:1/b\nx-tab:a\tb\nx-twice:λ"
        let script = guest.print(
            guest.request(peer.url("/x?y=z#f"), method: "PUT", headers: headers, body: "a body"))
        #expect(try await Guests.run(guest.module(script)).text == "0\n")
        let seen = try #require(peer.seen.first)
        #expect(seen.method == "PUT")
        #expect(seen.target == "/x?y=z")
        #expect(seen.body == "a body")
        #expect(
            Set(seen.fields) == [
                "host:127.0.0.1:\(peer.port)", "link:http://a:1/b", "x-tab:a\tb", "x-twice:λ",
                "accept:*/*", "content-length:6",
            ])
    }

    @Test func `the guest cannot change the framing`() async throws {
        let peer = try await Peer()
        var guest = GuestText()
        let headers = "content-length:1\ntransfer-encoding:chunked\nhost:elsewhere\n"
        let script = guest.print(
            guest.request(peer.url("/x"), method: "POST", headers: headers, body: "a body"))
        #expect(try await Guests.run(guest.module(script)).text == "0\n")
        #expect(peer.seen.map(\.body) == ["a body"])
        #expect(peer.seen.first?.fields.contains("host:127.0.0.1:\(peer.port)") == true)
    }

    // MARK: What the reference's client would do and this one does not

    @Test func `redirects are not followed`() async throws {
        let peer = try await Peer()
        var guest = GuestText()
        let script =
            guest.print(guest.request(peer.url("/redirect"))) + guest.print(GuestText.status)
        let outcome = try await Guests.run(guest.module(script))
        #expect(outcome.text == "0\n302\n")
        #expect(peer.seen.count == 1)
    }

    // MARK: Start section and calls

    @Test func `everything works from the start section`() async throws {
        let peer = try await Peer()
        var guest = GuestText()
        guest.isStartSection = true
        let script =
            guest.print(guest.request(peer.url("/body/abc")))
            + "(drop (call $body_read (i32.const 0) (i32.const 8192) (i32.const 9) (i32.const 528)))"
            + GuestText.printRead
        let outcome = try await Guests.run(guest.module(script))
        #expect(outcome.end == .exited(0))
        #expect(outcome.text == "0\nabc")
    }

    @Test func `a guest's calls are told with what came of them`() async throws {
        let peer = try await Peer()
        var guest = GuestText()
        let script = [
            guest.request(peer.url("/status/404"), method: "HEAD"),
            guest.request("http://elsewhere.test/", method: "POST"),
            guest.request("http://127.0.0.1:1/"),
        ].map { "(drop \($0))" }.joined()
        let outcome = try await Guests.run(
            guest.module(script), allowed: ["http://127.0.0.1:3500"])
        #expect(
            outcome.calls == [
                GuestCall(method: "HEAD", url: peer.url("/status/404"), result: .answered(404)),
                GuestCall(method: "POST", url: "http://elsewhere.test/", result: .refused),
                GuestCall(method: "GET", url: "http://127.0.0.1:1/", result: .failed),
            ])
    }

    @Test func `connections are kept and made anew when the server has closed them`() async throws {
        let peer = try await RawPeer(Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".utf8))
        var guest = GuestText()
        let request = guest.print(guest.request(peer.url))
        let outcome = try await Guests.run(guest.module(request + request + request))
        #expect(outcome.text == "0\n0\n0\n")
    }

    @Test func `imports have these types and no others`() async throws {
        for (name, count) in [
            ("req", 10), ("close", 1), ("header_get", 6), ("headers_get_all", 4), ("body_read", 4),
        ] {
            for difference in [-1, 0, 1] {
                let parameters = String(repeating: "i32 ", count: count + difference)
                let module = """
                    (module (import "wasi_experimental_http" "\(name)"
                        (func (param \(parameters)) (result i32))))
                    """
                let outcome = try await Guests.run(module)
                #expect((outcome.end == .exited(0)) == (difference == 0), "\(name) \(difference)")
            }
        }
    }
}
