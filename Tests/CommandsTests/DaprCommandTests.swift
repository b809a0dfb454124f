import Foundation
import TestSupport
import Testing
import Transport

/// The commands that `dapr` has beside `run`, and links in its name.
@Suite struct DaprCommandTests {
    /// One user's home, and what runs for that user.
    private final class User {
        let home: TemporaryFolder

        init() throws { home = try TemporaryFolder() }

        func run(_ arguments: [String], input: String? = nil) throws -> Fakedapr.Outcome {
            try Fakedapr.run(
                arguments, environment: ["HOME": home.path], folder: home.path, input: input)
        }

        /// Starts `run` and waits until its application speaks.
        func start(_ arguments: [String]) throws -> FakedaprProcess {
            let run = try FakedaprProcess(
                ["run"] + arguments, environment: ["HOME": home.path], folder: home.path)
            try Deadline.wait("run to be up") {
                !run.isRunning || run.output.contains("You're up and running!")
            }
            return run
        }

        /// Starts an application that answers every request with what was sent, at a port.
        func startEcho(_ id: String, _ more: [String] = []) throws -> FakedaprProcess {
            let port = try FreePort.find()
            try home.write("\(id).py", Self.echo)
            let run = try start(
                ["--app-id", id, "--app-port", "\(port)"] + more
                    + ["--", "python3", "\(home.path)/\(id).py", "\(port)"])
            try Deadline.wait("the application to be found") {
                run.output.contains("dapr initialized.")
            }
            return run
        }

        private static let echo = """
            import http.server, sys
            class Handler(http.server.BaseHTTPRequestHandler):
                protocol_version = 'HTTP/1.1'
                def answer(self):
                    length = int(self.headers.get('Content-Length') or 0)
                    body = self.rfile.read(length)
                    status = 404 if self.path.startswith('/dapr/') else 200
                    if self.path.startswith('/fail'): status = 503
                    asked = self.path == '/dapr/subscribe'
                    if asked: status = 200
                    text = f'{self.command} {self.path} {body.decode()}'.encode()
                    if asked: text = b'[{"pubsubname":"pubsub","topic":"orders","route":"/orders"}]'
                    if self.path.startswith('/orders'): print('GOT', body.decode(), flush=True)
                    self.send_response(status)
                    self.send_header('Content-Length', str(len(text)))
                    self.end_headers()
                    self.wfile.write(text)
                do_GET = do_POST = do_PUT = do_DELETE = answer
                def log_message(self, *_): pass
            http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()
            """
    }

    // MARK: Two processes

    @Test func `two runs of one user reach each other by app id`() throws {
        let user = try User()
        let callee = try user.startEcho("callee")
        let caller = try user.run([
            "run", "--app-id", "caller", "--", "sh", "-c",
            "curl -s -d hello http://127.0.0.1:$DAPR_HTTP_PORT/v1.0/invoke/callee/method/say?a=b",
        ])
        #expect(caller.output.contains("POST /say?a=b hello"))
        callee.signal(SIGTERM)
        _ = try callee.waitForExit()
    }

