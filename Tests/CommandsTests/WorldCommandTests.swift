import JSON
import TestSupport
import Testing
import Transport

/// `seed`, `snapshot`, `reset` and `sandbox`, asking a sidecar.
@Suite struct WorldCommandTests {
    private let serve: ServeProcess

    init() throws { serve = try ServeProcess(["--store", "memory"]) }

    private func run(_ words: String..., sandbox: String = "") throws -> Fakedapr.Outcome {
        try Fakedapr.run(
            words,
            environment: [
                "FAKEDAPR_URL": "http://127.0.0.1:\(serve.port)", "FAKEDAPR_SANDBOX": sandbox,
            ])
    }

    @Test func `a snapshot is saved, compared and loaded`() throws {
        let seed = #"{"state":{"statestore":{"a":1,"b":{"c":2},"gone":0}}}"#
        #expect(try run("seed", seed).status == 0)
        #expect(try run("snapshot", "save", "before").status == 0)
        #expect(try run("snapshot", "diff", "before", "--exit-code").output == "")
        #expect(try serve.save("a", "2") == 204)
        #expect(try serve.save("new", #"["x"]"#) == 204)
        #expect(
            try serve.request("DELETE", "/v1.0/state/statestore/gone").status == 204)
        let diff = try run("snapshot", "diff", "before", "--exit-code")
        #expect(diff.status == 4)
        #expect(
            diff.output == """
                + statestore/new  ["x"]
                - statestore/gone  0
                ~ statestore/a  1 -> 2

                """)
        #expect(try run("snapshot", "diff", "before").status == 0)
        #expect(try run("snapshot", "load", "before").status == 0)
        #expect(try serve.value("a") == "1")
        #expect(try run("snapshot", "list").output == "before\n")
        #expect(try run("snapshot", "delete", "before").status == 0)
        let gone = try run("snapshot", "delete", "before")
        #expect(gone.status == 3)
        #expect(gone.errors == "fakedapr: there is no snapshot `before`: none was taken\n")
    }

    @Test func `a snapshot that was shown can be put elsewhere`() throws {
        #expect(try run("seed", #"{"state":{"statestore":{"a":1}}}"#).status == 0)
        #expect(try run("snapshot", "save", "one").status == 0)
        let shown = try run("snapshot", "show", "one").output
        let folder = try TemporaryFolder()
        let file = try folder.write("one.json", shown)
        #expect(try run("snapshot", "put", "two", file).status == 0)
        #expect(try run("snapshot", "diff", "one", "two", "--exit-code").status == 0)
    }

    @Test func `a reset takes what is named`() throws {
        #expect(try serve.save("a", "1") == 204)
        #expect(try run("reset", "journal").status == 0)
        #expect(try run("journal").output == "")
        #expect(try serve.value("a") == "1")
        #expect(try run("reset").status == 0)
        #expect(try serve.request("GET", "/v1.0/state/statestore/a").status == 204)
        let slip = try run("reset", "stat")
        #expect(slip.status == 1)
        #expect(slip.errors.contains("hint: did you mean `state`?"))
    }

    @Test func `sandboxes are made, meant and deleted`() throws {
        #expect(try run("sandbox", "create", "x").output.hasPrefix("x  http://"))
        #expect(try run("sandbox", "list").output.hasPrefix("id=x  url="))
        #expect(try serve.save("a", "1") == 204)
        #expect(try run("verify", "--key", "a", "--exactly", "0", sandbox: "x").status == 0)
        #expect(try run("verify", "--key", "a", "--exactly", "1").status == 0)
        let again = try run("sandbox", "create", "x")
        #expect(again.status == 3)
        #expect(again.errors.hasPrefix("fakedapr: there is a sandbox `x` already"))
        #expect(try run("sandbox", "delete", "x").status == 0)
        let gone = try run("journal", sandbox: "x")
        #expect(gone.status == 3)
        #expect(gone.errors.contains("x"))
        let made = try run("sandbox", "create", "--port", "--output", "json")
        let url = try JSONValue.parse(Array(made.output.utf8)[...])["url"]?.string ?? ""
        #expect(try Fakedapr.run(["wait", "--url", url, "--timeout", "5s"]).status == 0)
    }
}
