import Testing
import YAML

@testable import Scenarios

/// What a run says to a person.
@Suite struct TextReportTests {
    private let source = SourceText(name: "s.yaml", text: "version: 1\nstatus: 200\n")

    private func failure(
        expected: String? = nil, actual: String? = nil, context: String? = nil,
        isInfrastructure: Bool = false
    ) -> StepResult.Failure {
        let span = SourceSpan(start: source.mark(byte: 19), end: source.mark(byte: 22))
        return StepResult.Failure(
            diagnostic: Diagnostic(.error, "status is not what was expected", at: span, in: source),
            expected: expected, actual: actual, isInfrastructure: isInfrastructure,
            context: context)
    }

    private func result(_ steps: [StepResult]) -> CaseResult {
        CaseResult(
            title: "a name [store=redis]", file: "s.yaml", steps: steps,
            duration: .milliseconds(1234))
    }

    private let good = StepResult(
        name: "guest a.wasm", failures: [], duration: .milliseconds(5),
        guestTimings: "compile 1.00 ms, instantiate 0.10 ms, run 2.50 ms")

    @Test func `a case that passed is a line`() {
        let lines = TextReport.lines(result([good]), showsTimings: false, isColored: false)
        #expect(lines == "✓ a name [store=redis] (1234 ms)")
    }

    @Test func `timings list every step`() {
        #expect(
            TextReport.lines(result([good]), showsTimings: true, isColored: false) == """
                ✓ a name [store=redis] (1234 ms)
                    guest a.wasm (5 ms: compile 1.00 ms, instantiate 0.10 ms, run 2.50 ms)
                """)
    }

    @Test func `a failure shows its place, expected against actual, and what helps`() {
        let bad = StepResult(
            name: "the etag",
            failures: [
                failure(expected: "200", actual: "404", context: "the answer's body was\nx")
            ], duration: .zero, guestTimings: nil)
        #expect(
            TextReport.lines(result([good, bad]), showsTimings: false, isColored: false) == """
                ✗ a name [store=redis] (1234 ms)

                    in step: the etag
                    s.yaml:2:9: error: status is not what was expected
                      status: 200
                              ^~~
                      expected: 200
                      actual:   404
                    the answer's body was
                    x

                """)
    }

    @Test func `a step that was skipped is told`() {
        let skipped = StepResult(
            name: "verify", failures: [], duration: .zero, guestTimings: nil, skipped: "no journal")
        #expect(
            TextReport.lines(result([skipped]), showsTimings: false, isColored: false) == """
                ✓ a name [store=redis] (1234 ms)
                    skipped: verify: no journal
                """)
    }

    @Test func `marks are coloured on request`() {
        #expect(
            TextReport.lines(result([]), showsTimings: false, isColored: true)
                == "\u{1B}[32m✓\u{1B}[0m a name [store=redis] (1234 ms)")
        let bad = StepResult(
            name: "x", failures: [failure()], duration: .zero, guestTimings: nil)
        #expect(
            TextReport.lines(result([bad]), showsTimings: false, isColored: true)
                .hasPrefix("\u{1B}[31m✗\u{1B}[0m "))
    }

    @Test func `the summary counts`() {
        let bad = result([
            StepResult(name: "x", failures: [failure()], duration: .zero, guestTimings: nil)
        ])
        #expect(
            TextReport.summary(
                RunResult(cases: [result([good])], duration: .milliseconds(7)))
                == "1 case: 1 passed, 0 failed (7 ms)")
        #expect(
            TextReport.summary(
                RunResult(
                    cases: [result([good]), bad], duration: .seconds(2), notRun: 3))
                == "2 cases: 1 passed, 1 failed, 3 not run (2000 ms)")
    }

    @Test func `what is broken is told from what failed`() {
        let failed = result([
            StepResult(name: "x", failures: [failure()], duration: .zero, guestTimings: nil)
        ])
        let broken = result([
            StepResult(
                name: "x", failures: [failure(isInfrastructure: true)], duration: .zero,
                guestTimings: nil)
        ])
        #expect(failed.hasFailed && !failed.isBroken)
        #expect(broken.hasFailed && broken.isBroken)
        #expect(!result([good]).hasFailed)
    }
}
