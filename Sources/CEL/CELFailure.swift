/// Why an expression has no value: a missing field, types that do not go together.
package struct CELFailure: Error, Equatable, Sendable {
    /// cel-go's words.
    package let text: String

    init(_ text: String) { self.text = text }

    static let noSuchOverload = CELFailure("no such overload")

    static func noSuchOverload(of function: CELFunction) -> CELFailure {
        CELFailure("no such overload: \(function.rawValue)")
    }

    static func noConversion(_ value: CELValue, to type: String) -> CELFailure {
        CELFailure("type conversion error from '\(value.typeName)' to '\(type)'")
    }
}

/// Why a text is no expression that can be evaluated.
package struct CELProblem: Error, Equatable, Sendable {
    /// One of what is wrong, with its place.
    package struct Finding: Equatable, Sendable {
        /// Counted from 1.
        package let line: Int
        /// In code points, counted from 1.
        package let column: Int
        package let message: String
    }

    /// In the order of their places; never empty.
    package let findings: [Finding]
    /// cel-go's text: for each finding a line with place and message, the source line and a caret.
    package let text: String
    /// What else to know, where daprd would not say a word but hang.
    package let hint: String?
}
