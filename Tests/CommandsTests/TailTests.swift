import JSON
import TestSupport
import Testing
import Transport

/// `fakedapr tail`: what a sidecar does, as it does it.
@Suite(.timeLimit(.minutes(3))) struct TailTests {
    private static func tail(
        _ serve: ServeProcess, _ arguments: [String] = []
    ) throws -> FakedaprProcess {
        try FakedaprProcess(["tail", "--url", "http://127.0.0.1:\(serve.port)"] + arguments)
    }

    /// The lines, once there are so many.
    private static func lines(_ tail: FakedaprProcess, _ count: Int) throws -> [String] {
        try Deadline.wait("\(count) lines") { tail.output.count { $0 == "\n" } >= count }
        return tail.output.split(separator: "\n").map(String.init)
    }

    @Test func `what was done and what comes is shown in lines, hints in lines of their own`()
        throws
    {
        let serve = try ServeProcess(["--store", "memory"])
        _ = try serve.save("a", "1")
        let tail = try Self.tail(serve)
        _ = try Self.lines(tail, 1)
        _ = try serve.value("b")
        _ = try serve.value("c", in: "statstore")
        let lines = try Self.lines(tail, 4)
        let parts = lines.map { $0.split(separator: " ").dropFirst().joined(separator: " ") }
        #expect(
            parts == [
                "app state POST /v1.0/state/statestore 204 set statestore/a",
                "app state GET /v1.0/state/statestore/b 204 get statestore/b",
                "app state GET /v1.0/state/statstore/c 400",
                "did you mean `statestore`?",
            ])
        // The time of day, to the millisecond; no colour for a file.
        #expect(lines[0].prefix(12).filter(\.isNumber).count == 9)
        #expect(lines[3] == "    hint: did you mean `statestore`?")
    }

    @Test func `filters choose, and JSON is one object a line`() throws {
        let serve = try ServeProcess(["--store", "memory"])
        let tail = try Self.tail(serve, ["--key", "b", "--lines", "0", "--output", "json"])
        try Deadline.wait("a follower") {
            _ = try serve.save("b", "1")
            return !tail.output.isEmpty
        }
        _ = try serve.save("a", "1")
        _ = try serve.value("b")
        try Deadline.wait("the read") { tail.output.contains(#""operation":"get""#) }
        for line in tail.output.split(separator: "\n") {
            let entry = try JSONValue.parse(Array(line.utf8)[...])
            #expect(entry["state"]?.array?.first?["key"]?.string == "b")
        }
    }

    @Test func `only what has a hint is shown if that is wanted`() throws {
        let serve = try ServeProcess(["--store", "memory"])
        _ = try serve.save("a", "1")
        _ = try serve.value("c", in: "statstore")
        let tail = try Self.tail(serve, ["--hints"])
        let lines = try Self.lines(tail, 2)
        #expect(lines.count == 2 && lines[0].contains("statstore"))
    }

    @Test func `a sidecar that goes away is waited for`() throws {
        var serve: ServeProcess? = try ServeProcess(["--store", "memory"])
        let port = try #require(serve?.port)
        _ = try serve?.save("a", "1")
        let tail = try Self.tail(try #require(serve))
        _ = try Self.lines(tail, 1)
        serve?.process.signal(15)
        #expect(try serve?.process.waitForExit() == 0)
        serve = nil
        try Deadline.wait("the end to be told") { tail.errors.contains("waiting for it") }
        let again = try FakedaprProcess(["serve", "--port", "\(port)", "--store", "memory"])
        try Deadline.wait("it to be there again") {
            guard again.isRunning else { return true }
            return tail.errors.contains("it is there again")
        }
        // Somebody else may have taken the port meanwhile.
        guard again.isRunning else { return }
        let client = try WireClient(port: port)
        _ = try client.request("GET", "/v1.0/metadata")
        let lines = try Self.lines(tail, 2)
        #expect(lines[1].contains("/v1.0/metadata"))
    }

    @Test func `a sidecar that is not there is a failure`() throws {
        let outcome = try Fakedapr.run(["tail", "--url", "http://127.0.0.1:1"])
        #expect(outcome.status == 3)
        #expect(outcome.errors.contains("no answer from http://127.0.0.1:1"))
        let slip = try Fakedapr.run(["tail", "orders"])
        #expect(slip.status == 1 && slip.errors.contains("`tail` takes no words"))
    }
}
