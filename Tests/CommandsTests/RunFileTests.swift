import Foundation
import TestSupport
import Testing
import Transport

/// `fakedapr run -f`: the applications of a `dapr.yaml`.
@Suite struct RunFileTests {
    /// A folder with a run file of applications, each in a folder of its own that is there.
    private static func folder(
        _ text: String, folders: [String] = ["a", "b"]
    ) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for name in folders { try FileContents.makeFolder("\(folder.path)/\(name)") }
        try folder.write("dapr.yaml", text)
        return folder
    }

    private static func run(
        _ folder: TemporaryFolder, _ arguments: [String] = ["-f", "."],
        environment: [String: String] = [:], input: String? = nil
    ) throws -> Fakedapr.Outcome {
        try Fakedapr.run(
            ["run"] + arguments, environment: environment, folder: folder.path, input: input)
    }

    private static func start(
        _ folder: TemporaryFolder, _ arguments: [String] = []
    ) throws -> FakedaprProcess {
        try FakedaprProcess(["run", "-f", "."] + arguments, folder: folder.path)
    }

    /// The text of the one log file of an application or its sidecar.
    private static func log(_ folder: TemporaryFolder, _ app: String, _ what: String) throws
        -> String
    {
        let logs = "\(folder.path)/\(app)/.dapr/logs"
        let names = (FileContents.names(in: logs) ?? []).filter { $0.contains("_\(what)_") }
        let name = try #require(names.first)
        #expect(names.count == 1)
        #expect(name.contains(/_[0-9]{14}\.log$/))
        return String(decoding: try FileContents.read("\(logs)/\(name)"), as: UTF8.self)
    }

    @Test func `its lines are those of dapr run -f, and each app's are prefixed`() throws {
        let (http, grpc) = (try FreePort.find(), try FreePort.find())
        let folder = try Self.folder(
            """
            version: 1
            apps:
            - appDirPath: a
              appID: one
              daprHTTPPort: \(http)
              daprGRPCPort: \(grpc)
              command: [sh, -c, "echo out; sleep 0.1; echo err >&2"]
            """)
        let run = try Self.run(folder)
        #expect(
            run.output == """
                ℹ️  Validating config and starting app "one"
                ℹ️  Started Dapr with app id "one". HTTP Port: \(http). gRPC Port: \(grpc)
                ℹ️  Writing log files to directory : \(folder.path)/a/.dapr/logs
                == APP - one == out
                == APP - one == err
                Exited App successfully

                """)
        #expect(run.errors == "")
        #expect(run.status == 0)
        #expect(
            try Self.log(folder, "a", "app")
                == "== APP - one == out\n== APP - one == err\nExited App successfully\n")
        let sidecar = try Self.log(folder, "a", "daprd")
        for line in [
            "Starting Dapr with id one. HTTP Port: \(http). gRPC Port: \(grpc)\n",
            "Checking if Dapr sidecar is listening on HTTP port \(http)\n",
            "You're up and running! Both Dapr and your app logs will appear here.\n",
            "dapr initialized. Status: Running.", "termination signal received: shutting down\n",
            "Exited Dapr successfully\n",
        ] {
            #expect(sidecar.contains(line))
        }
    }

    @Test(arguments: [
        ("console", true, false), ("file", false, true), ("fileAndConsole", true, true),
    ])
    func `lines go where the run file says`(place: String, console: Bool, file: Bool) throws {
        let folder = try Self.folder(
            """
            version: 1
            common: { appLogDestination: \(place), daprdLogDestination: \(place) }
            apps: [{ appDirPath: a, command: [echo, hello] }]
            """)
        let run = try Self.run(folder)
        #expect(run.output.contains("== APP - a == hello\n") == console)
        #expect(run.output.contains("dapr initialized.") == console)
        let names = FileContents.names(in: "\(folder.path)/a/.dapr/logs") ?? []
        #expect(names.count == (file ? 2 : 0))
        if file { #expect(try Self.log(folder, "a", "app").contains("== APP - a == hello\n")) }
    }

    @Test func `an app has its own folder and variables, and those in common`() throws {
        let folder = try Self.folder(
            """
            version: 1
            common: { env: { BOTH: common, ONE: yes, TWO: 0777, DAPR_HTTP_PORT: 1 } }
            apps:
            - appDirPath: ./a
              env: { BOTH: own }
              command: [sh, -c, 'echo "$BOTH $ONE $TWO $PWD $APP_ID"; test $DAPR_HTTP_PORT -gt 1']
            """)
        let run = try Self.run(folder)
        #expect(run.output.contains("== APP - a == own yes 0777 \(folder.path)/a a\n"))
        #expect(run.status == 0)
    }

    @Test func `resources are the app's own, or its folder's, or those in common`() throws {
        let folder = try Self.folder(
            """
            version: 1
            common: { resourcesPath: shared }
            apps:
            - { appDirPath: a, resourcesPaths: [./mine], command: &show
                [sh, -c, 'curl -s http://127.0.0.1:$DAPR_HTTP_PORT/v1.0/metadata'] }
            - { appDirPath: b, command: *show }
            - { appDirPath: c, command: *show }
            """, folders: ["a/mine", "b/.dapr/resources", "c", "shared"])
        for (name, path) in [
            ("own", "a/mine"), ("local", "b/.dapr/resources"), ("common", "shared"),
        ] {
            try folder.component(name, "state.in-memory", file: "\(path)/x.yaml")
        }
        let run = try Self.run(folder)
        for (app, name) in [("a", "own"), ("b", "local"), ("c", "common")] {
            let line = run.output.split(separator: "\n").first {
                $0.hasPrefix("== APP - \(app) ==")
            }
            #expect(line?.contains(#""components":[{"name":"\#(name)""#) == true)
        }
    }

    @Test func `files that a component names are found from the app's folder`() throws {
        let folder = try Self.folder(
            """
            version: 1
            common: { resourcesPath: shared }
            apps:
            - appDirPath: a
              command:
              - sh
              - -c
              - >-
                curl -s -d '[{"key":"k","value":1}]'
                http://127.0.0.1:$DAPR_HTTP_PORT/v1.0/state/store
            """, folders: ["a", "shared"])
        try folder.component(
            "store", "state.sqlite", [("connectionString", "value: data.db")],
            file: "shared/store.yaml")
        #expect(try Self.run(folder).status == 0)
        #expect(FileContents.exists("\(folder.path)/a/data.db"))
    }

    @Test func `its status is the worst of its apps'`() throws {
        let folder = try Self.folder(
            """
            version: 1
            apps:
            - { appDirPath: a, command: [sh, -c, exit 3] }
            - { appDirPath: b, command: [sh, -c, sleep 0.3; echo late] }
            """)
        let run = try Self.run(folder)
        #expect(run.status == 3)
        #expect(run.output.contains("The App process exited with error code: 3\n"))
        #expect(run.output.contains("== APP - b == late\nExited App successfully\n"))
    }

    @Test func `with --stay it goes on when all apps have ended`() throws {
        let folder = try Self.folder("version: 1\napps: [{ appDirPath: a, command: [echo, x] }]")
        let run = try Self.start(folder, ["--stay"])
        try Deadline.wait("the app to end") { run.output.contains("Exited App successfully") }
        #expect(run.isRunning)
        run.signal(SIGTERM)
        #expect(try run.waitForExit() == 0)
        #expect(
            run.output.hasSuffix(
                "\nℹ️  Received signal to stop Dapr and app processes. "
                    + "Shutting down Dapr and app processes.\n"))
    }

    @Test func `a signal ends all within two seconds, and no child of a child is left`() throws {
        let folder = try Self.folder(
            """
            version: 1
            apps:
            - { appDirPath: a, command: &stubborn [sh, -c, 'trap "" TERM INT;
                (trap "" TERM INT; echo "group $$"; while :; do sleep 1; done) & wait'] }
            - { appDirPath: b, command: *stubborn }
            """)
        let run = try Self.start(folder)
        try Deadline.wait("both to speak") {
            run.output.matches(of: /group (\d+)/).count == 2
        }
        let groups = run.output.matches(of: /group (\d+)/).compactMap { Int32($0.1) }
        let begin = Reactor.monotonicNow()
        run.signal(SIGINT)
        #expect(try run.waitForExit() == 0)
        // Two seconds on a machine at rest; tests share theirs, under a sanitizer too.
        #expect(Reactor.monotonicNow() - begin < Duration.seconds(20).nanoseconds)
        for group in groups { #expect(Processes.running(inGroup: group) == 0) }
        #expect(!run.output.contains("Exited App successfully"))
        #expect(try Self.log(folder, "a", "daprd").contains("Exited App successfully\n"))
    }

    // MARK: Dependencies

    /// A server of Python's standard library that answers every request and tells when it was asked.
    private static func server(_ port: UInt16, delay: String = "0.3") -> String {
        """
        import http.server, time
        time.sleep(\(delay))
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path == '/dapr/subscribe':
                    text = b'[{"pubsubname":"pubsub","topic":"orders","route":"/orders"}]'
                    self.send_response(200)
                    self.send_header('Content-Length', str(len(text)))
                    self.end_headers()
                    self.wfile.write(text)
                    return
                found = self.path == '/hello'
                self.send_response(200 if found else 404)
                self.send_header('Content-Length', '3')
                self.end_headers()
                self.wfile.write(b'hi\\n')
            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length']))
                print('got', body.decode(), flush=True)
                self.send_response(200)
                self.send_header('Content-Length', '0')
                self.end_headers()
            def log_message(self, *_): pass
        server = http.server.ThreadingHTTPServer(('127.0.0.1', \(port)), Handler)
        server.serve_forever()
        """
    }

    @Test(arguments: ["healthy", "subscribed"])
    func `an app that depends on another's health loses no call`(condition: String) throws {
        let port = try FreePort.find()
        let folder = try Self.folder(
            """
            version: 1
            apps:
            - appDirPath: a
              dependsOn: [{ app: b, condition: \(condition) }]
              command: [sh, -c,
                'curl -s http://127.0.0.1:$DAPR_HTTP_PORT/v1.0/invoke/b/method/hello']
            - { appDirPath: b, appPort: \(port), command: [python3, server.py] }
            """)
        try folder.write("b/server.py", Self.server(port))
        let run = try Self.start(folder)
        try Deadline.wait("the answer") { run.output.contains("== APP - a == ") }
        #expect(run.output.contains("== APP - a == hi\n"))
        let starts = run.output.matches(of: /starting app "(.)"/).map { String($0.1) }
        #expect(starts == ["b", "a"])
        run.signal(SIGTERM)
        #expect(try run.waitForExit() == 0)
    }

    @Test func `an app that depends on another's subscriptions loses no message`() throws {
        let port = try FreePort.find()
        let folder = try Self.folder(
            """
            version: 1
            common: { resourcesPath: shared }
            apps:
            - appDirPath: a
              dependsOn: [{ app: b, condition: subscribed }]
              command: [sh, -c, curl -s -d 1 -H 'Content-Type:application/json'
                http://127.0.0.1:$DAPR_HTTP_PORT/v1.0/publish/pubsub/orders]
            - { appDirPath: b, appPort: \(port), command: [python3, -u, server.py] }
            """, folders: ["a", "b", "shared"])
        // A broker that keeps nothing for who comes late.
        try folder.component("pubsub", "pubsub.in-memory", file: "shared/pubsub.yaml")
        try folder.write("b/server.py", Self.server(port))
        let run = try Self.start(folder)
        try Deadline.wait("the message") { run.output.contains("== APP - b == got") }
        #expect(run.output.contains(#""data":1"#))
        run.signal(SIGTERM)
        #expect(try run.waitForExit() == 0)
    }

    @Test func `two apps of one id are told`() throws {
        let folder = try Self.folder(
            """
            version: 1
            apps:
            - { appID: a, appDirPath: a, command: [echo, x] }
            - { appID: a, appDirPath: b, command: [echo, x] }
            """)
        let run = try Self.run(folder)
        #expect(run.status == 0)
        let text = "The app id \"a\" is another app's already: calls reach the first one alone\n"
        #expect((run.output + run.errors).components(separatedBy: text).count == 2)
    }

    @Test func `an app whose dependency ends too early is named`() throws {
        let folder = try Self.folder(
            """
            version: 1
            apps:
            - { appDirPath: a, dependsOn: [{ app: b, condition: healthy }], command: [echo, x] }
            - { appDirPath: b, appPort: \(try FreePort.find()), command: [sh, -c, exit 5] }
            """)
        let run = try Self.run(folder)
        #expect(run.status == 125)
        #expect(
            run.errors.contains(
                "❌  Error starting Dapr and app (\"a\"): it depends on the app \"b\", which ended "
                    + "before it was healthy\n"))
    }

    @Test(arguments: [
        ("[{ app: c }]", "`a` depends on `c`, and there is no such app"),
        ("[{ app: a, condition: started }]", "`a` depends on itself, by way of `a`"),
        ("[{ app: b, condition: redy }]", "unknown value `redy`"),
        ("[{ app: b, until: started }]", "unknown key `until`"),
    ])
    func `dependencies that cannot be are told with their place`(
        dependencies: String, why: String
    ) throws {
        let folder = try Self.folder(
            """
            version: 1
            apps:
            - { appDirPath: a, dependsOn: \(dependencies), command: [echo, x] }
            - { appDirPath: b, command: [echo, x] }
            """)
        let run = try Self.run(folder)
        #expect(run.status == 125)
        #expect(run.errors.contains("❌  Error getting apps from config file: \(why)"))
        #expect(run.errors.contains("./dapr.yaml:3:") || run.errors.contains(":3:"))
        #expect(!run.output.contains("== APP"))
        #expect(!FileContents.exists("\(folder.path)/a/.dapr"))
    }

    // MARK: What is not right

    @Test func `an app that cannot be started is named, and the others end`() throws {
        let folder = try Self.folder(
            """
            version: 1
            apps:
            - { appDirPath: a, command: [sleep, "600"] }
            - { appDirPath: b, command: [no-such-program] }
            """)
        let run = try Self.run(folder)
        #expect(run.status == 127)
        #expect(
            run.errors
                == "❌  Error starting Dapr and app (\"b\"): exec: \"no-such-program\": "
                + "executable file not found in $PATH\n")
    }

    @Test func `an app whose sidecar cannot be opened is named`() throws {
        let folder = try Self.folder(
            """
            version: 1
            apps: [{ appDirPath: a, daprHTTPPort: 1, command: [sleep, "600"] }]
            """)
        try folder.component(
            "x", "state.in-memory", [("primaryEncryptionKey", "value: k")],
            file: "a/x.yaml")
        try folder.write(
            "dapr.yaml",
            "version: 1\napps: [{ appDirPath: a, resourcesPaths: [.], command: [sleep, '600'] }]")
        let run = try Self.run(folder)
        #expect(run.status == 125)
        #expect(run.errors.contains("❌  Error starting Dapr and app (\"a\"): "))
        #expect(run.errors.contains("primaryEncryptionKey"))
    }

    @Test(arguments: [
        ("apps: [{ appDirPath: a }]", "required field 'version' not found"),
        ("version: 1\napps: [{ appID: x }]", "required field 'appDirPath' not found"),
        ("version: 1\napps: [{ appDirPath: nowhere }]", "nowhere: no such file or directory"),
        ("version: 1\napps: [{ appDirPath: a, appPort: x }]", "expected a whole number"),
        ("version: [", "Error getting apps from config file: "),
    ])
    func `a run file that is not right is told`(text: String, why: String) throws {
        let run = try Self.run(try Self.folder(text))
        #expect(run.status == 125)
        #expect(run.errors.hasPrefix("❌  Error getting apps from config file: "))
        #expect(run.errors.contains(why))
    }

    @Test func `a run file without apps is told`() throws {
        let run = try Self.run(try Self.folder("version: 1\napps: []"))
        #expect(run.status == 125)
        #expect(run.errors == "❌  No apps to run\n")
    }

    @Test(arguments: [
        ("x.txt", "Failed to get run file path: file \"x.txt\" is not a YAML file"),
        ("missing.yaml", "Error getting apps from config file: cannot read "),
    ])
    func `a path that is no run file is told`(path: String, why: String) throws {
        let run = try Self.run(try Self.folder("version: 1"), ["-f", path])
        #expect(run.status == 125)
        #expect(run.errors.contains("❌  \(why)"))
    }

    @Test func `a run file may come by standard input`() throws {
        let run = try Self.run(
            try Self.folder(""), ["-f", "-"],
            input: "version: 1\napps: [{ appDirPath: a, command: [echo, hello] }]")
        #expect(run.output.contains("== APP - a == hello\n"))
        #expect(run.status == 0)
    }

    @Test func `keys that are not known and options without effect are told, and passed over`()
        throws
    {
        let run = try Self.run(
            try Self.folder(
                "version: 1\napps: [{ appDirPath: a, comand: [x], command: [echo, y] }]"),
            ["-f", ".", "--app-id", "x", "-p", "3"])
        #expect(run.errors.contains("the key `comand` is not known and has no effect"))
        #expect(run.errors.contains("did you mean `command`?"))
        #expect(
            run.output.hasPrefix(
                "\u{26A0}  The following flags are ignored when using --run-file and should be "
                    + "configured in the run file instead: app-id, app-port\n"))
        #expect(run.output.contains("== APP - a == y\n"))
    }

    @Test func `a port that two apps name is told, and the second one takes another`() throws {
        let port = try FreePort.find()
        let folder = try Self.folder(
            """
            version: 1
            apps:
            - { appDirPath: a, daprHTTPPort: \(port), command: [echo, x] }
            - { appDirPath: b, daprHTTPPort: \(port), command: [echo, x] }
            """)
        let run = try Self.run(folder)
        #expect(run.status == 0)
        #expect(run.output.contains("The daprHTTPPort \(port) of the app \"b\" is another app's"))
        #expect(run.output.contains("Started Dapr with app id \"a\". HTTP Port: \(port)."))
    }

    @Test func `an app without a command is a sidecar, told and kept`() throws {
        let folder = try Self.folder("version: 1\napps: [{ appDirPath: a }]")
        let run = try Self.start(folder)
        try Deadline.wait("the sidecar to be told") { run.output.contains("Writing log files") }
        #expect(
            run.output.contains(
                "\u{26A0}  No application command found for app \"a\" present in "
                    + "\(folder.path)/dapr.yaml\n"))
        #expect(run.isRunning)
        run.signal(SIGTERM)
        #expect(try run.waitForExit() == 0)
    }
}
