internal import YAML

/// Workflow commands that GitHub shows beside the lines of the files.
enum GitHubReport {
    static func text(of run: RunResult) -> String {
        run.cases.flatMap { result in
            result.failures.map { step, failure in command(result, step, failure) }
        }.joined()
    }

    private static func command(
        _ result: CaseResult, _ step: String, _ failure: StepResult.Failure
    ) -> String {
        let start = failure.diagnostic.span.start
        let properties = [
            "file=\(property(failure.diagnostic.file))", "line=\(start.line)",
            "col=\(start.column)", "title=\(property("\(result.title): \(step)"))",
        ].joined(separator: ",")
        var lines = failure.lines
        // The place is told by the properties.
        lines[0] = failure.diagnostic.message
        return "::error \(properties)::\(data(lines.joined(separator: "\n")))\n"
    }

    private static func data(_ text: String) -> String {
        text.replacing("%", with: "%25").replacing("\r", with: "%0D").replacing("\n", with: "%0A")
    }

    private static func property(_ text: String) -> String {
        data(text).replacing(":", with: "%3A").replacing(",", with: "%2C")
    }
}
