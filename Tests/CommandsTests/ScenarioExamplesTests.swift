import Foundation
import TestSupport
import Testing

/// The scenarios of the checkout.
@Suite struct ScenarioExamplesTests {
    @Test func `every one passes, on every store it names`() throws {
        let outcome = try Fakedapr.run(["scenario", "run", "Scenarios"], folder: Fakedapr.checkout)
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    }

    @Test func `together they show the whole language`() throws {
        let folder = "\(Fakedapr.checkout)/Scenarios"
        let text = try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasSuffix(".yaml") }
            .map { try String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8) }.joined()
        let words = [
            "matrix", "sidecar", "setup", "steps", "always", "guest", "put", "get", "post",
            "delete",
            "verify", "expect", "capture", "timeout", "stdin", "seed", "exit", "stdout", "calls",
            "status", "headers", "json", "body", "exactly", "atMost", "atLeast", "contains",
            "matches",
            "startsWith", "type", "gt", "gte", "lte", "length", "any", "each", "absent", "not",
            "tags", "foreach", "parallel", "include", "with", "retry", "invoke", "inOrder",
            "exclude", "stubs", "stub", "clock", "random", "faults", "fault", "seed", "snapshot",
            "reset",
        ]
        for word in words {
            let isShown = [" ", "\n"].contains { text.contains("\(word):\($0)") }
            #expect(isShown, "\(word) is shown nowhere")
        }
    }
}
