internal import YAML

/// The forms in which a run is told to machines; each a pure function of what came of the cases.
package enum Report: String, Sendable, CaseIterable {
    case junit
    case tap
    case jsonl
    case html
    case github

    /// The whole report, ended by a line feed unless it is empty.
    package func text(of run: RunResult) -> String {
        switch self {
        case .junit: JUnitReport.text(of: run)
        case .tap: TAPReport.text(of: run)
        case .jsonl: JSONLinesReport.text(of: run)
        case .html: HTMLReport.text(of: run)
        case .github: GitHubReport.text(of: run)
        }
    }
}

/// What came of a run of scenarios.
package struct RunResult: Sendable {
    /// In the order of the files, not of time.
    package let cases: [CaseResult]
    package let duration: Duration
    /// Cases that were not begun: after a failure with `--fail-fast`, after Ctrl-C.
    package let notRun: Int

    package init(cases: [CaseResult], duration: Duration, notRun: Int = 0) {
        self.cases = cases
        self.duration = duration
        self.notRun = notRun
    }

    package var failed: Int { cases.count(where: \.hasFailed) }
    package var passed: Int { cases.count - failed }
    /// Cases in which something other than an expectation failed.
    var broken: Int { cases.count(where: \.isBroken) }

    /// Cases by file, in order.
    var files: [(file: String, cases: [CaseResult])] {
        var files: [(file: String, cases: [CaseResult])] = []
        for one in cases {
            if files.last?.file == one.file {
                files[files.count - 1].cases.append(one)
            } else {
                files.append((one.file, [one]))
            }
        }
        return files
    }
}

extension CaseResult {
    /// `passed`, `failed`, or `broken` when something other than an expectation failed.
    var status: String { isBroken ? "broken" : hasFailed ? "failed" : "passed" }

    /// Every failure with the name of its step.
    var failures: [(step: String, failure: StepResult.Failure)] {
        steps.flatMap { step in step.failures.map { (step.name, $0) } }
    }
}

extension StepResult.Failure {
    /// `file:line:column: message`, then what was expected and what there was instead.
    var lines: [String] {
        var lines = ["\(diagnostic.place): \(diagnostic.message)"]
        if let expected { lines.append("expected: \(expected)") }
        if let actual { lines.append("actual:   \(actual)") }
        if let hint = diagnostic.hint { lines.append("hint: \(hint)") }
        if let context { lines.append(context) }
        return lines
    }
}

extension Duration {
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }

    /// `1.234`, as JUnit has it.
    var secondsText: String {
        let milliseconds = wholeMilliseconds
        let fraction = String(milliseconds % 1000)
        let zeros = String(repeating: "0", count: 3 - fraction.count)
        return "\(milliseconds / 1000).\(zeros)\(fraction)"
    }
}
