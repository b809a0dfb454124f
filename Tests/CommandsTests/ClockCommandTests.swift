import TestSupport
import Testing

/// `clock` and `fault`, asking a sidecar.
@Suite struct ClockCommandTests {
    private let serve: ServeProcess

    init() throws { serve = try ServeProcess(["--store", "memory"]) }

    private func run(_ words: String...) throws -> Fakedapr.Outcome {
        try Fakedapr.run(words, environment: ["FAKEDAPR_URL": "http://127.0.0.1:\(serve.port)"])
    }

    @Test func `the clock is told and moved`() throws {
        #expect(try run("clock").output.hasSuffix("  real\n"))
        let early = try run("clock", "advance", "1h")
        #expect(early.status == 3)
        #expect(early.errors.contains("make it manual or accelerated first"))
        let manual = try run("clock", "manual", "2026-01-01T00:00:00Z")
        #expect(manual.output == "2026-01-01T00:00:00Z  manual\n")
        #expect(try run("clock", "advance", "90m").output == "2026-01-01T01:30:00Z  manual\n")
        #expect(try run("clock", "real").output.hasSuffix("  real\n"))
    }

    @Test func `a fault is added, listed and taken away`() throws {
        let added = try run("fault", "add", #"{"match":{"api":"state"},"kind":"error"}"#)
        #expect(added.output == "fault-1\n")
        #expect(try serve.save("a", "1") == 500)
        #expect(try run("fault", "list").output.hasPrefix("id=fault-1  matched=1  applied=1"))
        #expect(try run("fault", "delete", "fault-1").status == 0)
        #expect(try serve.save("a", "1") == 204)
        let slip = try run("fault", "add", #"{"kind":"eror"}"#)
        #expect(slip.status == 2)
        #expect(slip.errors.contains("did you mean `error`?"))
    }
}
