import Blocks
import TestSupport
import Testing

/// CORS and trace headers (runtime.md §6 and §9 of the specification).
@Suite struct BrowserAndTraceTests {
    private func plan(_ change: (inout SidecarSettings) -> Void) -> SidecarPlan {
        var plan = SidecarPlan()
        change(&plan.settings)
        return plan
    }

    // MARK: CORS (§6)

    private static let browser = [("Origin", "http://a.example")]
    private static let preflight =
        browser + [
            ("Access-Control-Request-Method", "POST"),
            ("Access-Control-Request-Headers", "x-one, content-type"),
        ]

    @Test func `CORS is off by default`() async throws {
        try await SidecarFixture.run { sidecar in
            let asked = try sidecar.send(
                "OPTIONS", "/v1.0/state/statestore", headers: Self.preflight)
            #expect(asked.status == 404)
            let got = try sidecar.send("GET", "/v1.0/metadata", headers: Self.browser)
            #expect(got["Access-Control-Allow-Origin"] == nil)
            #expect(got["Vary"] == nil)
        }
    }

    @Test(arguments: [
        (["*"], "*"), (["http://a.example"], "http://a.example"),
        (["http://b.example", "http://a.example"], "http://a.example"),
    ])
    func `an allowed origin may ask and read`(origins: [String], told: String) async throws {
        try await SidecarFixture.run(plan { $0.allowedOrigins = origins }) { sidecar in
            let asked = try sidecar.send(
                "OPTIONS", "/v1.0/state/statestore", headers: Self.preflight)
            #expect(asked.status == 200)
            #expect(asked.body.isEmpty)
            #expect(asked["Access-Control-Allow-Origin"] == told)
            #expect(asked["Access-Control-Allow-Methods"] == "POST")
            #expect(asked["Access-Control-Allow-Headers"] == "x-one, content-type")
            for target in ["/v1.0/metadata", "/unknown"] {
                let got = try sidecar.send("GET", target, headers: Self.browser)
                #expect(got["Access-Control-Allow-Origin"] == told)
                #expect(got["Vary"] == "Origin")
            }
        }
    }

    @Test func `another origin is answered, but its browser is told nothing`() async throws {
        let plan = plan { $0.allowedOrigins = ["http://b.example"] }
        try await SidecarFixture.run(plan) { sidecar in
            let asked = try sidecar.send(
                "OPTIONS", "/v1.0/state/statestore", headers: Self.preflight)
            #expect(asked.status == 200)
            #expect(asked["Access-Control-Allow-Origin"] == nil)
            #expect(asked["Access-Control-Allow-Methods"] == nil)
            let got = try sidecar.send("GET", "/v1.0/metadata", headers: Self.browser)
            #expect(got.status == 200)
            #expect(got["Access-Control-Allow-Origin"] == nil)
            // OPTIONS without a preflight's question is any unknown method.
            let plain = try sidecar.send("OPTIONS", "/v1.0/metadata", headers: Self.browser)
            #expect(plain.status == 404)
        }
    }

    @Test func `a preflight needs no token`() async throws {
        let plan = plan {
            $0.apiToken = "secret"
            $0.allowedOrigins = ["*"]
        }
        try await SidecarFixture.run(plan) { sidecar in
            let asked = try sidecar.send("OPTIONS", "/v1.0/metadata", headers: Self.preflight)
            #expect(asked.status == 200)
            let got = try sidecar.send("GET", "/v1.0/metadata", headers: Self.browser)
            #expect(got.status == 401)
            #expect(got["Access-Control-Allow-Origin"] == "*")
        }
    }

    @Test(arguments: [("PATCH", true), ("DELETE", true), ("OPTIONS", false), ("TRACE", false)])
    func `a preflight may ask for the usual methods`(
        method: String, isAllowed: Bool
    ) async throws {
        try await SidecarFixture.run(plan { $0.allowedOrigins = ["*"] }) { sidecar in
            let asked = try sidecar.send(
                "OPTIONS", "/x",
                headers: Self.browser + [("Access-Control-Request-Method", method)])
            #expect(asked.status == 200)
            #expect(asked["Access-Control-Allow-Methods"] == (isAllowed ? method : nil))
            #expect(asked["Access-Control-Allow-Headers"] == nil)
        }
    }

    // MARK: Trace headers (§9)

    private static let zero = "00-00000000000000000000000000000000-0000000000000000-00"
    private static let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    @Test(
        arguments: [
            (nil, zero), (parent, parent),
            (parent.replacing("-01", with: "-00"), parent.replacing("-01", with: "-00")),
            ("", zero), ("x", zero), ("00-123-456-01", zero), ("\(parent)-x", zero),
            (parent.replacing("4bf", with: "xyz"), zero),
        ] as [(String?, String)])
    func `without a configuration a trace passes, and none is all zeros`(
        given: String?, told: String
    ) async throws {
        try await SidecarFixture.run { sidecar in
            let headers = given.map { [("traceparent", $0)] } ?? []
            for target in ["/v1.0/metadata", "/v1.0/state/statestore/k", "/unknown"] {
                let response = try sidecar.send("GET", target, headers: headers)
                #expect(response["Traceparent"] == told)
            }
        }
    }

    @Test(arguments: [
        "/v1.0/healthz", "/v1.0/healthz/outbound", "/v1.0/healthz/other",
        "/v1.0/state/statestore/healthz",
    ])
    func `a path that holds healthz is never traced`(target: String) async throws {
        for tracing in [Tracing.unconfigured, .sampling(1)] {
            try await SidecarFixture.run(plan { $0.tracing = tracing }) { sidecar in
                let response = try sidecar.send(
                    "GET", target, headers: [("traceparent", Self.parent)])
                #expect(response["Traceparent"] == nil)
            }
        }
    }

    @Test func `a refused token is traced`() async throws {
        try await SidecarFixture.run(plan { $0.apiToken = "secret" }) { sidecar in
            let response = try sidecar.send("GET", "/v1.0/metadata")
            #expect(response.status == 401)
            #expect(response["Traceparent"] == Self.zero)
        }
    }

    @Test func `with tracing off nothing is added and nothing echoed`() async throws {
        try await SidecarFixture.run(plan { $0.tracing = .off }) { sidecar in
            for headers in [[], [("traceparent", Self.parent)]] {
                let response = try sidecar.send("GET", "/v1.0/metadata", headers: headers)
                #expect(response["Traceparent"] == nil)
            }
        }
    }

    @Test(arguments: [(1.0, "01"), (0.000_000_001, "00")])
    func `with sampling each request is a span of its own`(
        rate: Double, flags: String
    ) async throws {
        try await SidecarFixture.run(plan { $0.tracing = .sampling(rate) }) { sidecar in
            var seen: Set<String> = []
            for headers in [[], [], [("traceparent", Self.parent)], [("traceparent", "x")]] {
                let response = try sidecar.send("GET", "/v1.0/metadata", headers: headers)
                let told = try #require(response["Traceparent"])
                #expect(told.wholeMatch(of: /00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]/) != nil)
                #expect(told.hasSuffix("-\(flags)"))
                #expect(!told.contains("00f067aa0ba902b7"))
                let isChild = headers.first?.1 == Self.parent
                #expect(told.hasPrefix("00-4bf92f3577b34da6a3ce929d0e0e4736-") == isChild)
                seen.insert(told)
            }
            #expect(seen.count == 4)
        }
    }
}
