internal import YAML

/// What a run of scenarios says to a person. A pure function of the results.
package enum TextReport {
    /// One case: a line, and under it what failed.
    ///
    /// - Parameter showsTimings: whether every step is listed with its duration.
    package static func lines(_ result: CaseResult, showsTimings: Bool, isColored: Bool) -> String {
        let mark = result.hasFailed ? paint("✗", "31", isColored) : paint("✓", "32", isColored)
        var lines = ["\(mark) \(result.title) (\(milliseconds(result.duration)))"]
        for step in result.steps {
            if showsTimings {
                let parts = step.guestTimings.map { ": \($0)" } ?? ""
                lines.append("    \(step.name) (\(milliseconds(step.duration))\(parts))")
            }
            if let reason = step.skipped {
                lines.append("    skipped: \(step.name): \(reason)")
            }
            let tries = step.tries == 1 ? "" : " (tried \(step.tries) times)"
            for failure in step.failures { lines += self.lines(failure, step.name + tries) }
        }
        return lines.joined(separator: "\n")
    }

    private static func lines(_ failure: StepResult.Failure, _ step: String) -> [String] {
        var lines = ["", "    in step: \(step)"]
        lines += indented(failure.diagnostic.rendered)
        if let expected = failure.expected { lines.append("      expected: \(expected)") }
        if let actual = failure.actual { lines.append("      actual:   \(actual)") }
        if let context = failure.context { lines += indented(context) }
        return lines + [""]
    }

    private static func indented(_ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)" }
    }

    /// The last line.
    package static func summary(_ run: RunResult) -> String {
        let count = run.cases.count
        let notRun = run.notRun == 0 ? "" : ", \(run.notRun) not run"
        return "\(count) \(count == 1 ? "case" : "cases"): \(run.passed) passed, "
            + "\(run.failed) failed\(notRun) (\(milliseconds(run.duration)))"
    }

    private static func milliseconds(_ duration: Duration) -> String {
        "\(duration.wholeMilliseconds) ms"
    }

    private static func paint(_ text: String, _ color: String, _ isColored: Bool) -> String {
        isColored ? "\u{1B}[\(color)m\(text)\u{1B}[0m" : text
    }
}
