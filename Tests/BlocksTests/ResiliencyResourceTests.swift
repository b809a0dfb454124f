import CEL
import Testing
import YAML

@testable import Blocks

/// Resiliency resources (resiliency.md §1 of the specification).
@Suite struct ResiliencyResourceTests {
    private func parse(_ text: String, appID: String = "myapp") -> ResourceParser.Result {
        ResourceParser.parse(
            SourceText(name: "r.yaml", text: text),
            ResourceContext(appID: appID, environment: [:], uuid: { "U-U-I-D" }))
    }

    private func resource(_ spec: String) throws -> ResiliencyResource {
        let text = "kind: Resiliency\nmetadata: {name: r1}\nspec:\n\(spec)"
        return try #require(parse(text).resiliencies.first)
    }

    private func policies(_ policies: String) throws -> ResiliencyResource {
        try resource("  policies: \(policies)\n")
    }

    @Test func `a resource as Dapr's documentation writes it`() throws {
        let resource = try resource(
            """
              policies:
                timeouts: {general: 5s, plain: 350, text: "350"}
                retries:
                  r: {policy: Exponential, maxInterval: 15s, maxRetries: 10}
                  c: {duration: 200ms, maxRetries: 3, matching: {httpStatusCodes: "429,,500-503"}}
                circuitBreakers:
                  b: {maxRequests: 2, interval: 8s, timeout: 45s, trip: consecutiveFailures > 8}
              targets:
                apps: {a: {timeout: general, retry: r, circuitBreaker: b, circuitBreakerCacheSize: 7}}
                actors: {t: {timeout: general, circuitBreaker: b, circuitBreakerScope: both}}
                components: {s: {outbound: {retry: r}, inbound: {timeout: general}}}
            """)
        #expect(resource.problem == nil)
        #expect(
            resource.timeouts == [
                "general": .seconds(5), "plain": .milliseconds(350), "text": .milliseconds(350),
            ])
        #expect(resource.retries["r"]?.kind == .exponential)
        #expect(resource.retries["r"]?.maxInterval == .seconds(15))
        #expect(resource.retries["r"]?.maxRetries == 10)
        let retry = try #require(resource.retries["c"])
        #expect(retry.kind == .constant && retry.duration == .milliseconds(200))
        #expect([429, 500, 503].allSatisfy { retry.retries(code: $0) })
        #expect(![428, 499, 504].contains { retry.retries(code: $0) })
        #expect(retry.retries(code: nil) && retry.retries(code: 14))
        let breaker = try #require(resource.breakers["b"])
        #expect(breaker.maxRequests == 2 && breaker.interval == .seconds(8))
        #expect(breaker.timeout == .seconds(45))
        #expect(breaker.trip?.source == "consecutiveFailures > 8")
        #expect(
            resource.apps["a"]?.names == .init(timeout: "general", retry: "r", breaker: "b"))
        #expect(resource.apps["a"]?.breakerCount == 7)
        #expect(resource.components["s"]?.outbound == .init(retry: "r"))
        #expect(resource.components["s"]?.inbound == .init(timeout: "general"))
    }

    @Test func `what a policy leaves out has Dapr's defaults`() throws {
        let resource = try policies("{retries: {r: {}}, circuitBreakers: {b: {}}}")
        let retry = try #require(resource.retries["r"])
        #expect(retry.kind == .constant && retry.duration == .seconds(5))
        #expect(retry.maxInterval == .seconds(60) && retry.maxRetries == -1)
        #expect([404, 500, 2].allSatisfy { retry.retries(code: $0) })
        let breaker = try #require(resource.breakers["b"])
        #expect(breaker.maxRequests == 1 && breaker.interval == .zero)
        #expect(breaker.timeout == .seconds(60) && breaker.trip == nil)
    }

    @Test(arguments: [
        (
            "{timeouts: {badt: xyz}}",
            #"invalid duration "badt", xyz: time: invalid duration "xyz""#
        ),
        (
            "{timeouts: {t: 5x}}",
            #"invalid duration "t", 5x: time: unknown unit "x" in duration "5x""#
        ),
        (
            "{timeouts: {t: 1.5}}",
            #"invalid duration "t", 1.5: time: missing unit in duration "1.5""#
        ),
        (
            "{retries: {r: {policy: linear}}}",
            #"invalid retry configuration "r": 1 error(s) decoding:"# + "\n\n* error decoding "
                + #"'policy': invalid PolicyType "linear": unexpected back off policy type: linear"#
        ),
        (
            "{retries: {r: {policy: linear, duration: soon}}}",
            #"invalid retry configuration "r": 2 error(s) decoding:"# + "\n\n* error decoding "
                + #"'duration': invalid duration "soon""# + "\n* error decoding 'policy': invalid "
                + #"PolicyType "linear": unexpected back off policy type: linear"#
        ),
        (
            "{circuitBreakers: {c2: {trip: \"requests > 3 x\"}}}",
            #"invalid retry configuration "c2": 1 error(s) decoding:"# + "\n\n* error decoding "
                + #"'trip': invalid Expr "requests > 3 x": ERROR: <input>:1:14: Syntax error: "#
                + "extraneous input 'x' expecting <EOF>\n | requests > 3 x\n | .............^"
        ),
        (
            "{retries: {r: {matching: {httpStatusCodes: '600'}}}}",
            "invalid pattern 600, start code 600 is not valid"
        ),
        (
            "{retries: {r: {matching: {httpStatusCodes: 503-500}}}}",
            "invalid pattern 503-500, start value should not bigger than end value"
        ),
        (
            "{retries: {r: {matching: {gRPCStatusCodes: a-b-c}}}}",
            "invalid pattern a-b-c, more than one '-' exists"
        ),
        (
            "{retries: {r: {matching: {gRPCStatusCodes: x}}}}",
            "failed to parse start code x from pattern x to int, strconv.Atoi: parsing \"x\": "
                + "invalid syntax"
        ),
        (
            "{retries: {r: {matching: {httpStatusCodes: '500, 502'}}}}",
            "failed to parse start code  502 from pattern  502 to int, strconv.Atoi: parsing "
                + "\" 502\": invalid syntax"
        ),
    ])
    func `a policy that cannot be decoded is told in Dapr's words`(
        policy: String, problem: String
    ) throws {
        let resource = try policies(policy)
        #expect(resource.problem == problem)
    }

    @Test(arguments: [
        ("{t: {circuitBreaker: b}}", "actor circuit breakers must include scope"),
        (
            "{t: {circuitBreaker: b, circuitBreakerScope: x}}",
            #"unknown circuit breaker scope "x""#
        ),
    ])
    func `an actor's breaker has a scope`(actors: String, problem: String) throws {
        #expect(try resource("  targets: {actors: \(actors)}\n").problem == problem)
    }

    @Test func `policies before a mistake stay, targets do not`() throws {
        let resource = try resource(
            """
              policies: {timeouts: {t: 1s}, retries: {a: {}, r: {policy: linear}}}
              targets: {apps: {a: {timeout: t}}}
            """)
        #expect(resource.timeouts == ["t": .seconds(1)] && resource.retries.keys.sorted() == ["a"])
        #expect(resource.apps.isEmpty)
    }

    @Test func `a breaker whose trip daprd would hang on says so`() throws {
        let problem = try policies("{circuitBreakers: {b: {trip: max(1)}}}").problem
        #expect(problem?.contains("undeclared reference to 'max'") == true)
        #expect(problem?.contains("daprd hangs") == true)
    }

    @Test(arguments: [("[myapp]", 1), ("[other]", 0), ("[]", 1)])
    func `scopes name apps`(scopes: String, count: Int) {
        let text = "kind: Resiliency\nmetadata: {name: r}\nscopes: \(scopes)\n"
        #expect(parse(text).resiliencies.count == count)
    }

    @Test func `only a file's first document counts`() {
        let result = parse(
            "kind: Configuration\n---\nkind: Resiliency\nmetadata: {name: r}\n")
        #expect(result.resiliencies.isEmpty)
        #expect(
            result.diagnostics.map(\.message) == [
                "skipped: Dapr reads a Resiliency only where it is the first document of its file"
            ])
    }
}
