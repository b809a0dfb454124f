import Testing

@testable import WasmRunner

/// Which hosts a guest may reach, and how URLs are read for it.
@Suite struct BoundaryTests {
    static let sidecar = "http://127.0.0.1:3500"

    @Test(
        arguments: [
            (nil, "http://127.0.0.1/", 7), ([], "http://127.0.0.1/", 7),
            ([sidecar], "http://127.0.0.1:3500/", 0), ([sidecar], "http://127.0.0.1:1/x?y", 0),
            ([sidecar], "https://127.0.0.1:1/x", 0), ([sidecar], "http://user:pw@127.0.0.1/", 0),
            ([sidecar], "http://127.1/", 0), ([sidecar], "http://0x7f000001/", 0),
            ([sidecar], "http://2130706433/", 0), ([sidecar], "http://127.0.0.1./", 0),
            ([sidecar], "http://%31%32%37.0.0.1/", 0), ([sidecar], "HTTP://127.0.0.1/", 0),
            ([sidecar], "http://localhost:3500/", 7), ([sidecar], "http://127.0.0.2:3500/", 7),
            ([sidecar], "http://127.0.0.1@elsewhere.test/", 7),
            ([sidecar], "http://127.0.0.1.elsewhere.test/", 7),
            (["http://EXAMPLE.com"], "http://example.com:81/", 0),
            (["http://example.com"], "http://sub.example.com/", 7),
            (["http://*.example.com"], "http://sub.example.com/", 7),
            (["http://bücher.example"], "http://xn--bcher-kva.example/", 0),
            (["http://xn--bcher-kva.example"], "http://BÜCHER.example/", 0),
            (["http://[::1]:3500"], "http://[0:0:0:0:0:0:0:1]/", 0),
            (["http://[::1]"], "http://[::2]/", 7), (["https://a/b"], "http://a/", 0),
            (["http://a", "http://b"], "http://b/", 0),
            (["127.0.0.1"], "http://127.0.0.1/", 10), (["example.com"], "http://a/", 10),
            ([sidecar, "example.com"], "http://127.0.0.1/", 10),
            (["localhost:3500"], "http://localhost:3500/", 10), ([""], "http://a/", 10),
            (["insecure:allow-all"], "http://anywhere.test/", 0),
            (["example.com", "insecure:allow-all"], "http://anywhere.test/", 0),
            (["insecure:allow-ALL"], "http://anywhere.test/", 10),
        ] as [([String]?, String, Int)])
    func `the reference's list allows by host alone`(
        allowed: [String]?, url: String, code: Int
    ) throws {
        let url = try #require(GuestURL(url))
        #expect(Self.code(Boundary.reference(allowedHosts: allowed).verdict(url)) == code)
    }

    @Test(
        arguments: [
            ("http://127.0.0.1:3500/x", true), ("http://localhost:3500/x", true),
            ("http://127.0.0.1:4321/x", true), ("http://localhost:4321/x", true),
            ("http://127.1:3500/", true), ("http://LOCALHOST:3500/", true),
            ("http://127.0.0.1/", false), ("http://127.0.0.1:3501/", false),
            ("http://localhost:80/", false), ("https://127.0.0.1:3500/", false),
            ("http://[::1]:3500/", false), ("http://[::1]:4321/", false),
            ("http://127.0.0.2:3500/", false), ("http://0.0.0.0:3500/", false),
            ("http://example.com:3500/", false), ("http://127.0.0.1:3500@example.com/", false),
            ("ftp://127.0.0.1:3500/", false),
        ])
    func `the sidecar's boundary is host and port, with the conventional addresses mapped to it`(
        url: String, isAllowed: Bool
    ) throws {
        let verdict = Boundary.sidecar(port: 4321).verdict(try #require(GuestURL(url)))
        #expect(
            verdict == (isAllowed ? .allowed(host: "127.0.0.1", port: 4321) : .refused))
    }

    @Test func `a sidecar elsewhere is reached where it is`() throws {
        let boundary = Boundary.sidecar(host: "10.0.0.5", port: 3501)
        let target = Boundary.Verdict.allowed(host: "10.0.0.5", port: 3501)
        for (url, verdict) in [
            ("http://127.0.0.1:3500/", target), ("http://10.0.0.5:3501/", target),
            ("http://10.0.0.5:3500/", .refused), ("http://127.0.0.1:3501/", .refused),
        ] {
            #expect(boundary.verdict(try #require(GuestURL(url))) == verdict, "\(url)")
        }
    }

    @Test func `a bad entry spoils requests on the wire, and so does a bad URL under allow-all`()
        async throws
    {
        let peer = try await Peer()
        for (allowed, url, code) in [
            ([peer.url("/"), "127.0.0.1"], peer.url("/"), 10), ([peer.url("/")], peer.url("/"), 0),
            (["insecure:allow-all"], "nowhere", 10), (nil, peer.url("/"), 7),
            ([], peer.url("/"), 7),
        ] as [([String]?, String, Int)] {
            var guest = GuestText()
            let script = guest.print(guest.request(url))
            let outcome = try await Guests.run(guest.module(script), allowed: allowed)
            #expect(outcome.text == "\(code)\n")
        }
        #expect(peer.seen.count == 1)
    }

    @Test func `a scenario's guest reaches its sidecar by the conventional address, and no other`()
        async throws
    {
        let (own, other) = (try await Peer(), try await Peer())
        var guest = GuestText()
        let script = [
            "http://127.0.0.1:3500/a", "http://localhost:3500/b", own.url("/c"), other.url("/d"),
            "http://127.0.0.1:3501/e", "http://[::1]:3500/f",
        ].map { guest.print(guest.request($0)) }.joined()
        let outcome = try await Guests.run(guest.module(script)) { [port = own.port] in
            $0.boundary = .sidecar(port: port)
        }
        #expect(outcome.text == "0\n0\n0\n7\n7\n7\n")
        #expect(own.seen.map(\.target) == ["/a", "/b", "/c"])
        #expect(own.seen.first?.fields.contains("host:127.0.0.1:3500") == true)
        #expect(other.seen.isEmpty)
    }

    @Test(arguments: [
        ("http://a", "/"), ("http://a?b", "/?b"), ("http://a/b c", "/b%20c"),
        ("http://a/λ", "/%CE%BB"), ("http://a/b#c", "/b"), ("http://a/%2F", "/%2F"),
        (" http://a/b\n", "/b"), ("http://a\\b", "/b"), ("http:a/b", "/b"), ("http:///a/b", "/b"),
    ])
    func `paths go out escaped`(url: String, target: String) throws {
        #expect(String(decoding: try #require(GuestURL(url)).target, as: UTF8.self) == target)
    }

    @Test(arguments: [
        "", "a", "/a", "//a/b", "://a", "1http://a", "http://", "http://a:b/", "http://a:-1/",
        "http://a:+1/", "http://a:65536/", "http://[::1/", "http://[1::2::3]/", "http://a b/",
        "http://256.0.0.1/", "http://1.2.3.4.5/", "http://a%00b/", "http://%zz/",
    ])
    func `what is no URL is refused`(text: String) {
        #expect(GuestURL(text) == nil)
    }

    private static func code(_ verdict: Boundary.Verdict) -> Int {
        switch verdict {
        case .allowed: 0
        case .refused: 7
        case .badEntry: 10
        }
    }
}
