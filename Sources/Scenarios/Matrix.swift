/// The variables of a scenario and their values; every combination is a case.
package struct Matrix: Sendable {
    package typealias Combination = [(name: String, value: String)]

    package var variables: [(variable: String, values: [String])] = []
    /// Combinations that are left out: those that agree with one of these.
    package var excluded: [Combination] = []
    /// Combinations that come besides.
    package var included: [Combination] = []

    /// The keys in a matrix that are no variables when they hold combinations.
    static let combinations = ["exclude", "include"]

    /// All combinations, the last variable turning fastest.
    ///
    /// - Parameter fixed: variables that take one value only.
    func combinations(fixed: [String: String]) -> [Combination] {
        var all: [Combination] = [[]]
        for (variable, values) in variables {
            let values = fixed[variable].map { [$0] } ?? values
            all = all.flatMap { one in values.map { one + [(variable, $0)] } }
        }
        let kept = all.filter { one in
            !excluded.contains { row in row.allSatisfy { one.holds($0) } }
        }
        let more = included.filter { row in
            row.allSatisfy { fixed[$0.name] == nil || fixed[$0.name] == $0.value }
        }
        return kept + more
    }
}

extension Matrix.Combination {
    fileprivate func holds(_ pair: (name: String, value: String)) -> Bool {
        contains { $0.name == pair.name && $0.value == pair.value }
    }
}
