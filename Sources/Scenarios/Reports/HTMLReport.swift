internal import YAML

/// One page that needs nothing beside it: a summary, and a line for each case that unfolds to its
/// steps.
enum HTMLReport {
    static func text(of run: RunResult) -> String {
        """
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width">
        <title>\(run.failed == 0 ? "passed" : "failed"): scenarios</title>
        <style>\(style)</style>
        <h1>Scenarios</h1>
        <p class="summary">\(summary(run))</p>
        \(run.files.map(section).joined())</html>

        """
    }

    private static func summary(_ run: RunResult) -> String {
        let notRun = run.notRun == 0 ? "" : ", \(run.notRun) not run"
        return "\(run.cases.count) cases: <b class=\"passed\">\(run.passed) passed</b>, "
            + "<b class=\"\(run.failed == 0 ? "passed" : "failed")\">\(run.failed) failed</b>"
            + "\(notRun) (\(run.duration.wholeMilliseconds) ms)"
    }

    private static func section(_ file: String, _ cases: [CaseResult]) -> String {
        "<h2>\(Markup.escaped(file))</h2>\n" + cases.map(details).joined()
    }

    /// What has failed is unfolded.
    private static func details(_ result: CaseResult) -> String {
        let mark = result.hasFailed ? "✗" : "✓"
        return """
            <details\(result.hasFailed ? " open" : "")>
            <summary class="\(result.status)">\(mark) \(Markup.escaped(result.title)) \
            <small>\(result.duration.wholeMilliseconds) ms</small></summary>
            <ol>
            \(result.steps.map(step).joined())</ol>
            </details>

            """
    }

    private static func step(_ step: StepResult) -> String {
        let word = step.failures.isEmpty ? step.skipped == nil ? "passed" : "skipped" : "failed"
        let timings = step.guestTimings.map { ": \($0)" } ?? ""
        let reason = step.skipped.map { "<p>skipped: \(Markup.escaped($0))</p>" } ?? ""
        return "<li class=\"\(word)\">\(Markup.escaped(step.name)) "
            + "<small>\(step.duration.wholeMilliseconds) ms\(Markup.escaped(timings))</small>"
            + reason + step.failures.map(failure).joined() + "</li>\n"
    }

    private static func failure(_ failure: StepResult.Failure) -> String {
        var html = "<pre>\(Markup.escaped(failure.diagnostic.rendered))</pre>\n<table>"
        for (name, text) in [("expected", failure.expected), ("actual", failure.actual)] {
            guard let text else { continue }
            html += "<tr><th>\(name)<td><code>\(Markup.escaped(text))</code>"
        }
        html += "</table>"
        return html + (failure.context.map { "<pre>\(Markup.escaped($0))</pre>" } ?? "")
    }

    private static let style = """
        :root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
        body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
        h2 { font-size: 1rem; margin: 1.5rem 0 .3rem; font-family: ui-monospace, monospace; }
        summary { cursor: pointer; }
        .passed { color: #18794e; } .failed, .broken { color: #c62a2f; } .skipped { color: #8f6e00; }
        small { opacity: .7; font-weight: normal; }
        pre { background: #8881; padding: .6rem; overflow-x: auto; color: CanvasText; }
        table { color: CanvasText; } th { text-align: left; padding-right: 1rem; }
        """
}
