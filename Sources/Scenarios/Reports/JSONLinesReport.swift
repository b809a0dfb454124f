internal import JSON
internal import YAML

/// A JSON object on a line for each case, and one for the whole run.
enum JSONLinesReport {
    static func text(of run: RunResult) -> String {
        let summary = JSONValue.object([
            .init("type", .string("summary")), .init("cases", number(run.cases.count)),
            .init("passed", number(run.passed)), .init("failed", number(run.failed)),
            .init("broken", number(run.broken)), .init("notRun", number(run.notRun)),
            .init("milliseconds", number(run.duration.wholeMilliseconds)),
        ])
        return (run.cases.map(line) + [summary]).map { "\($0.text)\n" }.joined()
    }

    private static func line(_ result: CaseResult) -> JSONValue {
        .object([
            .init("type", .string("case")), .init("file", .string(result.file)),
            .init("title", .string(result.title)),
            .init(
                "variables",
                .object(result.variables.map { .init($0.name, .string($0.value)) })),
            .init("status", .string(result.status)),
            .init("milliseconds", number(result.duration.wholeMilliseconds)),
            .init("steps", .array(result.steps.map(step))),
        ])
    }

    private static func step(_ step: StepResult) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("name", .string(step.name)),
            .init("milliseconds", number(step.duration.wholeMilliseconds)),
        ]
        if step.tries > 1 { members.append(.init("tries", number(step.tries))) }
        if let reason = step.skipped { members.append(.init("skipped", .string(reason))) }
        if !step.failures.isEmpty {
            members.append(.init("failures", .array(step.failures.map(failure))))
        }
        return .object(members)
    }

    private static func failure(_ failure: StepResult.Failure) -> JSONValue {
        let diagnostic = failure.diagnostic
        var members: [JSONValue.Member] = [
            .init("message", .string(diagnostic.message)), .init("file", .string(diagnostic.file)),
            .init("line", number(diagnostic.span.start.line)),
            .init("column", number(diagnostic.span.start.column)),
            .init("kind", .string(failure.isInfrastructure ? "infrastructure" : "expectation")),
        ]
        for (name, text) in [
            ("expected", failure.expected), ("actual", failure.actual), ("hint", diagnostic.hint),
            ("context", failure.context),
        ] {
            if let text { members.append(.init(name, .string(text))) }
        }
        return .object(members)
    }

    private static func number(_ number: some BinaryInteger) -> JSONValue {
        .number(String(number))
    }
}
