package import Matching

/// Steps that belong together: what `steps`, `parallel`, `include` and `foreach` stand for.
package struct StepGroup: Sendable {
    package var steps: [Step]
    /// The steps are done once for each; what it names is known inside alone.
    package var rounds: [Round] = [[]]
    /// Whether all steps of all rounds are done at a time.
    package var isParallel = false
    /// How long it may take as a whole.
    package var timeout: Duration?

    /// Variables and their values in one round.
    package typealias Round = [(name: String, value: Template)]
}

/// How long a step is done again until what it expects is so.
package struct Retry: Sendable {
    package var patience = Duration.seconds(10)
    package var pause = Duration.milliseconds(50)
    /// How often at most.
    package var times = Int.max
}

extension Step {
    /// The steps that do something themselves: what groups hold, however deep.
    package var leaves: [Step] {
        guard case .group(let group) = action else { return [self] }
        return group.steps.flatMap(\.leaves)
    }
}

extension Scenario {
    /// All steps that do something themselves.
    package var leaves: [Step] { (setup + steps + always).flatMap(\.leaves) }
}
