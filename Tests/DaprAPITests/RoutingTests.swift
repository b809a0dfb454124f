import Blocks
import TestSupport
import Testing

/// Routes, path cleaning and decoding (state.md §1, runtime.md §8 of the specification).
@Suite struct RoutingTests {
    private static let noTarget = Answer.error(
        404, "ERR_DIRECT_INVOKE",
        "failed getting app id either from the URL path or the header dapr-app-id")

    @Test(arguments: [
        ("GET", "/"), ("GET", "/x"), ("GET", "/v1.0"), ("GET", "/v1.0/state"),
        ("GET", "/v1.0/state/statestore"), ("DELETE", "/v1.0/state/statestore"),
        ("GET", "/v1.0/state/statestore/"), ("GET", "/v1.0/state/statestore/a/b"),
        ("DELETE", "/v1.0/state/statestore/a/b"), ("POST", "/v1.0/state/statestore/a"),
        ("PUT", "/v1.0/state/statestore/a"), ("PATCH", "/v1.0/state/statestore"),
        ("OPTIONS", "/v1.0/state/statestore"), ("OPTIONS", "/v1.0/state/statestore/a"),
        ("POST", "/v1.0/state/statestore/query"), ("POST", "/v1.0-alpha1/state/statestore"),
        ("GET", "/v1.0-alpha1/state/statestore/query"), ("POST", "/v1.0/state"),
        ("POST", "/v1.0/STATE/statestore"), ("POST", "/V1.0/state/statestore"),
        ("post", "/v1.0/state/statestore"), ("GET", "/v1.0/stat%65/statestore/a"),
        ("POST", "/v1.0/metadata/a"), ("POST", "/v1.0/metadata"), ("DELETE", "/v1.0/metadata/a"),
        ("PUT", "/v1.0/metadata"), ("POST", "/v1.0/healthz"), ("GET", "/v1.0/healthz/myapp"),
        ("GET", "/v1.0/shutdown"), ("PUT", "/v1.0/shutdown"), ("GET", "/healthz"),
    ])
    func `an unknown path or method falls to invocation, which finds no app`(
        method: String, target: String
    ) async throws {
        try await SidecarFixture.run { sidecar in
            let response = try sidecar.send(method, target)
            #expect(response.status == 404)
            #expect(response.text == Self.noTarget.body)
            #expect(response["Content-Type"] == "application/json")
        }
    }

    @Test func `HEAD is no GET`() async throws {
        try await SidecarFixture.run { sidecar in
            for target in ["/v1.0/state/statestore/a", "/v1.0/healthz", "/v1.0/metadata"] {
                let response = try sidecar.send("HEAD", target)
                #expect(response.status == 404)
                #expect(response.body.isEmpty)
            }
        }
    }

