internal import Matching
package import YAML

/// One case of a scenario: the scenario with one combination of its matrix.
package struct ScenarioCase: Sendable {
    package let scenario: Scenario
    /// The matrix's variables and values, in the file's order.
    package let variables: [(name: String, value: String)]

    /// `name [store=redis]`
    package var title: String {
        guard !variables.isEmpty else { return scenario.name }
        let values = variables.map { "\($0.name)=\($0.value)" }.joined(separator: ", ")
        return "\(scenario.name) [\(values)]"
    }

    /// Variables with a value that the title does not tell: of the command line, of the environment.
    package var given: [String: String] = [:]

    /// All cases of a scenario.
    ///
    /// - Parameters:
    ///   - fixed: variables that take one value only, whatever the matrix says.
    ///   - environment: what `${env.NAME}` stands for.
    package static func all(
        of scenario: Scenario, fixed: [String: String], environment: [String: String] = [:]
    ) -> [ScenarioCase] {
        var combinations = scenario.matrix.combinations(fixed: fixed)
        for (variable, value) in fixed.sorted(by: { $0.key < $1.key })
        where scenario.wants(variable) {
            combinations = combinations.map { $0 + [(variable, value)] }
        }
        var given = fixed
        for name in scenario.environmentNames {
            given["env.\(name)"] = environment[name]
        }
        return combinations.map { ScenarioCase(scenario: scenario, variables: $0, given: given) }
    }
}

extension Scenario {
    /// Whether the sidecar's components ask for a variable that the matrix does not have.
    fileprivate func wants(_ variable: String) -> Bool {
        guard !matrix.variables.contains(where: { $0.variable == variable }) else { return false }
        guard let components = sidecar.components else { return variable == "store" }
        return components.contains { $0.type.text.contains("${\(variable)}") }
    }
}

/// What came of a case: a value that reports are made from.
package struct CaseResult: Sendable {
    package let title: String
    package let file: String
    package let steps: [StepResult]
    package let duration: Duration
    /// The matrix's variables and values.
    package var variables: [(name: String, value: String)] = []

    package var hasFailed: Bool { steps.contains(where: \.hasFailed) }
    /// Whether something other than an expectation failed: a store that cannot be opened, say.
    package var isBroken: Bool {
        steps.contains { $0.failures.contains(where: \.isInfrastructure) }
    }
}

/// What came of a step.
package struct StepResult: Sendable {
    package var name: String
    package let failures: [Failure]
    package var duration: Duration
    /// How long the parts of a guest's run took; nil for other steps.
    package let guestTimings: String?
    /// Why the step was not done, nil when it was.
    package var skipped: String?
    /// How often it was done until it was so, or until nobody waited any longer.
    package var tries = 1
    /// What a request was answered with; kept for those who ask for it.
    package var answer: RecordedExchange.Answer?

    package var hasFailed: Bool { !failures.isEmpty }

    package struct Failure: Sendable {
        /// What it is about and where it stands in the file.
        package let diagnostic: Diagnostic
        /// nil unless two values were compared.
        package let expected: String?
        package let actual: String?
        package let isInfrastructure: Bool
        /// More to read: a guest's output, a backtrace, an answer's body.
        package let context: String?
    }
}
