import Blocks
import HTTP
import TestSupport
import Testing

/// Service invocation on the wire (invoke.md of the specification).
@Suite(.timeLimit(.minutes(2))) struct InvokeTests {
    private static let zero = "00-00000000000000000000000000000000-0000000000000000-00"

    private static func body(_ id: String, _ detail: String) -> String {
        let escaped = detail.replacing("\"", with: "\\\"")
        return #"{"errorCode":"ERR_DIRECT_INVOKE","message":"failed to invoke, id: \#(id), err: "#
            + escaped + #""}"#
    }

    private static let nobody =
        #"{"errorCode":"ERR_DIRECT_INVOKE","message":"failed getting app id either from the URL path or the header dapr-app-id"}"#

    // MARK: Whom, and which path

    /// A target, the field that names the callee, and whom the journal names.
    @Test(arguments: [
        ("/v1.0/invoke/other/method/x", nil, "other"),
        ("/v1.0/invoke/other.default/method/x", nil, "other.default"),
        ("//v1.0//invoke//other/method/x", nil, "other"),
        ("/v1.0/invoke/o%74her/method/x", nil, "other"), ("/x", "other", "other"),
        ("/v1.0/invoke/nobody/method/x", "other", "other"),
    ])
    func `the journal tells whom an invocation went to`(
        target: String, field: String?, callee: String
    ) async throws {
        try await AppFixture.run { sidecar in
            _ = try sidecar.send("GET", target, headers: field.map { [("dapr-app-id", $0)] } ?? [])
            let journal = try sidecar.send("GET", "/_fakedapr/journal?api=invoke")
            #expect(journal.text.contains("\"callee\":\"\(callee)\""))
        }
    }

    @Test(arguments: [
        ("/v1.0/invoke/myapp/method/a/b", "/a/b"), ("/v1.0/invoke/myapp/method/", "/"),
        ("/v1.0////invoke//myapp/method//foo", "/foo"), ("/v1.0/invoke/myapp/method/a/", "/a"),
        ("/v1.0/invoke/myapp/method/a%2F..%2Fb", "/b"), ("/v1.0/invoke/myapp/method/a/../b", "/b"),
        ("/v1.0/invoke/myapp/method/..%2F..%2Fb", "/b"),
        ("/v1.0/invoke/myapp/method/a%2Fb", "/a/b"), ("/v1.0/invoke/myapp/method/%2541", "/%41"),
        ("/v1.0/invoke/myapp/method/%2525", "/%25"), ("/v1.0/invoke/myapp/method/%252F", "/%2F"),
        ("/v1.0/invoke/myapp/method/%5B%5D%24", "/[]$"), ("/v1.0/invoke/myapp/method/%22", "/%22"),
        ("/v1.0/invoke/myapp/method/a%20b", "/a%20b"), ("/v1.0/invoke/myapp/method/a+b", "/a+b"),
        ("/v1.0/invoke/myapp/method/%2A%5C", "/%2A%5C"),
        ("/v1.0/invoke/myapp/method/x?a=b%20c&a=+&d", "/x?a=b%20c&a=+&d"),
        ("/v1.0/invoke/myapp/method/x?", "/x"), ("/v1.0/invoke/myapp.default/method/x", "/x"),
        ("/v1.0/invoke/my%61pp/method/x", "/x"),
        ("/v1.0/invoke/myapp/method/v1.0/state/statestore", "/v1.0/state/statestore"),
    ])
    func `a path reaches the application decoded and cleaned`(
        path: String, target: String
    ) async throws {
        try await AppFixture.run { fixture in
            let answer = try fixture.send("GET", path)
            #expect(answer.status == 200, "\(answer.text)")
            #expect(try fixture.seen.requests(to: target).last?.target == target)
        }
    }

    @Test(arguments: [
        ([("dapr-app-id", "myapp")], "/any/path?x=1", "/any/path?x=1"),
        ([("dapr-app-id", "myapp")], "/v1.0/invoke/other/method/z", "/v1.0/invoke/other/method/z"),
        ([("Authorization", "Basic ZGFwci1hcHAtaWQ6bXlhcHA=")], "/p", "/p"),
        ([("Authorization", "Basic REFQUi1BUFAtSUQ6bXlhcHA=")], "/p", "/p"),
    ])
    func `an application is found by its header and by basic authorization`(
        headers: [(String, String)], path: String, target: String
    ) async throws {
        try await AppFixture.run { fixture in
            #expect(try fixture.send("GET", path, headers: headers).status == 200)
            let request = try #require(try fixture.seen.requests(to: target).last)
            #expect(request.target == target)
            #expect(request["dapr-app-id"] == nil)
            #expect((request["authorization"] != nil) == (headers[0].0 == "Authorization"))
        }
    }

    @Test(arguments: [
        ("GET", "/v1.0/invoke/myapp"), ("GET", "/v1.0/invoke/myapp/method"), ("GET", "/"),
        ("DELETE", "/v1.0/state/statestore"), ("GET", "/v1.0/invoke//method/x"),
        ("POST", "/v1.0/publish/pubsub"), ("HEAD", "/v1.0/healthz"),
    ])
    func `what names nobody is 404`(method: String, path: String) async throws {
        try await AppFixture.run { fixture in
            let client = try fixture.client()
            try client.send("\(method) \(path) HTTP/1.1\r\nHost: h\r\n\r\n")
            let answer = try client.readResponse(isHEAD: method == "HEAD")
            #expect(answer.status == 404)
            if method != "HEAD" { #expect(answer.text == Self.nobody) }
        }
    }

    @Test(arguments: [
        (
            "myapp/method/a%23b", "myapp",
            "rpc error: code = InvalidArgument desc = invalid method: method contains forbidden character: \"a#b\""
        ),
        (
            "myapp/method/a%3Fb", "myapp",
            "rpc error: code = InvalidArgument desc = invalid method: method contains forbidden character: \"a?b\""
        ),
        (
            "myapp/method/a%09", "myapp",
            "rpc error: code = InvalidArgument desc = invalid method: method contains control character at position 1: \"a\\t\""
        ),
        ("a.b.c/method/x", "a.b.c", "invalid app id a.b.c"),
        ("nobody/method/x", "nobody", "couldn't find service: nobody"),
        (
            "alone/method/x", "alone",
            "rpc error: code = Internal desc = app channel is not initialized"
        ),
        (
            "http://127.0.0.1:1/method/x", "http://127.0.0.1:1",
            "Get \"http://127.0.0.1:1/x\": dial tcp 127.0.0.1:1: connect: connection refused"
        ),
    ])
    func `what cannot be called is 500 in Dapr's words`(
        path: String, id: String, detail: String
    ) async throws {
        try await AppFixture.run { fixture in
            let answer = try fixture.send("GET", "/v1.0/invoke/\(path)")
            #expect(answer.status == 500)
            #expect(answer.text == Self.body(id, detail.replacing("\\", with: "\\\\")))
        }
    }

    @Test func `a URL is called as it is`() async throws {
        try await AppFixture.run { fixture in
            for id in [
                "http://127.0.0.1:\(fixture.appPort)",
                "http%3A%2F%2F127.0.0.1:\(fixture.appPort)/base",
            ] {
                let answer = try fixture.send(
                    "GET", "/v1.0/invoke/\(id)/method/ext?q=1", headers: [("X-A", "b")])
                #expect(answer.status == 200, "\(answer.text)")
            }
            let all = fixture.seen.all.filter { $0.target.hasSuffix("/ext?q=1") }
            #expect(all.map(\.target) == ["/ext?q=1", "/base/ext?q=1"])
            #expect(all.allSatisfy { $0["dapr-caller-app-id"] == nil && $0["x-a"] == "b" })
        }
    }

    @Test func `a URL is called with the application's token, an endpoint without`() async throws {
        var settings = SidecarSettings()
        settings.appToken = "secret"
        try await AppFixture.run(settings: settings) { fixture in
            let url = "http://127.0.0.1:\(fixture.appPort)"
            try fixture.set([
                HTTPEndpoint(
                    name: "outside", baseURL: url, headers: [.init(name: "Host", value: "evil")])
            ])
            _ = try fixture.send("GET", "/v1.0/invoke/\(url)/method/url")
            _ = try fixture.send("GET", "/v1.0/invoke/outside/method/endpoint")
            #expect(try fixture.seen.requests(to: "/url").last?.all("dapr-api-token") == ["secret"])
            let request = try #require(try fixture.seen.requests(to: "/endpoint").last)
            #expect(request.all("dapr-api-token") == [])
            #expect(request.all("host") == ["127.0.0.1:\(fixture.appPort)"])
        }
    }

    @Test func `CONNECT is nothing that an application is asked`() async throws {
        try await AppFixture.run { fixture in
            let answer = try fixture.send("CONNECT", "/v1.0/invoke/myapp/method/a")
            #expect(answer.status == 500)
            #expect(answer.text == Self.body("myapp", "invalid HTTP verb"))
            #expect(fixture.seen.all.allSatisfy { $0.target != "/a" })
        }
    }

    // MARK: Methods and header fields

    @Test(arguments: [
        ("GET", "GET"), ("POST", "POST"), ("PUT", "PUT"), ("DELETE", "DELETE"), ("PATCH", "PATCH"),
        ("OPTIONS", "OPTIONS"), ("TRACE", "TRACE"), ("PROPFIND", "POST"),
    ])
    func `methods pass, and what is none of Dapr's is a POST`(
        method: String, seen: String
    ) async throws {
        try await AppFixture.run { fixture in
            let answer = try fixture.send(method, "/v1.0/invoke/myapp/method/m")
            #expect(answer.status == 200)
            #expect(try fixture.seen.requests(to: "/m").last?.method == seen)
        }
    }

    @Test func `the application's own call sees its fields as they were sent`() async throws {
        try await AppFixture.run { fixture in
            _ = try fixture.send(
                "POST", "/v1.0/invoke/myapp/method/f",
                headers: [
                    ("X-Many", "1"), ("X-Many", "2"), ("Content-Type", "text/x"),
                    ("TE", "trailers"),
                    ("Connection", "X-Hop"), ("X-Hop", "1"), ("Keep-Alive", "timeout=5"),
                    ("Proxy-Authorization", "x"), ("trace-bin", "AA"), ("grpc-timeout", "1S"),
                    ("baggage", "a=1"), ("baggage", "b=2"), ("fakedapr-error", "x"),
                    ("dapr-api-token", "mine"),
                ], "body")
            let request = try #require(try fixture.seen.requests(to: "/f").last)
            #expect(request.all("x-many") == ["1", "2"])
            #expect(request.all("content-type") == ["text/x"])
            #expect(request.all("content-length") == ["4"])
            #expect(request.all("host") == ["127.0.0.1:\(fixture.appPort)"])
            #expect(request.all("baggage") == ["a=1"])
            #expect(request.all("dapr-grpc-timeout") == ["1S"])
            #expect(request.all("user-agent") == ["Go-http-client/1.1"])
            #expect(request.all("traceparent") == [Self.zero])
            // No token is wanted of callers, so theirs passes.
            #expect(request.all("dapr-api-token") == ["mine"])
            for name in [
                "te", "connection", "x-hop", "keep-alive", "proxy-authorization", "trace-bin",
                "grpc-timeout", "x-forwarded-for", "dapr-caller-app-id", "fakedapr-error",
            ] {
                #expect(request[name] == nil, "\(name)")
            }
            #expect(request.body == "body")
        }
    }

    @Test func `another app is told who calls, whatever the caller says`() async throws {
        try await AppFixture.run { fixture in
            _ = try fixture.send(
                "GET", "/v1.0/invoke/other/method/f",
                headers: [
                    ("dapr-caller-app-id", "evil"), ("Dapr-Callee-App-Id", "evil"),
                    ("X-Forwarded-For", "1.2.3.4"),
                    ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
                ])
            let request = try #require(try fixture.seen.requests(to: "/f").last)
            #expect(request.all("dapr-caller-app-id") == ["myapp"])
            #expect(request.all("dapr-caller-namespace") == ["default"])
            #expect(request.all("dapr-callee-app-id") == ["other"])
            #expect(request.all("x-forwarded-for") == ["1.2.3.4", "10.0.0.1"])
            #expect(request.all("x-forwarded-host") == ["box"])
            #expect(request.all("forwarded") == ["for=10.0.0.1;by=10.0.0.1;host=box"])
            #expect(
                request.all("traceparent")
                    == ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"])
        }
    }

    @Test func `tokens stay between their two parties`() async throws {
        var settings = SidecarSettings()
        settings.apiToken = "sidecar"
        settings.appToken = "app"
        try await AppFixture.run(settings: settings) { fixture in
            #expect(try fixture.send("GET", "/v1.0/invoke/myapp/method/f").status == 401)
            let answer = try fixture.send(
                "GET", "/v1.0/invoke/myapp/method/f", headers: [("dapr-api-token", "sidecar")])
            #expect(answer.status == 200)
            let request = try #require(try fixture.seen.requests(to: "/f").last)
            #expect(request.all("dapr-api-token") == ["app"])
        }
    }

    @Test(arguments: ["POST", "PUT", "PATCH"])
    func `an empty body reaches the application as an empty chunked one`(
        method: String
    ) async throws {
        try await AppFixture.run { fixture in
            _ = try fixture.send(method, "/v1.0/invoke/myapp/method/e")
            let request = try #require(try fixture.seen.requests(to: "/e").last)
            #expect(request["transfer-encoding"] == "chunked")
            #expect(request["content-length"] == nil)
            #expect(request.body == "")
        }
    }

    // MARK: Answers

    @Test(arguments: [200, 201, 202, 204, 301, 302, 304, 400, 404, 418, 422, 500, 503])
    func `a status comes back as it is, with its fields and its body`(status: Int) async throws {
        try await AppFixture.run { _ in
            var response = Response(
                status: status,
                fields: [
                    .init("X-App", "a"), .init("X-App", "b"), .init("Location", "/l"),
                    .init("Content-Type", "text/strange"),
                ])
            if StatusLine.allowsBody(status) { response.body = Array("body".utf8)[...] }
            return response
        } _: { fixture in
            let answer = try fixture.send("GET", "/v1.0/invoke/myapp/method/s")
            #expect(answer.status == status)
            #expect(answer["location"] == "/l")
            #expect(answer["content-type"] == "text/strange")
            #expect(answer["traceparent"] == Self.zero)
            #expect(answer.text == (StatusLine.allowsBody(status) ? "body" : ""))
            if status >= 400 {
                #expect(answer["content-length"] == "4")
            } else if StatusLine.allowsBody(status) {
                #expect(answer["transfer-encoding"] == "chunked")
            }
        }
    }

    @Test(
        arguments: [
            (200, "hello", "text/plain; charset=utf-8"),
            (200, "<html>", "text/html; charset=utf-8"),
            (200, "", nil), (200, "\u{1}\u{2}", "application/octet-stream"),
            (500, "oops", "application/json"), (404, "", "application/json"),
        ] as [(Int, String, String?)])
    func `a type that the application does not tell is Go's guess, or JSON for a refusal`(
        status: Int, body: String, type: String?
    ) async throws {
        try await AppFixture.run { _ in
            Response(status: status, body: Array(body.utf8)[...])
        } _: { fixture in
            let answer = try fixture.send("GET", "/v1.0/invoke/myapp/method/t")
            #expect(answer["content-type"] == type)
            #expect(answer.text == body)
        }
    }

    @Test func `a HEAD has no body, and its connection goes on`() async throws {
        try await AppFixture.run { request in
            Response(status: 200, body: Array(request.method.utf8)[...])
        } _: { fixture in
            let client = try fixture.client()
            for method in ["HEAD", "GET", "HEAD", "GET"] {
                try client.send("\(method) /v1.0/invoke/myapp/method/h HTTP/1.1\r\nHost: h\r\n\r\n")
                let answer = try client.readResponse(isHEAD: method == "HEAD")
                #expect(answer.status == 200)
                #expect(answer.text == (method == "HEAD" ? "" : "GET"))
            }
        }
    }

    @Test(arguments: [1, 65_536, 65_537, 1_000_000])
    func `bodies of any size pass both ways`(size: Int) async throws {
        try await AppFixture.run { request in
            Response(status: 200, body: Array(request.body.utf8)[...])
        } _: { fixture in
            let body = String(repeating: "x", count: size)
            let answer = try fixture.send("POST", "/v1.0/invoke/other/method/b", body)
            #expect(answer.status == 200)
            #expect(answer.text == body)
        }
    }

    @Test func `a body beyond the bound is 500`() async throws {
        var settings = SidecarSettings()
        settings.maxBodySize = 100
        try await AppFixture.run(settings: settings) { fixture in
            let long = String(repeating: "x", count: 101)
            let answer = try fixture.send("POST", "/v1.0/invoke/myapp/method/b", long)
            #expect(answer.status == 500)
            #expect(answer.text.hasSuffix(#"stream too large"}"#), "\(answer.text)")
            let client = try fixture.client()
            try client.send(
                "POST /v1.0/invoke/myapp/method/b HTTP/1.1\r\nHost: h\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n65\r\n\(long)\r\n0\r\n\r\n")
            let chunked = try client.readResponse()
            #expect(chunked.status == 500)
            #expect(chunked.text.hasSuffix(#"stream too large"}"#), "\(chunked.text)")
        }
    }
}
