internal import JSON
internal import YAML

/// TAP 14: a test point for each case, a YAML block under each that failed.
enum TAPReport {
    static func text(of run: RunResult) -> String {
        var lines = ["TAP version 14", "1..\(run.cases.count)"]
        for (index, result) in run.cases.enumerated() {
            let word = result.hasFailed ? "not ok" : "ok"
            lines.append("\(word) \(index + 1) - \(escaped("\(result.file): \(result.title)"))")
            lines += block(result)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Values in double quotes, which are JSON's and YAML's both.
    private static func block(_ result: CaseResult) -> [String] {
        var lines = ["  ---", "  duration_ms: \(result.duration.wholeMilliseconds)"]
        if result.hasFailed {
            lines.append("  severity: \(result.isBroken ? "error" : "fail")")
            lines.append("  failures:")
            for (step, failure) in result.failures { lines += self.lines(step, failure) }
        }
        return lines + ["  ..."]
    }

    private static func lines(_ step: String, _ failure: StepResult.Failure) -> [String] {
        var members = [
            ("message", failure.diagnostic.message), ("step", step),
            ("at", failure.diagnostic.place),
        ]
        if let expected = failure.expected { members.append(("expected", expected)) }
        if let actual = failure.actual { members.append(("actual", actual)) }
        if let hint = failure.diagnostic.hint { members.append(("hint", hint)) }
        if let context = failure.context { members.append(("context", context)) }
        return members.enumerated().map { index, member in
            "    \(index == 0 ? "- " : "  ")\(member.0): \(JSONValue.string(member.1).text)"
        }
    }

    /// A number sign begins a directive, and a line is a line.
    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("#", with: "\\#").replacing("\n", with: " ")
    }
}
