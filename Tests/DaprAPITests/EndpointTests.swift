import Blocks
import Bytes
import HTTP
import TestSupport
import Testing

/// `HTTPEndpoint` resources on the wire: servers outside Dapr that are invoked by a name.
@Suite(.timeLimit(.minutes(1))) struct EndpointTests {
    /// Answers `/to?STATUS LOCATION` with that redirect, anything else with 200.
    private static let redirecting: RecordingApp.Answer = { request in
        let words = request.target.split(separator: "?", maxSplits: 1)
        guard words[0].hasSuffix("/to"), words.count == 2 else {
            return Response(status: 200, body: Array("here".utf8)[...])
        }
        let parts = words[1].split(separator: "~", maxSplits: 1)
        guard let status = Int(parts[0]) else { return Response(status: 400) }
        let fields = parts.count < 2 ? [] : [Response.Field("Location", String(parts[1]))]
        return Response(status: status, fields: fields, body: Array("there".utf8)[...])
    }

    private static func outside(_ fixture: AppFixture, _ host: String = "127.0.0.1") throws {
        try fixture.set([
            HTTPEndpoint(
                name: "outside", baseURL: "http://\(host):\(fixture.appPort)/base/",
                headers: [.init(name: "X-Key", value: "k")])
        ])
    }

    @Test func `an endpoint is called by its name, with its own headers before the caller's`()
        async throws
    {
        try await AppFixture.run { fixture in
            try Self.outside(fixture)
            let answer = try fixture.send(
                "PUT", "/v1.0/invoke/outside/method/a/b?q=1",
                headers: [("x-key", "mine"), ("X-Other", "o")], "body")
            #expect(answer.status == 200)
            let request = try #require(try fixture.seen.requests(to: "/base/a/b").last)
            #expect(request.method == "PUT" && request.target == "/base/a/b?q=1")
            #expect(request.all("x-key") == ["k"] && request["x-other"] == "o")
            #expect(request["dapr-caller-app-id"] == nil && request.body == "body")
        }
    }

    /// What is asked, what the server answers to it, and the requests that follow.
    static let redirects: [(method: String, answer: String, followed: String?, status: Int)] = [
        ("GET", "301~/x?y=1", "GET /x?y=1", 200),
        ("POST", "302~/x", "GET /x", 200),
        ("PUT", "303~other", "GET /base/other", 200),
        ("HEAD", "302~/x", "HEAD /x", 200),
        ("GET", "302~../up/./x#part", "GET /up/x", 200),
        // Bodies that stream are not sent again.
        ("GET", "307~/x", nil, 307),
        ("POST", "308~/x", nil, 308),
        // Nowhere to go, and no redirects.
        ("GET", "302", nil, 302),
        ("GET", "304~/x", nil, 304),
        ("GET", "201~/x", nil, 201),
    ]

    @Test(arguments: redirects)
    func `an endpoint that sends its caller on is followed`(
        method: String, answer: String, followed: String?, status: Int
    ) async throws {
        try await AppFixture.run(answer: Self.redirecting) { fixture in
            try Self.outside(fixture)
            let body = method == "POST" || method == "PUT" ? "body" : ""
            let result = try fixture.send(
                method, "/v1.0/invoke/outside/method/to?\(answer)",
                headers: [("Content-Type", "text/x"), ("Authorization", "a")], body)
            #expect(result.status == status)
            let asked = fixture.seen.all.filter { $0["x-key"] == "k" }
            #expect(
                asked.map { "\($0.method) \($0.target)" }
                    == ["\(method) /base/to?\(answer)"] + (followed.map { [$0] } ?? []))
            guard followed != nil, let last = asked.last else { return }
            #expect(last.body == "" && last["content-type"] == nil)
            #expect(last["authorization"] == "a")
            #expect(
                last["referer"] == "http://127.0.0.1:\(fixture.appPort)/base/to?\(answer)")
            #expect(method == "HEAD" || result.text == "here")
        }
    }

    @Test func `another server does not see the caller's credentials`() async throws {
        try await AppFixture.run(answer: Self.redirecting) { fixture in
            try Self.outside(fixture)
            let place = "http://localhost:\(fixture.appPort)"
            let result = try fixture.send(
                "GET", "/v1.0/invoke/outside/method/to?302~\(place)/to?302~/last",
                headers: [("Authorization", "a"), ("Cookie", "c=1"), ("X-A", "b")])
            #expect(result.text == "here")
            let last = try #require(try fixture.seen.requests(to: "/last").last)
            #expect(last["authorization"] == nil && last["cookie"] == nil && last["x-a"] == "b")
            #expect(last["host"] == "localhost:\(fixture.appPort)")
        }
    }

    @Test func `a circle ends after ten requests`() async throws {
        try await AppFixture.run(
            answer: { _ in Response(status: 302, fields: [.init("Location", "/again")]) },
            { fixture in
                try Self.outside(fixture)
                let result = try fixture.send("POST", "/v1.0/invoke/outside/method/m")
                #expect(result.status == 500)
                #expect(
                    result.text.contains(
                        #"err: Post \"/again\": stopped after 10 redirects"#), "\(result.text)")
                #expect(fixture.seen.all.count { $0["x-key"] == "k" } == 10)
            })
    }

    @Test func `a server that is not there is told by its own name`() async throws {
        try await AppFixture.run { fixture in
            try fixture.set([HTTPEndpoint(name: "gone", baseURL: "http://127.0.0.1:1")])
            for (target, hint) in [
                (
                    "gone",
                    "no server answers at http://127.0.0.1:1, the endpoint gone: is it running?"
                ),
                ("http://127.0.0.1:1", "no server answers at http://127.0.0.1:1: is it running?"),
            ] {
                let answer = try fixture.send("GET", "/v1.0/invoke/\(target)/method/x")
                #expect(answer.status == 500)
                let journal = try fixture.send("GET", "/_fakedapr/journal?api=invoke").text
                #expect(journal.contains(hint), "\(journal)")
            }
        }
    }

    @Test func `a place that speaks TLS is told as what it is`() async throws {
        try await AppFixture.run(answer: Self.redirecting) { fixture in
            try Self.outside(fixture)
            let result = try fixture.send(
                "GET", "/v1.0/invoke/outside/method/to?302~https://example.invalid/x")
            #expect(result.status == 500)
            #expect(result.text.contains("cannot call https://example.invalid: fakedapr speaks"))
        }
    }
}
