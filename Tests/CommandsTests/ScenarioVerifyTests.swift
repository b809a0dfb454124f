import TestSupport
import Testing

/// What a failed question and a failed expectation say beyond that they failed.
@Suite struct ScenarioVerifyTests {
    private let scenarios: ScenarioFolder

    init() throws { scenarios = try ScenarioFolder() }

    /// A key is saved, another one read twice; the question stands from line 7 on.
    private func verify(_ question: String) throws -> Fakedapr.Outcome {
        try scenarios.run(
            """
            version: 1
            steps:
              - put: { store: statestore, key: a, value: 1 }
              - get: /v1.0/state/statestore/b
              - get: /v1.0/state/statestore/b?consistency=strong
              - verify:
                  \(question)
            """)
    }

    /// A question, where the failure stands, and lines that are told.
    @Test(arguments: [
        (
            "exactly: 1\n      key: b", "7:16: error: verify: it was done 2 times",
            [
                "done: #2 app GET /v1.0/state/statestore/b -> 204",
                "done: #3 app GET /v1.0/state/statestore/b?consistency=strong -> 204",
            ]
        ),
        (
            "inOrder:\n        - { key: b }\n        - { key: b, operation: delete }",
            "9:11: error: verify: step 2 of 2 was not done after step 1",
            [
                "done: #2 app GET /v1.0/state/statestore/b -> 204",
                "nearest: #3 app GET /v1.0/state/statestore/b?consistency=strong -> 204",
                "  operation: expected \"delete\", actual \"get\"",
            ]
        ),
        (
            "inOrder:\n        - { key: b }\n        - { key: a, operation: set }",
            "9:11: error: verify: step 2 of 2 was not done after step 1",
            [
                "nearest: #1 app POST /v1.0/state/statestore -> 204",
                "  order: expected after #2, which is step 1, actual #1",
            ]
        ),
        (
            "inOrder: [{ key: c }, { key: a }]",
            "7:17: error: verify: step 1 of 2 was not done",
            ["  key: expected \"c\", actual \"b\""]
        ),
        (
            "json: { key: b }\n      exactly: 1", "8:16: error: verify: it was done never", []
        ),
    ])
    func `a failed question tells what was done and what nearly was`(
        question: String, place: String, lines: [String]
    ) throws {
        let outcome = try verify(question)
        #expect(outcome.status == 4)
        #expect(outcome.output.contains("s.yaml:\(place)\n"), "\(outcome.output)")
        for line in lines { #expect(outcome.output.contains("\(line)\n"), "\(outcome.output)") }
    }

    @Test(arguments: [
        ("body: { contain: b }", "hint: `contain` is no operator, did you mean `contains`?"),
        ("status: { in: [201, 202] }", "hint: `in` is no operator, did you mean `matches`?"),
        ("json: { equal: '1' }", "hint: `equal` is no operator, did you mean `equals`?"),
        ("json: '1'", "hint: write 1 without quotes"),
    ])
    func `a failed expectation that may be a slip says so`(expect: String, hint: String) throws {
        let outcome = try scenarios.run(
            steps: """
                  - put: { store: statestore, key: a, value: 1 }
                  - get: /v1.0/state/statestore/a
                    expect: { \(expect) }
                """)
        #expect(outcome.status == 4)
        #expect(outcome.output.contains(hint), "\(outcome.output)")
    }
}
