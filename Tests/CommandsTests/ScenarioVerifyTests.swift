import TestSupport
import Testing

/// What a failed question and a failed expectation say beyond that they failed.
@Suite struct ScenarioVerifyTests {
    private let scenarios: ScenarioFolder

    init() throws { scenarios = try ScenarioFolder() }

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