    /// How a key may be spelt in a path, and the JSON of the key that is meant.
    @Test(arguments: [
        ("a", "a"), ("a+b", "a b"), ("a%20b", "a b"), ("a%2Bb", "a+b"), ("a%2fb", "a/b"),
        ("a%2F%2Fb", "a//b"), ("%2F", "/"), ("a%25zz", "a%zz"), ("a%252F", "a%2F"),
        ("%C3%A9", "é"), ("é", "é"), ("..%2Fa", "../a"), ("%2E%2E", ".."), ("%2e", "."),
        ("...", "..."), (".a", ".a"), ("a;b", "a;b"), ("a=b&c", "a=b&c"), ("a%3Fb", "a?b"),
        ("a%23b", "a#b"), ("a|b", "a|b"), ("a:b@c!$'()*,", "a:b@c!$'()*,"), ("%00", #"\u0000"#),
        ("a%0Ab", #"a\nb"#),
    ])
    func `a key is decoded once, as a query is`(spelling: String, key: String) async throws {
        try await SidecarFixture.run { sidecar in
            let saved = try sidecar.send(
                "POST", "/v1.0/state/statestore", #"[{"key":"\#(key)","value":"found"}]"#)
            #expect(saved.status == 204)
            let got = try sidecar.send("GET", "/v1.0/state/statestore/\(spelling)")
            #expect(got.text == "\"found\"")
            let keys = await sidecar.journal().map { $0.state.map(\.key) }
            #expect(keys.count == 2)
            #expect(keys.first == keys.last)
        }
    }

    @Test(arguments: [
        "/v1.0/state/statestore/k/", "//v1.0/state/statestore/k", "/v1.0//state///statestore/k",
        "/v1.0/state/statestore/./k", "/v1.0/state/other/../statestore/k",
        "/../v1.0/state/statestore/k", "/v1.0/state/statestore/k/.",
        "/v1.0/state/statestore/x/../k",
        "/v1.0/state/statestore/k//", "/v1.0/state/statestore/k?", "/v1.0/state/statestore/k?a=b",
        "/v1.0/state/state%73tore/k",
    ])
    func `a path is cleaned before it is routed`(target: String) async throws {
        try await SidecarFixture.run { sidecar in
            _ = try sidecar.send("POST", "/v1.0/state/statestore", #"[{"key":"k","value":1}]"#)
            let response = try sidecar.send("GET", target)
            #expect(response.status == 200)
            #expect(response.text == "1")
        }
    }

    @Test(arguments: [
        "/v1.0/state/statestore/", "/v1.0/state/statestore//", "/v1.0/state//statestore",
        "/v1.0/state/statestore?metadata.x=y", "/v1.0/state/statestore/bulk/..",
    ])
    func `cleaning serves POST as well`(target: String) async throws {
        try await SidecarFixture.run { sidecar in
            let saved = try sidecar.send("POST", target, #"[{"key":"k","value":1}]"#)
            #expect(saved.status == 204)
            let got = try sidecar.send("GET", "/v1.0/state/statestore/k")
            #expect(got.text == "1")
        }
    }

    @Test(arguments: ["/v1.0/state/statestore/%zz", "/v1.0/state/statestore/a%2", "/%"])
    func `a malformed escape is the server's own 400`(target: String) async throws {
        try await SidecarFixture.run { sidecar in
            let response = try sidecar.send("GET", target)
            #expect(response.status == 400)
            #expect(response["Content-Type"] == "text/plain; charset=utf-8")
            #expect(response.text.hasPrefix("400 Bad Request"))
            let entries = await sidecar.journal()
            #expect(entries.isEmpty)
        }
    }

    // MARK: Which store (state.md §2)

    private static let info =
        #"[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","#
        + #""domain":"dapr.io","metadata":"#

    private static let routes = [
        ("POST", "/v1.0/state/S", "#"), ("GET", "/v1.0/state/S/k", ""),
        ("DELETE", "/v1.0/state/S/k", ""), ("POST", "/v1.0/state/S/bulk", "#"),
        ("POST", "/v1.0/state/S/transaction", "#"),
    ]

    @Test(arguments: routes)
    func `a store that is not there is told before the body is looked at`(
        method: String, target: String, body: String
    ) async throws {
        try await SidecarFixture.run { sidecar in
            let response = try sidecar.send(method, target, body)
            let expected = Answer.error(
                400, "ERR_STATE_STORE_NOT_FOUND", "state store S is not found",
                details: "\(Self.info){\"appID\":\"\(sidecar.appID)\"},"
                    + "\"reason\":\"DAPR_STATE_NOT_FOUND\"}]")
            #expect(response.status == 400)
            #expect(response.text == expected.body)
        }
    }

    @Test(arguments: routes)
    func `a sidecar without any store says so`(
        method: String, target: String, body: String
    ) async throws {
        try await SidecarFixture.run(SidecarPlan(store: nil)) { sidecar in
            let response = try sidecar.send(method, target, body)
            let expected = Answer.error(
                500, "ERR_STATE_STORE_NOT_CONFIGURED", "state store S is not configured",
                details: "\(Self.info){\"appID\":\"\(sidecar.appID)\"},"
                    + "\"reason\":\"DAPR_STATE_NOT_CONFIGURED\"}]")
            #expect(response.status == 500)
            #expect(response.text == expected.body)
        }
    }

    @Test func `a query of a missing store names no app`() async throws {
        try await SidecarFixture.run { sidecar in
            let response = try sidecar.send("POST", "/v1.0-alpha1/state/S/query", "{}")
            let expected = Answer.error(
                400, "ERR_STATE_STORE_NOT_FOUND", "state store S is not found",
                details: "\(Self.info)null,\"reason\":\"DAPR_STATE_NOT_FOUND\"}]")
            #expect(response.status == 400)
            #expect(response.text == expected.body)
        }
        try await SidecarFixture.run(SidecarPlan(store: nil)) { sidecar in
            let response = try sidecar.send("POST", "/v1.0-alpha1/state/S/query", "{}")
            let expected = Answer.error(
                500, "ERR_STATE_STORE_NOT_CONFIGURED", "state store S is not configured",
                details: "\(Self.info)null,\"reason\":\"DAPR_STATE_NOT_CONFIGURED\"}]")
            #expect(response.status == 500)
            #expect(response.text == expected.body)
        }
    }

    @Test func `a store's name is case-sensitive and may hold anything`() async throws {
        try await SidecarFixture.run { sidecar in
            for (target, name) in [
                ("/v1.0/state/StateStore/k", "StateStore"), ("/v1.0/state/a%2Fb/k", "a/b"),
                ("/v1.0/state/a+b/k", "a b"), ("/v1.0/state/%3Cb%3E/k", "\\u003cb\\u003e"),
            ] {
                let response = try sidecar.send("GET", target)
                #expect(response.status == 400)
                #expect(response.text.contains("\"state store \(name) is not found\""))
            }
        }
    }

    // MARK: What a Configuration refuses (runtime.md §7)

    private func plan(allowed: [String] = [], denied: [String] = []) -> SidecarPlan {
        func rules(_ names: [String]) -> [APIAccess.Rule] {
            names.map { APIAccess.Rule(version: "v1", name: $0) }
        }
        var plan = SidecarPlan()
        plan.settings.access = APIAccess(allowed: rules(allowed), denied: rules(denied))
        return plan
    }

    @Test func `a refused API is not routed`() async throws {
        try await SidecarFixture.run(plan(denied: ["state"])) { sidecar in
            let state = try sidecar.send("GET", "/v1.0/state/statestore/k")
            #expect(state.status == 404)
            #expect(state.text == Self.noTarget.body)
            let metadata = try sidecar.send("GET", "/v1.0/metadata")
            #expect(metadata.status == 200)
        }
    }

    @Test func `a list of allowances excludes everything else but health`() async throws {
        try await SidecarFixture.run(plan(allowed: ["state", "invoke"])) { sidecar in
            let state = try sidecar.send("GET", "/v1.0/state/statestore/k")
            #expect(state.status == 204)
            let metadata = try sidecar.send("GET", "/v1.0/metadata")
            #expect(metadata.text == Self.noTarget.body)
            let health = try sidecar.send("GET", "/v1.0/healthz")
            #expect(health.status == 204)
        }
    }

    @Test func `where invocation is refused Go's router answers`() async throws {
        try await SidecarFixture.run(plan(denied: ["invoke"])) { sidecar in
            let unknown = try sidecar.send("GET", "/x")
            #expect(unknown.status == 404)
            #expect(unknown.text == "404 page not found\n")
            #expect(unknown["Content-Type"] == "text/plain; charset=utf-8")
            #expect(unknown["X-Content-Type-Options"] == "nosniff")
            let method = try sidecar.send("PATCH", "/v1.0/state/statestore/k")
            #expect(method.status == 405)
            #expect(method.body.isEmpty)
        }
    }
}
