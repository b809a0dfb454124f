import JSON
import TestSupport
import Testing
import Transport

/// `journal`, `verify` and `wait`, asking a sidecar that has done something.
@Suite struct JournalCommandTests {
    private let serve: ServeProcess

    init() throws {
        serve = try ServeProcess(["--store", "memory"])
        #expect(try serve.save("a", "1") == 204)
        #expect(try serve.save("b", "2") == 204)
        #expect(try serve.value("a") == "1")
    }

    private func run(_ words: String...) throws -> Fakedapr.Outcome {
        try Fakedapr.run(words, environment: ["FAKEDAPR_URL": "http://127.0.0.1:\(serve.port)"])
    }

    @Test func `the journal is a line per entry`() throws {
        let lines = try run("journal", "--operation", "set").output.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines[0].hasPrefix("#1  "))
        #expect(lines[0].hasSuffix("POST /v1.0/state/statestore  204  set statestore/a"))
        #expect(try run("journal", "--since", "2").output.hasPrefix("#3  "))
        #expect(try run("journal", "--key", "none").output == "")
    }

    /// A question, the status it ends with, and what is told.
    @Test(arguments: [
        (["verify", "--operation", "set", "--exactly", "2"], 0, ""),
        (["verify", "--key", "a"], 0, ""),
        (["verify", #"{"key":"a","operation":"set","exactly":1}"#], 0, ""),
        (["verify", #"{"inOrder":[{"key":"a"},{"key":"b"}]}"#], 0, ""),
        (
            ["verify", "--key", "c", "--operation", "set"], 4,
            #"    key: expected "c", found "#
        ),
        (["verify", "--key", "b", "--operation", "set", "--exactly", "0"], 4, "  done: #"),
        (["wait", "--key", "b", "--timeout", "2s"], 0, ""),
        (["wait", "--key", "c", "--timeout", "50ms"], 124, "nearest: #"),
        (["verify", "--api", "stat", "--exactly", "0"], 1, "hint: did you mean `state`?"),
        (["wait", "--outcome", "sucess"], 1, "hint: did you mean `success`?"),
        (["verify", #"{"keey":"a","exactly":1}"#], 2, "hint: did you mean `key`?"),
    ])
    func `a question ends with its status`(
        words: [String], status: Int32, message: String
    ) throws {
        let outcome = try Fakedapr.run(
            words, environment: ["FAKEDAPR_URL": "http://127.0.0.1:\(serve.port)"])
        #expect(outcome.status == status)
        #expect(outcome.output == "")
        #expect(outcome.errors.contains(message) || message.isEmpty, "\(outcome.errors)")
    }

    @Test func `what came nearest is in the JSON too`() throws {
        let outcome = try run("verify", "--key", "c", "--exactly", "1", "--output", "json")
        #expect(outcome.status == 4)
        let value = try JSONValue.parse(Array(outcome.output.utf8)[...])
        #expect(value["actual"]?.double == 0)
        #expect(value["nearest"]?.array?.isEmpty == false)
    }

    @Test func `a wait ends as soon as it is so`() async throws {
        let url = "http://127.0.0.1:\(serve.port)"
        let waiting = try FakedaprProcess(
            ["wait", "--url", url, "--key", "late", "--timeout", "20s"])
        #expect(waiting.isRunning)
        #expect(try serve.save("late", "1") == 204)
        #expect(try waiting.waitForExit() == 0)
    }
}
