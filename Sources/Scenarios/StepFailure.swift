internal import YAML

/// Why a step could not be done, as opposed to not being what was expected.
struct StepFailure: Error {
    let message: String
    let span: SourceSpan
    let hint: String?
    let expected: String?
    let actual: String?
    let isInfrastructure: Bool
    /// More to read: what an application has written.
    var context: String?

    static let start = SourceSpan(at: SourceMark(line: 1, column: 1, offset: 0))

    init(
        _ message: String, at span: SourceSpan, hint: String? = nil, expected: String? = nil,
        actual: String? = nil, isInfrastructure: Bool = false
    ) {
        self.message = message
        self.span = span
        self.hint = hint
        self.expected = expected
        self.actual = actual
        self.isInfrastructure = isInfrastructure
    }

    func failure(in source: SourceText) -> StepResult.Failure {
        StepResult.Failure(
            diagnostic: Diagnostic(.error, message, at: span, in: source, hint: hint),
            expected: expected, actual: actual, isInfrastructure: isInfrastructure, context: context
        )
    }
}