    @Test func `two runs of one user share their default store`() throws {
        let user = try User()
        let save = """
            curl -s -d '[{"key":"k","value":"shared"}]' \
            http://127.0.0.1:$DAPR_HTTP_PORT/v1.0/state/statestore
            """
        let get = "curl -s http://127.0.0.1:$DAPR_HTTP_PORT/v1.0/state/statestore/k"
        #expect(try user.run(["run", "-a", "x", "--", "sh", "-c", save]).status == 0)
        #expect(
            try user.run(["run", "-a", "x", "--", "sh", "-c", get]).output.contains("\"shared\""))
    }

    @Test func `two runs of one user share their default topics, without a wait`() throws {
        let user = try User()
        let subscriber = try user.startEcho("subscriber")
        let publish = """
            curl -s -d '{"id":7}' -H 'Content-Type: application/json' \
            http://127.0.0.1:$DAPR_HTTP_PORT/v1.0/publish/pubsub/orders
            """
        #expect(try user.run(["run", "-a", "publisher", "--", "sh", "-c", publish]).status == 0)
        try Deadline.wait("the message") { subscriber.output.contains(#""data":{"id":7}"#) }
        subscriber.signal(SIGTERM)
        _ = try subscriber.waitForExit()
    }

    @Test func `publish publishes by way of a running sidecar`() throws {
        let user = try User()
        let run = try user.startEcho("x")
        let publish = try user.run([
            "publish", "-i", "x", "-p", "pubsub", "-t", "orders", "-d", #"{"id":8}"#,
        ])
        #expect(publish.output == "✅  Event published successfully\n")
        try Deadline.wait("the message") { run.output.contains(#""data":{"id":8}"#) }
        let failed = try user.run(["publish", "-i", "x", "-p", "none", "-t", "t", "-d", "1"])
        #expect(
            failed.errors
                == "❌  Error publishing topic t: unexpected status code 404 on publishing to t in none\n"
        )
        #expect(failed.output.hasSuffix("/v1.0/publish/none/t\n"))
        #expect(failed.status == 1)
        run.signal(SIGTERM)
        _ = try run.waitForExit()
    }

    @Test func `a dead sidecar is no one's callee`() throws {
        let user = try User()
        let callee = try user.startEcho("callee")
        callee.signal(SIGKILL)
        _ = try callee.waitForExit()
        #expect(try user.run(["list"]).output == "No Dapr instances found.\n")
        let again = try user.startEcho("callee")
        let names = FileContents.names(in: "\(user.home.path)/.fakedapr/sidecars") ?? []
        #expect(names.count == 2)
        let answer = try user.run(["invoke", "-a", "callee", "-m", "say", "-d", "x"])
        #expect(answer.output == "POST /say x\n✅  App invoked successfully\n")
        again.signal(SIGTERM)
        _ = try again.waitForExit()
    }

    @Test func `another user's sidecars are not seen`() throws {
        let run = try User().start(["--app-id", "x", "sleep", "600"])
        #expect(try User().run(["list"]).output == "No Dapr instances found.\n")
        run.signal(SIGTERM)
        _ = try run.waitForExit()
    }

    // MARK: list

    @Test func `list shows who runs, in columns or as JSON`() throws {
        let user = try User()
        let run = try user.start([
            "--app-id", "x", "--app-port", "\(try FreePort.find())", "sleep", "600",
        ])
        let table = try user.run(["list"]).output.split(separator: "\n")
        #expect(
            table.first?.split(separator: "  ").map { $0.trimmingCharacters(in: .whitespaces) } == [
                "APP ID", "HTTP PORT", "GRPC PORT", "APP PORT", "COMMAND", "AGE", "CREATED",
                "DAPRD PID", "CLI PID", "APP PID",
            ])
        #expect(table.count == 2)
        #expect(table.last?.hasPrefix("x ") == true)
        let data = Data(try user.run(["list", "-o", "json"]).output.utf8)
        let list = try #require(JSONSerialization.jsonObject(with: data) as? [[String: Any]])
        let entry = try #require(list.first)
        #expect(entry["appId"] as? String == "x")
        #expect(entry["command"] as? String == "sleep 600")
        #expect(entry["cliPid"] as? Int == Int(run.id))
        #expect((entry["appPid"] as? Int ?? 0) > 0)
        let zoned = try Fakedapr.run(
            ["list", "-o", "json"], environment: ["HOME": user.home.path, "TZ": "XXX-12"])
        #expect(!zoned.output.contains(entry["created"] as? String ?? "-"))
        #expect(
            (entry["created"] as? String)?.contains(/^\d{4}-\d\d-\d\d \d\d:\d\d\.\d\d$/) == true)
        #expect(
            try user.run(["list", "-o", "yaml"]).output.hasPrefix("- appId: \"x\"\n  httpPort: "))
        run.signal(SIGTERM)
        _ = try run.waitForExit()
        #expect(try user.run(["list", "-o", "json"]).output == "[]")
    }

    @Test func `an output form that list does not know is told`() throws {
        let list = try User().run(["list", "-o", "xml"])
        #expect(list.errors == "❌  An invalid output format was specified.\n")
        #expect(list.status == 1)
    }

    // MARK: stop

    @Test(arguments: [["--app-id", "x"], ["-a", "x"], ["x"]])
    func `stop ends an application by its id`(arguments: [String]) throws {
        let user = try User()
        let run = try user.start(["--app-id", "x", "sleep", "600"])
        let stop = try user.run(["stop"] + arguments)
        #expect(stop.output == "✅  app stopped successfully: x\n")
        #expect(stop.status == 0)
        #expect(try run.waitForExit() == 0)
        #expect(run.output.hasSuffix("✅  Exited App successfully\n"))
    }

    @Test func `stop of one that is not there is told, and no failure`() throws {
        let stop = try User().run(["stop", "x"])
        #expect(stop.errors == "❌  failed to stop app id x: couldn't find app id x\n")
        #expect(stop.status == 0)
    }

    @Test func `stop ends the applications of a run file, or one of them`() throws {
        let user = try User()
        try FileContents.makeFolder("\(user.home.path)/a")
        try user.home.write(
            "dapr.yaml",
            """
            version: 1
            apps:
            - { appDirPath: a, appID: one, command: [sleep, "600"] }
            - { appDirPath: a, appID: two, command: [sleep, "600"] }
            """)
        let run = try FakedaprProcess(
            ["run", "-f", "."], environment: ["HOME": user.home.path], folder: user.home.path)
        func ids() throws -> [String] {
            let data = Data(try user.run(["list", "-o", "json"]).output.utf8)
            let list = try JSONSerialization.jsonObject(with: data) as? [[String: Any]] ?? []
            return list.filter { $0["appPid"] as? Int != 0 }.compactMap { $0["appId"] as? String }
        }
        try Deadline.wait("both to run") { try ids().count == 2 }
        #expect(try user.run(["stop", "one"]).status == 0)
        try Deadline.wait("one to end") { try ids() == ["two"] }
        #expect(run.isRunning)
        let stop = try user.run(["stop", "-f", "."])
        #expect(stop.output == "✅  Dapr and app processes stopped successfully\n")
        #expect(try run.waitForExit() == 0)
        let again = try user.run(["stop", "-f", "dapr.yaml"])
        #expect(
            again.errors
                == "❌  Failed to stop Dapr and app processes: couldn't find apps with run file "
                + "\"\(user.home.path)/dapr.yaml\"\n")
        #expect(again.status == 0)
    }

    // MARK: invoke and publish

    @Test func `invoke calls a method and prints its answer`() throws {
        let user = try User()
        let run = try user.startEcho("x")
        let get = try user.run(["invoke", "-a", "x", "-m", "items/1?a=b", "-v", "GET"])
        #expect(get.output == "GET /items/1?a=b \n✅  App invoked successfully\n")
        try user.home.write("body", "from a file")
        let file = try user.run(["invoke", "-a", "x", "-m", "m", "-f", "\(user.home.path)/body"])
        #expect(file.output.hasPrefix("POST /m from a file\n"))
        let failed = try user.run(["invoke", "-a", "x", "-m", "fail"])
        #expect(failed.errors == "❌  error invoking app x: 503 Service Unavailable\n")
        #expect(failed.status == 1)
        run.signal(SIGTERM)
        _ = try run.waitForExit()
        let gone = try user.run(["invoke", "-a", "x", "-m", "m"])
        #expect(gone.errors == "❌  error invoking app x: app ID x not found\n")
        #expect(gone.status == 1)
    }

    @Test(arguments: [
        (
            ["invoke", "-a", "x", "-m", "m", "-d", "1", "-f", "x"],
            "❌  Only one of --data and --data-file allowed in the same invoke command\n"
        ),
        (
            ["publish", "-i", "x", "-p", "p", "-t", "t", "-d", "1", "-f", "x"],
            "❌  Only one of --data and --data-file allowed in the same publish command\n"
        ),
        (
            ["publish", "-i", "x", "-p", "p", "-t", "t"],
            "❌  Error publishing topic t: couldn't find a running Dapr instance\n"
        ),
        (
            ["publish", "-i", "x", "-p", "p", "-t", "t", "-m", "[1]"],
            "❌  Error parsing metadata as JSON. Error: `[1]` is no JSON object\n"
        ),
    ])
    func `what cannot be sent is told`(arguments: [String], text: String) throws {
        let outcome = try User().run(arguments)
        #expect(outcome.errors == text)
        #expect(outcome.status == 1)
    }

    @Test func `options that have to be given are named`() throws {
        let outcome = try User().run(["invoke"])
        #expect(
            outcome.errors.hasPrefix("Error: required flag(s) \"app-id\", \"method\" not set\n"))
        #expect(outcome.status == 1)
    }

    // MARK: Nothing to do

    @Test(arguments: [
        (["init"], "✅  Success! Dapr is up and running. To get started, go here: "),
        (["init", "--slim", "--runtime-version", "1.18.3", "--redis-stack"], "Making the jump"),
        (["uninstall", "--all"], "✅  Dapr has been removed successfully\n"),
        (["status"], "No Dapr instances found.\n"),
        (["--log-as-json", "init"], #""status":"success""#),
    ])
    func `what has nothing to do says so and is no failure`(
        arguments: [String], text: String
    ) throws {
        let outcome = try User().run(arguments)
        #expect(outcome.output.contains(text))
        #expect(outcome.status == 0)
    }

    @Test(arguments: ["init", "uninstall", "status", "list", "stop", "run"])
    func `Kubernetes is told to be none of ours`(command: String) throws {
        let outcome = try User().run([command, "-k"])
        #expect(outcome.errors.contains("\(command) -k is about Kubernetes"))
        #expect(outcome.status == 1)
    }

    @Test func `logs prints what an application of a run file has written`() throws {
        let user = try User()
        try FileContents.makeFolder("\(user.home.path)/a")
        try user.home.write(
            "dapr.yaml",
            "version: 1\napps: [{ appDirPath: a, command: [sh, -c, 'echo hello; sleep 600'] }]")
        let run = try FakedaprProcess(
            ["run", "-f", "."], environment: ["HOME": user.home.path], folder: user.home.path)
        try Deadline.wait("the app to speak") { run.output.contains("== APP - a == hello") }
        #expect(
            try user.run(["logs", "-a", "a"]).output == "== APP - a == hello\n✅  Fetched logs\n")
        #expect(try user.run(["status"]).output.hasPrefix("✅  a: healthy, HTTP port "))
        run.signal(SIGTERM)
        _ = try run.waitForExit()
        #expect(try user.run(["logs", "-a", "a"]).errors == "❌  couldn't find app id a\n")
    }

    // MARK: Names

    @Test(arguments: [["--version"], ["-v"], ["version"]])
    func `the version is told as dapr tells it`(arguments: [String]) throws {
        #expect(
            try User().run(arguments).output == "CLI version: 0.1.0 \nRuntime version: 1.18.3\n")
    }

    @Test func `the version may be JSON`() throws {
        #expect(
            try User().run(["version", "-o", "json"]).output
                == #"{"Cli version":"0.1.0","Runtime version":"1.18.3"}"# + "\n")
    }

    @Test func `a command that is nearly one is told`() throws {
        let outcome = try User().run(["rum", "x"])
        #expect(outcome.errors == "fakedapr: unknown command `rum`: did you mean `run`?\n")
        #expect(outcome.status == 1)
    }

    @Test func `by a link named dapr it is dapr`() throws {
        let folder = try TemporaryFolder()
        let outcome = try ShellProcess.run(
            """
            ln -s "$0" dapr && HOME=$PWD ./dapr run --app-id x -- sh -c 'echo hello'
            """, [Fakedapr.path], folder: folder.path)
        #expect(outcome.output.contains("Starting Dapr with id x."))
        #expect(outcome.output.contains("\nhello\n"))
        #expect(outcome.status == 0)
    }

    @Test func `by a link named daprd it is daprd, with its log on standard output`() throws {
        let folder = try TemporaryFolder()
        let outcome = try ShellProcess.run(
            """
            ln -s "$0" daprd; export HOME=$PWD
            ./daprd -app-id x -dapr-http-port 0 -dapr-grpc-port=0 > log & pid=$!
            until grep -q 'dapr initialized' log; do sleep 0.05; done
            "$0" list | tail -n 1 | cut -c 1-2
            kill $pid; wait $pid; echo "status $?"
            """, [Fakedapr.path], folder: folder.path)
        #expect(outcome.output == "x \nstatus 0\n")
    }
}
