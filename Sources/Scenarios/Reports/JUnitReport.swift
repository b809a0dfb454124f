internal import YAML

/// JUnit's XML: a suite for each file, a case for each case, as build servers read it.
enum JUnitReport {
    static func text(of run: RunResult) -> String {
        let totals = counts(run.cases, run.duration)
        let suites = run.files.map { suite($0.file, $0.cases) }.joined()
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuites name="fakedapr"\(totals)>
            \(suites)</testsuites>

            """
    }

    private static func suite(_ file: String, _ cases: [CaseResult]) -> String {
        let duration = cases.map(\.duration).reduce(.zero, +)
        let name = Markup.escaped(file)
        return "  <testsuite name=\"\(name)\"\(counts(cases, duration))>\n"
            + cases.map(testCase).joined() + "  </testsuite>\n"
    }

    private static func counts(_ cases: [CaseResult], _ duration: Duration) -> String {
        let errors = cases.count(where: \.isBroken)
        let failures = cases.count(where: \.hasFailed) - errors
        return " tests=\"\(cases.count)\" failures=\"\(failures)\" errors=\"\(errors)\""
            + " time=\"\(duration.secondsText)\""
    }

    private static func testCase(_ result: CaseResult) -> String {
        let head =
            "    <testcase name=\"\(Markup.escaped(result.title))\" "
            + "classname=\"\(Markup.escaped(result.file))\" "
            + "file=\"\(Markup.escaped(result.file))\" time=\"\(result.duration.secondsText)\""
        let inner = result.failures.map(failure).joined() + skipped(result)
        return inner.isEmpty ? "\(head)/>\n" : "\(head)>\n\(inner)    </testcase>\n"
    }

    private static func failure(_ step: String, _ failure: StepResult.Failure) -> String {
        let element = failure.isInfrastructure ? "error" : "failure"
        let text = (["in step: \(step)"] + failure.lines).joined(separator: "\n")
        return "      <\(element) message=\"\(Markup.escaped(failure.diagnostic.message))\" "
            + "type=\"\(failure.isInfrastructure ? "infrastructure" : "expectation")\">"
            + "\(Markup.escaped(text))</\(element)>\n"
    }

    /// Steps that were left out: the case itself was run.
    private static func skipped(_ result: CaseResult) -> String {
        let lines = result.steps.compactMap { step in
            step.skipped.map { "skipped: \(step.name): \($0)" }
        }
        guard !lines.isEmpty else { return "" }
        let text = Markup.escaped(lines.joined(separator: "\n"))
        return "      <system-out>\(text)</system-out>\n"
    }
}

/// Texts inside XML and HTML.
enum Markup {
    /// What XML 1.0 has no way to write becomes U+FFFD.
    static func escaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result.append(contentsOf: "&amp;".unicodeScalars)
            case "<": result.append(contentsOf: "&lt;".unicodeScalars)
            case ">": result.append(contentsOf: "&gt;".unicodeScalars)
            case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
            case "\t", "\n", "\r": result.append(scalar)
            case _ where scalar.value < 0x20 || scalar.value & 0xFFFE == 0xFFFE:
                result.append("\u{FFFD}")
            default: result.append(scalar)
            }
        }
        return String(result)
    }
}
