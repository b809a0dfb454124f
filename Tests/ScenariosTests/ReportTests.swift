import JSON
import Testing
import YAML

@testable import Scenarios

/// What a run says to machines.
@Suite struct ReportTests {
    private static let source = SourceText(name: "a/s.yaml", text: "version: 1\nstatus: 200\n")

    private static func failure(isInfrastructure: Bool = false) -> StepResult.Failure {
        let span = SourceSpan(start: source.mark(byte: 19), end: source.mark(byte: 22))
        return StepResult.Failure(
            diagnostic: Diagnostic(
                .error, "status is not what was expected", at: span, in: source,
                hint: isInfrastructure ? "start it" : nil),
            expected: isInfrastructure ? nil : "200", actual: isInfrastructure ? nil : "\"<4&4>\"",
            isInfrastructure: isInfrastructure, context: isInfrastructure ? "a\u{1}b" : nil)
    }

    private static func result(
        _ title: String, _ failures: [StepResult.Failure], file: String = "a/s.yaml"
    ) -> CaseResult {
        var skipped = StepResult(
            name: "verify", failures: [], duration: .zero, guestTimings: nil)
        skipped.skipped = "no journal"
        let step = StepResult(
            name: "get: x, y", failures: failures, duration: .milliseconds(5), guestTimings: nil)
        return CaseResult(
            title: title, file: file, steps: failures.isEmpty ? [skipped, step] : [step],
            duration: .milliseconds(1234), variables: [("store", "redis")])
    }

    private let run = RunResult(
        cases: [
            result("good #1", []), result("bad", [failure()]),
            result("broken", [failure(isInfrastructure: true)], file: "b.yaml"),
        ], duration: .milliseconds(61_007), notRun: 2)

    @Test func `JUnit has a suite for each file, and says what failed and what broke`() {
        #expect(
            Report.junit.text(of: run) == """
                <?xml version="1.0" encoding="UTF-8"?>
                <testsuites name="fakedapr" tests="3" failures="1" errors="1" time="61.007">
                  <testsuite name="a/s.yaml" tests="2" failures="1" errors="0" time="2.468">
                    <testcase name="good #1" classname="a/s.yaml" file="a/s.yaml" time="1.234">
                      <system-out>skipped: verify: no journal</system-out>
                    </testcase>
                    <testcase name="bad" classname="a/s.yaml" file="a/s.yaml" time="1.234">
                      <failure message="status is not what was expected" type="expectation">in step: get: x, y
                a/s.yaml:2:9: status is not what was expected
                expected: 200
                actual:   &quot;&lt;4&amp;4&gt;&quot;</failure>
                    </testcase>
                  </testsuite>
                  <testsuite name="b.yaml" tests="1" failures="0" errors="1" time="1.234">
                    <testcase name="broken" classname="b.yaml" file="b.yaml" time="1.234">
                      <error message="status is not what was expected" type="infrastructure">in step: get: x, y
                a/s.yaml:2:9: status is not what was expected
                hint: start it
                a\u{FFFD}b</error>
                    </testcase>
                  </testsuite>
                </testsuites>

                """)
    }

    @Test func `TAP has a test point for each case, with a block below`() {
        #expect(
            Report.tap.text(of: run) == ##"""
                TAP version 14
                1..3
                ok 1 - a/s.yaml: good \#1
                  ---
                  duration_ms: 1234
                  ...
                not ok 2 - a/s.yaml: bad
                  ---
                  duration_ms: 1234
                  severity: fail
                  failures:
                    - message: "status is not what was expected"
                      step: "get: x, y"
                      at: "a/s.yaml:2:9"
                      expected: "200"
                      actual: "\"<4&4>\""
                  ...
                not ok 3 - b.yaml: broken
                  ---
                  duration_ms: 1234
                  severity: error
                  failures:
                    - message: "status is not what was expected"
                      step: "get: x, y"
                      at: "a/s.yaml:2:9"
                      hint: "start it"
                      context: "a\u0001b"
                  ...

                """##)
    }

    @Test func `JSON lines are an object for each case and one for the run`() throws {
        let lines = try Report.jsonl.text(of: run).split(separator: "\n").map {
            try JSONValue.parse(Array($0.utf8)[...])
        }
        #expect(lines.map { $0["type"]?.string } == ["case", "case", "case", "summary"])
        #expect(lines.map { $0["status"]?.string } == ["passed", "failed", "broken", nil])
        #expect(lines[0]["variables"]?["store"]?.string == "redis")
        #expect(lines[0]["steps"]?.array?[0]["skipped"]?.string == "no journal")
        let failure = lines[1]["steps"]?.array?[0]["failures"]?.array?[0]
        #expect(failure?["file"]?.string == "a/s.yaml")
        #expect(failure?["line"]?.double == 2 && failure?["column"]?.double == 9)
        #expect(failure?["expected"]?.string == "200")
        #expect(lines[2]["steps"]?.array?[0]["failures"]?.array?[0]["hint"]?.string == "start it")
        #expect(
            lines[3].text
                == #"{"type":"summary","cases":3,"passed":1,"failed":2,"broken":1,"notRun":2,"#
                + #""milliseconds":61007}"#)
    }

    @Test func `GitHub's annotations stand at their lines`() {
        #expect(
            Report.github.text(of: run).split(separator: "\n") == [
                "::error file=a/s.yaml,line=2,col=9,title=bad%3A get%3A x%2C y::"
                    + "status is not what was expected%0Aexpected: 200%0Aactual:   \"<4&4>\"",
                "::error file=a/s.yaml,line=2,col=9,title=broken%3A get%3A x%2C y::"
                    + "status is not what was expected%0Ahint: start it%0Aa\u{1}b",
            ])
        #expect(Report.github.text(of: RunResult(cases: [], duration: .zero)) == "")
    }

    @Test func `the page shows what failed unfolded, and nothing of it is markup`() {
        let page = Report.html.text(of: run)
        #expect(page.contains("<title>failed: scenarios</title>"))
        #expect(page.contains(">1 passed</b>, <b class=\"failed\">2 failed</b>, 2 not run"))
        #expect(page.contains("<details>\n<summary class=\"passed\">✓ good #1"))
        #expect(page.contains("<details open>\n<summary class=\"failed\">✗ bad"))
        #expect(page.contains("<tr><th>actual<td><code>&quot;&lt;4&amp;4&gt;&quot;</code>"))
        #expect(page.contains("skipped: no journal"))
        // Nothing is fetched.
        #expect(!page.contains("src=") && !page.contains("href=") && !page.contains("<script"))
    }
}
