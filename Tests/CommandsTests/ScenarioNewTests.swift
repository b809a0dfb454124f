import JSON
import TestSupport
import Testing

/// `fakedapr scenario new`: what it writes runs and passes.
@Suite struct ScenarioNewTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func new(_ arguments: String...) throws -> Fakedapr.Outcome {
        try Fakedapr.run(["scenario", "new"] + arguments, folder: folder.path)
    }

    private func run(_ file: String) throws -> Fakedapr.Outcome {
        try Fakedapr.run(
            ["scenario", "run", file, "--var", "store=memory", "--var", "broker=memory"],
            folder: folder.path)
    }

    @Test func `a curl line becomes a scenario that expects what a sidecar answers`() throws {
        let outcome = try new(
            "curl", "-X", "POST", "-H", "Content-Type: application/json", "-H", "X-Mine: a: b",
            "http://localhost:3500/v1.0/state/orders?metadata.ttlInSeconds=9", "-d",
            #"[{"key":"a","value":"${x} y"}]"#)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(
            outcome.output == #"""
                version: 1
                name: "POST /v1.0/state/orders?metadata.ttlInSeconds=9"
                matrix: { store: [memory, sqlite, redis] }
                sidecar: { appId: app, components: { orders: "state.${store}" } }

                steps:
                  - post: "/v1.0/state/orders?metadata.ttlInSeconds=9"
                    headers: { X-Mine: "a: b" }
                    json: [{ key: a, value: "$${x} y" }]
                    expect: { status: 204 }

                """#)
        try folder.write("s.yaml", outcome.output)
        #expect(try run("s.yaml").status == 0)
    }

    @Test func `an error is expected with its code and message`() throws {
        let outcome = try new("--name", "no store", "curl localhost:3500/v1.0/state/x/a%20b")
        #expect(outcome.output.contains("name: \"no store\"\n"))
        #expect(outcome.output.contains("get: \"/v1.0/state/x/a%20b\""))
        try folder.write("s.yaml", outcome.output)
        #expect(try run("s.yaml").status == 0)
        let unknown = try new(
            "curl -s 'http://localhost:3500/v1.0/publish/p/t' --json '{\"a\": 1}'")
        #expect(unknown.output.contains("components: { p: \"pubsub.${broker}\" }"))
        #expect(unknown.output.contains("expect: { status: 204 }"))
        let nobody = try new("curl", "--url=http://127.0.0.1:3500/v1.0/invoke/a/method/b?c=d")
        #expect(nobody.output.contains("errorCode: ERR_DIRECT_INVOKE"), "\(nobody.output)")
    }

    @Test func `a line as a browser copies it is understood`() throws {
        let outcome = try new(
            """
            curl 'http://localhost:3500/v1.0/state/s' \\
              -H 'sec-fetch-site: none' -H "accept: */*" \\
              --data-raw $'[{"key":"it\\'s","value":"a\\u0021"}]' --compressed -sS -k
            """)
        #expect(outcome.output.contains("json: [{ key: \"it's\", value: \"a!\" }]"), "\(outcome)")
        #expect(!outcome.output.contains("headers"))
    }

    @Test func `it is written to a file that is not there yet`() throws {
        let first = try new("--to", "n.yaml", "curl", "-I", "localhost:3500/v1.0/healthz")
        #expect(first.status == 0 && first.output == "", "\(first.errors)")
        #expect(first.errors == "wrote n.yaml: fakedapr scenario run n.yaml\n")
        let second = try new("--to", "n.yaml", "curl", "localhost:3500/v1.0/metadata")
        #expect(second.status == 2)
        #expect(second.errors.contains("n.yaml is there already: remove it, or name another file"))
    }

    struct Mistake: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        let text: String
        var testDescription: String { arguments.joined(separator: " ") }
    }

    @Test(arguments: [
        Mistake(arguments: [], text: "`scenario new` says not from what"),
        Mistake(arguments: ["wget x"], text: "it does not begin with `curl`"),
        Mistake(arguments: ["curl", "-s"], text: "it names no URL"),
        Mistake(arguments: ["curl 'x"], text: "a quote is not closed"),
        Mistake(
            arguments: ["curl", "x", "-d", "@f.json"], text: "its data are in the file f.json"),
        Mistake(arguments: ["curl", "x", "--proxy", "y"], text: "unknown option `--proxy`"),
        Mistake(arguments: ["curl", "x", "-H"], text: "the value of -H is missing"),
        Mistake(
            arguments: ["--journal", "x", "curl"], text: "takes a curl line or --journal, not both"),
    ])
    func `a line that cannot be used is told, and 1`(mistake: Mistake) throws {
        let outcome = try Fakedapr.run(
            ["scenario", "new"] + mistake.arguments, folder: folder.path)
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains(mistake.text), "\(outcome.errors)")
    }

    @Test func `a journal becomes a scenario with the applications that it shows`() throws {
        try folder.write(
            "journal.json",
            #"""
            {"entries": [
              {"app": "shop", "api": "healthz", "method": "GET", "path": "/v1.0/healthz", "status": 204},
              {"app": "shop", "api": "state", "method": "POST", "path": "/v1.0/state/items",
               "headers": {"content-type": "application/json", "user-agent": "x"},
               "body": "[{\"key\":\"a\",\"value\":{\"type\":1}}]", "status": 204, "response": {}},
              {"app": "shop", "api": "state", "method": "GET", "path": "/v1.0/state/items/a",
               "query": "consistency=strong", "status": 200, "response": {"body": "{\"type\":1}"}},
              {"app": "shop", "api": "publish", "method": "POST", "path": "/v1.0/publish/bus/orders",
               "pubsub": "bus", "topic": "orders", "body": "{\"id\":1}", "status": 204,
               "headers": {"content-type": "application/json"}, "response": {}},
              {"app": "stock", "api": "deliver", "method": "POST", "path": "/orders", "pubsub": "bus",
               "topic": "orders", "body": "{}", "status": 200,
               "response": {"body": "{\"status\":\"SUCCESS\"}"}},
              {"app": "shop", "api": "invoke", "method": "GET", "status": 200,
               "path": "/v1.0/invoke/stock/method/items/7", "response": {"body": "{\"left\":3}"}},
              {"app": "stock", "api": "metadata", "method": "DELETE", "status": 204,
               "path": "/v1.0/state/items/a", "response": {}}
            ]}
            """#)
        let outcome = try new("--journal", "journal.json", "--to", "s.yaml")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let text = try ShellProcess.run("cat \"$0\"", ["\(folder.path)/s.yaml"]).output
        #expect(text.contains("json: { exactly: { type: 1 } }"))
        #expect(text.contains("- { pubsubname: bus, topic: orders, route: /orders }"))
        #expect(!text.contains("healthz"))
        let ran = try run("s.yaml")
        #expect(ran.status == 0, "\(text)\(ran.output)\(ran.errors)")
    }

    @Test func `etags are read anew, and stores that were not there are not made`() throws {
        let serve = try ServeProcess(["--store", "memory", "--app-id", "shop"])
        let key = "/v1.0/state/statestore/a"
        #expect(try serve.save("a", "1") == 204)
        var etag = try #require(try serve.request("GET", key)["etag"])
        let saved = try serve.request(
            "POST", "/v1.0/state/statestore", body: #"[{"key":"a","value":2,"etag":"\#(etag)"}]"#)
        #expect(saved.status == 204)
        let client = try serve.client()
        // The old one does not fit any more, and is kept as it was.
        #expect(try client.request("DELETE", key, headers: [("If-Match", etag)]).status == 409)
        etag = try #require(try serve.request("GET", key)["etag"])
        #expect(try client.request("DELETE", key, headers: [("If-Match", etag)]).status == 204)
        #expect(try serve.request("GET", "/v1.0/state/nostore/b").status == 400)
        let outcome = try new("--journal", "http://127.0.0.1:\(serve.port)")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("components: { statestore: \"state.${store}\" }"))
        #expect(outcome.output.contains(#"etag: "${etag}""#), "\(outcome.output)")
        try folder.write("s.yaml", outcome.output)
        let run = try run("s.yaml")
        #expect(run.status == 0, "\(outcome.output)\(run.output)\(run.errors)")
    }

    @Test func `a running sidecar's journal is read`() throws {
        let serve = try ServeProcess(["--store", "memory"])
        #expect(try serve.save("k", "1") == 204)
        #expect(try serve.value("k") == "1")
        let outcome = try new("--journal", "http://127.0.0.1:\(serve.port)")
        guard outcome.status == 0 else {
            // The journal's route is not served yet.
            #expect(outcome.errors.contains("cannot read the journal of"))
            return
        }
        try folder.write("s.yaml", outcome.output)
        #expect(try run("s.yaml").status == 0, "\(outcome.output)")
    }
}
