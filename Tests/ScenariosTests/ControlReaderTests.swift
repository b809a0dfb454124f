import JSON
import Matching
import Testing
import YAML

@testable import Scenarios

/// Steps that ask fakedapr itself: which request each becomes, and what is refused.
@Suite struct ControlReaderTests {
    private static func load(_ text: String) throws(Diagnostic) -> Scenario {
        try ScenarioLoader.load(
            SourceText(name: "s.yaml", text: text), folder: ".",
            read: { name in
                name == "./seed.yaml"
                    ? SourceText(name: name, text: "state: { s: { k: 1 } }") : nil
            })
    }

    private static func requests(_ steps: [Step]) -> [String] {
        steps.map { step in
            guard case .request(let request) = step.action else { return "" }
            var body = ""
            if case .json(let value, _) = request.body { body = " \(value.text)" }
            return "\(request.method) \(request.target.text)\(body)"
        }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let step: String
        let request: String
        var testDescription: String { step }
        init(_ step: String, _ request: String) { (self.step, self.request) = (step, request) }
    }

    @Test(arguments: [
        Row("clock: { advance: 1h }", #"POST /_fakedapr/clock {"advance":"1h"}"#),
        Row(
            "clock: manual@2026-01-01T00:00:00Z",
            #"POST /_fakedapr/clock {"mode":"manual","at":"2026-01-01T00:00:00Z"}"#),
        Row("clock: accelerated:60", #"POST /_fakedapr/clock {"mode":"accelerated","rate":60.0}"#),
        Row("clock: real", #"POST /_fakedapr/clock {"mode":"real"}"#),
        Row(
            "fault: { kind: drop, match: { topic: t } }",
            #"POST /_fakedapr/faults {"kind":"drop","match":{"topic":"t"}}"#),
        Row("reset: all", "POST /_fakedapr/reset {}"),
        Row("reset: state", #"POST /_fakedapr/reset {"only":["state"]}"#),
        Row("reset: [topics, journal]", #"POST /_fakedapr/reset {"only":["topics","journal"]}"#),
        Row(
            "seed: { state: { s: { k: [1] } } }",
            #"POST /_fakedapr/seed {"state":{"s":{"k":[1]}}}"#),
        Row("seed: seed.yaml", #"POST /_fakedapr/seed {"state":{"s":{"k":1}}}"#),
        Row(
            "stub: { app: a, when: /x, reply: { status: 503 } }",
            #"POST /_fakedapr/stubs {"app":"a","when":"/x","reply":{"status":503}}"#),
        Row(
            "stub: { app: a, when: '/${v}', reply: { json: ['${request.json.id}', '${v}', '$${v}'] } }",
            #"POST /_fakedapr/stubs {"app":"a","when":"/${v}","reply":{"json":["$${request.json.id}","${v}","$$${v}"]}}"#
        ),
        Row(
            "stub: { app: a, routes: [{ when: /, replies: [{ body: 'no ${use}' }] }] }",
            #"POST /_fakedapr/stubs {"app":"a","routes":[{"when":"/","replies":[{"body":"no $${use}"}]}]}"#
        ),
        Row("snapshot: before", "POST /_fakedapr/snapshots/before"),
        Row("snapshot: { save: before }", "POST /_fakedapr/snapshots/before"),
        Row("snapshot: { load: before }", "POST /_fakedapr/snapshots/before/load"),
        Row("snapshot: { delete: before }", "DELETE /_fakedapr/snapshots/before"),
        Row("snapshot: { diff: before }", "GET /_fakedapr/snapshots/before/diff"),
        Row("snapshot: { diff: a, with: b }", "GET /_fakedapr/snapshots/a/diff?with=b"),
    ])
    func `a step becomes a request that has to succeed`(row: Row) throws {
        let scenario = try Self.load("version: 1\nsteps:\n  - \(row.step)\n")
        #expect(Self.requests(scenario.steps) == [row.request])
        let expectation = try #require(scenario.steps.first?.expectations.first)
        #expect(expectation.part == "status")
        #expect(expectation.matcher.mismatch(.number("204"), at: "status") == nil)
        #expect(expectation.matcher.mismatch(.number("400"), at: "status") != nil)
    }

    @Test func `a scenario begins with its clock, its seed and its stubs`() throws {
        let scenario = try Self.load(
            """
            version: 1
            stubs: [{ app: a, when: /x }]
            seed: seed.yaml
            clock: manual
            random: 7
            setup: [{ get: / }]
            steps: []
            """)
        #expect(
            Self.requests(scenario.setup).map { $0.prefix(21) } == [
                "POST /_fakedapr/clock", "POST /_fakedapr/seed ", "POST /_fakedapr/stubs", "GET /",
            ])
        #expect(scenario.random == 7)
    }

    @Test(arguments: [
        Row("clock: manuel", "s.yaml:3:12: error: there is no clock `manuel`"),
        Row("clock: { advanc: 1h }", "s.yaml:3:14: error: unknown key `advanc`"),
        Row("reset: stat", "s.yaml:3:12: error: unknown value `stat`"),
        Row("reset: [state, stbs]", "s.yaml:3:20: error: unknown value `stbs`"),
        Row("seed: nowhere.yaml", "s.yaml:3:11: error: there is no seed ./nowhere.yaml"),
        Row("stub: { app: a, when: { paht: /x } }", "s.yaml:3:29: error: unknown key `paht`"),
        Row("fault: { kind: dorp }", "s.yaml:3:20: error: there is no fault of the kind `dorp`"),
        Row("snapshot: { laod: x }", "s.yaml:3:17: error: unknown key `laod`"),
    ])
    func `a mistake is told with its place before anything is run`(row: Row) {
        let error = #expect(throws: Diagnostic.self) {
            try Self.load("version: 1\nsteps:\n  - \(row.step)\n")
        }
        #expect(error?.rendered.hasPrefix(row.request) == true, "\(error?.rendered ?? "")")
    }
}
