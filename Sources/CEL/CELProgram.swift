package import JSON

/// An expression of CEL, checked and ready: a routing rule, a circuit breaker's `trip`.
///
/// The language as daprd has it: cel-go's standard library, every unknown identifier a variable of
/// any type. Pure: reads no clock, does no I/O, and both compiling and evaluating are bounded.
package struct CELProgram: Sendable {
    /// As it was written.
    package let source: String
    private let code: Code

    /// Parses and checks `source`.
    package init(_ source: String) throws(CELProblem) {
        let text = ExpressionText(source)
        guard text.scalars.count <= CELLimits.sourceLength else {
            throw text.problem([
                text.finding(
                    "expression code point size exceeds limit: size: \(text.scalars.count), "
                        + "limit \(CELLimits.sourceLength)", at: 0)
            ])
        }
        let node = try Parser.parse(text)
        try Checker.check(node, in: text)
        self.source = source
        code = Code(node)
    }

    /// The expression's value where identifiers stand for `variables`; any other identifier is a
    /// failure once it is read.
    package func evaluate(
        _ variables: [String: CELValue]
    ) throws(CELFailure) -> CELValue {
        var evaluator = Evaluator(variables)
        return try evaluator.value(of: code)
    }

    /// Whether the expression is true; a value that is no boolean is a failure, in the words of
    /// daprd's routing.
    package func isTrue(_ variables: [String: CELValue]) throws(CELFailure) -> Bool {
        guard case .bool(let isTrue) = try evaluate(variables) else {
            throw CELFailure("the result of match expression \(source) was not a boolean")
        }
        return isTrue
    }

    /// Whether a routing rule takes this CloudEvent, which it knows as `event`.
    package func matches(event: JSONValue) throws(CELFailure) -> Bool {
        try isTrue(["event": CELValue(event)])
    }
}
