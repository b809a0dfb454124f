import JSON
import TestSupport
import Testing
import Transport

/// Stubs: answers for applications that are not there.
@Suite struct StubTests {
    private static func serve(_ arguments: [String] = []) throws -> ServeProcess {
        try ServeProcess(["--store", "memory"] + arguments)
    }

    // MARK: Answers

    /// A stub, a request, and what it is answered.
    struct Row: CustomTestStringConvertible, Sendable {
        let name: String
        let stub: String
        var method = "GET"
        let target: String
        var body: String?
        var status = 200
        let answer: String
        var testDescription: String { name }
    }

    static let rows = [
        Row(
            name: "a path", stub: #""when":"/a","reply":{"body":"hello"}"#, target: "a",
            answer: "hello"),
        Row(
            name: "a status and JSON",
            stub: #""when":"/a","reply":{"status":503,"json":{"why":"busy"}}"#, target: "a",
            status: 503, answer: #"{"why":"busy"}"#),
        Row(
            name: "a pattern, and a part of the path",
            stub: ##""when":{"path":{"matches":"^/items/"}},"##
                + #""reply":{"body":"no. ${request.segments[1]}"}"#,
            target: "items/42", answer: "no. 42"),
        Row(
            name: "a parameter of the query",
            stub: #""when":{"parameters":{"page":"2"}},"reply":{"body":"${request.parameters.q}"}"#,
            target: "a?q=x%20y&page=2", answer: "x y"),
        Row(
            name: "a part of the body, with its type",
            stub: #""when":{"json":{"id":{"gt":5}}},"#
                + #""reply":{"json":{"id":"${request.json.id}","text":"id ${request.json.id}"}}"#,
            method: "POST", target: "a", body: #"{"id":7}"#, answer: #"{"id":7,"text":"id 7"}"#),
        Row(
            name: "what the request does not have",
            stub: #""when":"/a","reply":{"json":["${request.json.x}","<${request.headers.x}>"]}"#,
            target: "a", answer: #"[null,"<>"]"#),
        Row(
            name: "who calls",
            stub: #""when":"/a","reply":{"body":"${request.headers.dapr-caller-app-id}"}"#,
            target: "a", answer: "app"),
        Row(
            name: "a dollar", stub: #""when":"/a","reply":{"body":"$5 $${x}"}"#, target: "a",
            answer: "$5 ${x}"),
    ]

    @Test(arguments: rows)
    func `a stub answers`(_ row: Row) throws {
        let serve = try Self.serve()
        let made = try serve.request(
            "POST", "/_fakedapr/stubs", body: "{\"app\":\"stock\",\(row.stub)}")
        #expect(made.status == 201)
        let answer = try serve.request(
            row.method, "/v1.0/invoke/stock/method/\(row.target)", body: row.body)
        #expect(answer.status == row.status)
        #expect(answer.text == row.answer)
    }

    @Test func `a stub may be written in YAML`() throws {
        let serve = try Self.serve()
        let made = try serve.request(
            "POST", "/_fakedapr/stubs",
            body: """
                - app: stock
                  routes:
                    - when: /a
                      reply: { body: one }
                    - when: { method: GET }
                      reply: { body: other }
                """)
        #expect(made.status == 201)
        #expect(try serve.request("GET", "/v1.0/invoke/stock/method/a").text == "one")
        #expect(try serve.request("GET", "/v1.0/invoke/stock/method/b").text == "other")
    }

    /// What several calls in a row get.
    @Test(arguments: [
        (#""reply":{"body":"x"},"times":2"#, ["x", "x", "rest", "rest"]),
        (#""replies":[{"body":"1"},{"body":"2"}]"#, ["1", "2", "2", "2"]),
        (#""replies":[{"body":"1"},{"body":"2"}],"order":"cycle""#, ["1", "2", "1", "2"]),
        (#""replies":[{"body":"1"},{"body":"2"}],"times":2"#, ["1", "2", "rest", "rest"]),
        (#""reply":{"body":"use ${use}"},"times":3"#, ["use 1", "use 2", "use 3", "rest"]),
    ])
    func `answers follow one another`(stub: String, answers: [String]) throws {
        let serve = try Self.serve()
        let rules =
            "[{\"app\":\"s\",\"when\":\"/a\",\(stub)},"
            + #"{"app":"s","when":"/a","reply":{"body":"rest"}}]"#
        #expect(try serve.request("POST", "/_fakedapr/stubs", body: rules).status == 201)
        let client = try serve.client()
        for answer in answers {
            #expect(try client.request("GET", "/v1.0/invoke/s/method/a").text == answer)
        }
    }

    @Test func `an answer may be held back, but not beyond the caller's patience`() throws {
        let folder = try TemporaryFolder()
        try folder.write(
            "resiliency.yaml",
            """
            apiVersion: dapr.io/v1alpha1
            kind: Resiliency
            metadata: { name: short }
            spec:
              policies: { timeouts: { short: 100ms } }
              targets: { apps: { slow: { timeout: short } } }
            """)
        let serve = try ServeProcess(folder, ["--store", "memory"])
        let stub =
            #"{"app":"slow","when":"/a","replies":[{"delay":"20ms","body":"x"},{"delay":"1h"}]}"#
        #expect(try serve.request("POST", "/_fakedapr/stubs", body: stub).status == 201)
        #expect(try serve.request("GET", "/v1.0/invoke/slow/method/a").text == "x")
        let late = try serve.request("GET", "/v1.0/invoke/slow/method/a")
        #expect(late.status == 500)
        #expect(late.text.contains("context deadline exceeded"))
    }

    // MARK: What does not fit

    /// A request, and what its refusal tells.
    @Test(arguments: [
        ("GET", "other", "", "no stub of stock answers GET /other: the nearest is once"),
        ("POST", "reserve", #"{"item":1}"#, "json.item is to be 42, is 1"),
        ("GET", "reserve", "", "whose method is to be"),
        ("GET", "once", "", "once, which has answered its 1 times"),
    ])
    func `a call that no stub fits is told the nearest`(
        method: String, target: String, body: String, text: String
    ) throws {
        let serve = try Self.serve()
        let stubs = """
            [{"id":"reserve","app":"stock","when":{"method":"POST","path":"/reserve","json":{"item":42}}},
             {"id":"once","app":"stock","when":"/once","times":1}]
            """
        #expect(try serve.request("POST", "/_fakedapr/stubs", body: stubs).status == 201)
        if target == "once" { _ = try serve.request("GET", "/v1.0/invoke/stock/method/once") }
        let answer = try serve.request(
            method, "/v1.0/invoke/stock/method/\(target)", body: body.isEmpty ? nil : body)
        #expect(answer.status == 500)
        #expect(answer.text.contains("ERR_DIRECT_INVOKE"))
        let message = try JSONValue.parse(Array(answer.text.utf8)[...])["message"]?.string ?? ""
        #expect(message.contains(text), "\(message)")
    }

    /// A body, and what is said of it.
    @Test(arguments: [
        (#"{"when":"/a"}"#, "the key `app` is missing", 1),
        (#"{"app":"s","whn":"/a"}"#, "unknown key `whn`", 1),
        ("app: s\nwhen: /a\nreply: { status: 99 }", "99", 3),
        (
            #"{"app":"s","when":"/a","reply":{"json":{"n":["${json.x}"]}}}"#,
            "no value for ${json.x}", 1
        ),
        ("app: s\nwhen: /a\nreply:\n  headers: { X: '${y}' }", "no value for ${y}", 4),
        (#"{"app":"s","when":"/a","replies":[]}"#, "the list of replies is empty", 1),
        (#"{"app":"s","when":"/a","order":"lsat"}"#, "unknown order `lsat`", 1),
        (#"{"app":"s.t","when":"/a"}"#, "an app id is not empty and holds no dot", 1),
        (
            #"{"app":"s","subscribe":[{"pubsubname":"pubsup","topic":"t","route":"/t"}]}"#,
            "there is no pub/sub component pubsup", 1
        ),
        (
            #"[{"id":"x","app":"s","when":"/a"},{"id":"x","app":"s","when":"/b"}]"#,
            "there is a stub x already", 1
        ),
    ])
    func `a stub that is not right is told with its place`(
        body: String, message: String, line: Int
    ) throws {
        let serve = try Self.serve()
        let answer = try serve.request("POST", "/_fakedapr/stubs", body: body)
        #expect(answer.status == 400)
        let value = try JSONValue.parse(Array(answer.text.utf8)[...])
        #expect(value["message"]?.string?.contains(message) == true, "\(answer.text)")
        #expect(value["line"]?.double == Double(line))
        #expect(try serve.request("GET", "/_fakedapr/stubs").text == #"{"stubs":[]}"#)
    }

    @Test func `an app that is there answers itself`() throws {
        let serve = try Self.serve(["--app-port", "1"])
        let answer = try serve.request(
            "POST", "/_fakedapr/stubs", body: #"{"app":"app","when":"/a"}"#)
        #expect(answer.status == 400)
        #expect(answer.text.contains("the app app is there and answers itself"))
    }

    @Test func `a sidecar without an app gets its stubs for one`() throws {
        let serve = try Self.serve()
        let stub = #"{"app":"app","when":"/a","reply":{"body":"mine"}}"#
        #expect(try serve.request("POST", "/_fakedapr/stubs", body: stub).status == 201)
        #expect(try serve.request("GET", "/v1.0/invoke/app/method/a").text == "mine")
        #expect(try serve.request("DELETE", "/_fakedapr/stubs").status == 204)
        #expect(
            try serve.request("GET", "/v1.0/invoke/app/method/a").text
                .contains("app channel not initialized"))
    }

    // MARK: Listing and taking away

    @Test func `stubs are listed with their uses, and taken away`() throws {
        let serve = try Self.serve()
        let stubs = #"[{"app":"s","when":"/a"},{"id":"mine","app":"s","when":"/b","times":2}]"#
        #expect(try serve.request("POST", "/_fakedapr/stubs", body: stubs).status == 201)
        #expect(try serve.request("GET", "/v1.0/invoke/s/method/b").status == 200)
        #expect(
            try serve.request("GET", "/_fakedapr/stubs").text
                == #"{"stubs":[{"id":"stub-1","app":"s","uses":0,"when":"/a"},"#
                + #"{"id":"mine","app":"s","uses":1,"when":"/b","times":2}]}"#)
        #expect(try serve.request("GET", "/_fakedapr/stubs/mine").text.contains(#""uses":1"#))
        #expect(try serve.request("DELETE", "/_fakedapr/stubs/mine").status == 204)
        #expect(try serve.request("DELETE", "/_fakedapr/stubs/mine").status == 404)
        #expect(try serve.request("DELETE", "/_fakedapr/stubs/stub-1").status == 204)
        // Nobody is there any more.
        #expect(
            try serve.request("GET", "/v1.0/invoke/s/method/b").text
                .contains("couldn't find service: s"))
    }

    // MARK: Topics

    @Test(arguments: ["memory", "sqlite"])
    func `a stub subscribes to topics`(store: String) throws {
        let serve = try ServeProcess(["--store", store])
        let stub = """
            {"app":"billing","subscribe":[
              {"pubsubname":"pubsub","topic":"orders","route":"/orders"},
              {"pubsubname":"pubsub","topic":"other","route":"/other"}],
             "routes":[{"when":{"path":"/orders","json":{"data":{"id":1}}},
                        "reply":{"json":{"status":"SUCCESS"}}}]}
            """
        #expect(try serve.request("POST", "/_fakedapr/stubs", body: stub).status == 201)
        // What no stub answers is taken without a word.
        for topic in ["other", "orders"] {
            let publish = try serve.request(
                "POST", "/v1.0/publish/pubsub/\(topic)",
                headers: [("Content-Type", "application/json")], body: #"{"id":1}"#)
            #expect(publish.status == 204)
        }
        try Deadline.wait("the delivery") {
            try serve.request("GET", "/_fakedapr/stubs").text.contains(#""uses":1"#)
        }
        #expect(!serve.process.errors.contains("error returned from app"))
    }

    // MARK: The beginning of a test

    @Test func `a seed brings stubs, before its messages`() throws {
        let serve = try Self.serve()
        let seed = """
            stubs:
              - app: billing
                subscribe: [{ pubsubname: pubsub, topic: orders, route: /orders }]
                when: /orders
            topics: { pubsub: { orders: [{ id: 1 }, { id: 2 }] } }
            """
        #expect(try serve.request("POST", "/_fakedapr/seed", body: seed).status == 200)
        try Deadline.wait("both messages") {
            try serve.request("GET", "/_fakedapr/stubs").text.contains(#""uses":2"#)
        }
        let wrong = try serve.request(
            "POST", "/_fakedapr/seed", body: #"{"stubs":[{"app":"s","wehn":"/a"}]}"#)
        #expect(wrong.status == 400)
        #expect(wrong.text.contains("did you mean `when`?"))
    }

    @Test func `a reset leaves the stubs of the beginning, as fresh as then`() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            "stubs.json",
            #"[{"app":"s","when":"/a","times":1,"reply":{"body":"first"},"#
                + #""subscribe":[{"pubsubname":"pubsub","topic":"t","route":"/t"}]}]"#)
        let serve = try Self.serve(["--stubs", file])
        #expect(try serve.request("GET", "/v1.0/invoke/s/method/a").text == "first")
        let more = #"[{"app":"s","when":"/b"},{"app":"other","when":"/c"}]"#
        #expect(try serve.request("POST", "/_fakedapr/stubs", body: more).status == 201)
        #expect(try serve.request("POST", "/_fakedapr/reset", body: "{}").status == 200)
        #expect(
            try serve.request("GET", "/_fakedapr/stubs").text
                == #"{"stubs":[{"id":"stub-1","app":"s","uses":0,"when":"/a","times":1,"#
                + #""reply":{"body":"first"}}]}"#)
        #expect(try serve.request("GET", "/v1.0/invoke/s/method/a").text == "first")
        #expect(try serve.request("GET", "/v1.0/invoke/other/method/c").status == 500)
        // The subscription is there again.
        let publish = try serve.request(
            "POST", "/v1.0/publish/pubsub/t", headers: [("Content-Type", "application/json")],
            body: "1")
        #expect(publish.status == 204)
        let wait = try serve.request(
            "POST", "/_fakedapr/wait", body: #"{"app":"s","topic":"t","api":"deliver"}"#)
        #expect(wait.status == 200)
    }

    @Test func `a sandbox has stubs of its own, and those of the beginning`() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            "stubs.json", #"[{"app":"s","when":"/a","times":1,"reply":{"body":"first"}}]"#)
        let serve = try Self.serve(["--stubs", file])
        let made = try serve.request(
            "POST", "/_fakedapr/sandboxes", body: #"{"id":"x","port":false}"#)
        #expect(made.status == 201)
        let own = [("fakedapr-sandbox", "x")]
        let added = try serve.request(
            "POST", "/_fakedapr/stubs", headers: own, body: #"{"app":"s","when":"/b"}"#)
        #expect(added.status == 201)
        #expect(try serve.request("GET", "/v1.0/invoke/s/method/a").text == "first")
        #expect(try serve.request("GET", "/v1.0/invoke/s/method/b").status == 500)
        #expect(
            try serve.request("GET", "/v1.0/invoke/s/method/a", headers: own).text == "first")
        #expect(try serve.request("GET", "/v1.0/invoke/s/method/b", headers: own).status == 200)
    }

    // MARK: Files

    @Test func `a file's stubs are there from the beginning`() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            "stubs.yaml",
            """
            stubs:
              - app: stock
                when: /items
                times: 1
                reply: { json: [1, 2] }
            """)
        let serve = try Self.serve(["--stubs", file])
        #expect(try serve.request("GET", "/v1.0/invoke/stock/method/items").text == "[1,2]")
        #expect(try serve.request("GET", "/v1.0/invoke/stock/method/items").status == 500)
    }

    @Test func `run answers for the neighbours of its app`() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            "stubs.json", #"[{"app":"stock","when":"/items","reply":{"body":"from a stub"}}]"#)
        let outcome = try Fakedapr.run([
            "run", "-a", "shop", "--store", "memory", "--stubs", file, "--", "sh", "-c",
            "curl -s http://127.0.0.1:$DAPR_HTTP_PORT/v1.0/invoke/stock/method/items",
        ])
        #expect(outcome.output.contains("from a stub"))
    }

    @Test func `run answers for who is not in the file`() throws {
        let folder = try TemporaryFolder()
        try folder.write(
            "stubs.json", #"[{"app":"stock","when":"/items","reply":{"body":"from a stub"}}]"#)
        let ask = "curl -s http://127.0.0.1:$DAPR_HTTP_PORT/v1.0/invoke/stock/method/items"
        try folder.write(
            "dapr.yaml",
            """
            version: 1
            apps:
              - { appID: shop, appDirPath: ., command: [sh, -c, "\(ask)"] }
              - { appID: other, appDirPath: ., command: [sh, -c, "\(ask)"] }
            """)
        let outcome = try Fakedapr.run(
            ["run", "-f", "dapr.yaml", "--store", "memory", "--stubs", "stubs.json"],
            folder: folder.path)
        #expect(outcome.output.contains("== APP - shop == from a stub"), "\(outcome.errors)")
        #expect(outcome.output.contains("== APP - other == from a stub"))
    }

    /// A file's text, and what is told.
    @Test(arguments: [
        ("stubs: [{ app: s, when: /a, repyl: {} }]", "stubs.yaml:1:29: error: unknown key `repyl`"),
        (
            "app: s\nsubscribe: [{ pubsubname: none, topic: t, route: /t }]",
            "error: there is no pub/sub component none"
        ),
    ])
    func `a file that is not right ends with 2`(text: String, message: String) throws {
        let folder = try TemporaryFolder()
        try folder.write("stubs.yaml", text)
        let outcome = try Fakedapr.run(
            ["serve", "--port", "0", "--store", "memory", "--stubs", "stubs.yaml"],
            folder: folder.path)
        #expect(outcome.status == 2)
        #expect(outcome.errors.contains(message), "\(outcome.errors)")
    }
}
