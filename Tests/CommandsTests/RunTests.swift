import Foundation
import TestSupport
import Testing
import Transport

/// The system's own list of processes.
enum Processes {
    /// How many of a group run: those that have ended, and were not waited for, do not.
    static func running(inGroup group: Int32) -> Int {
        (FileContents.names(in: "/proc") ?? []).filter { name in
            guard let bytes = try? FileContents.read("/proc/\(name)/stat") else { return false }
            let words = String(decoding: bytes, as: UTF8.self).split(separator: ")").last?
                .split(separator: " ")
            guard let words, words.count > 2 else { return false }
            return words[0] != "Z" && words[2] == String(group)
        }.count
    }
}

/// `fakedapr run`: one application with its sidecar.
@Suite struct RunTests {
    /// The lines of Dapr's CLI, without those that the sidecar logs.
    private static func lines(_ output: String) -> [String] {
        output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            .filter { !$0.hasPrefix("time=") }
    }

    private static func run(
        _ arguments: [String], environment: [String: String] = [:]
    ) throws -> Fakedapr.Outcome {
        try Fakedapr.run(["run"] + arguments, environment: environment)
    }

    @Test func `another program at the application's port is told of`() throws {
        let stranger = try ServeProcess(["--store", "memory"])
        let port = String(stranger.port)
        let run = try Self.run(["--app-id", "x", "--app-port", port, "--", "true"])
        #expect(
            run.output.contains(
                "another program listens at the application's port \(port) already: end it"),
            "\(run.output)\(run.errors)")
        let free = String(try FreePort.find())
        let alone = try Self.run(["--app-id", "x", "--app-port", free, "--", "true"])
        #expect(!alone.output.contains("another program listens"))
    }

    @Test func `its lines are those of dapr run, in their order`() throws {
        let (http, grpc) = (String(try FreePort.find()), String(try FreePort.find()))
        let run = try Self.run([
            "--app-id", "x", "-H", http, "-G", grpc, "--", "sh", "-c", "echo hello",
        ])
        let lines = Self.lines(run.output).filter { $0 != "hello" }.map {
            $0.hasPrefix("ℹ️  Updating metadata for appPID: ") ? "(pid)" : $0
        }
        #expect(
            lines == [
                "ℹ️  Starting Dapr with id x. HTTP Port: \(http). gRPC Port: \(grpc)",
                "ℹ️  Checking if Dapr sidecar is listening on HTTP port \(http)",
                "ℹ️  Checking if Dapr sidecar is listening on GRPC port \(grpc)",
                "ℹ️  Dapr sidecar is up and running.",
                "(pid)",
                "ℹ️  Updating metadata for app command: sh -c echo hello",
                "✅  You're up and running! Both Dapr and your app logs will appear here.",
                "",
                "✅  Exited App successfully",
                "ℹ️  ",
                "terminated signal received: shutting down",
                "✅  Exited Dapr successfully",
                "✅  Exited App successfully",
                "",
            ])
        // The application may speak before run does.
        #expect(Self.lines(run.output).contains("hello"))
        #expect(run.errors == "")
        #expect(run.status == 0)
    }

    @Test(arguments: [
        ("exit 3", 3, "The App process exited with error code: 3"),
        ("exit 200", 200, "The App process exited with error code: 200"),
        ("kill -9 $$", 137, "The App process was terminated by signal: killed"),
    ])
    func `the application's own status is handed on`(
        script: String, status: Int32, text: String
    ) throws {
        let run = try Self.run(["--", "sh", "-c", script])
        #expect(run.status == status)
        #expect(run.errors.contains("❌  \(text)\n"))
        #expect(run.errors.contains("❌  Error exiting App: "))
    }

    @Test(arguments: [
        ("no-such-program", 127, "exec: \"no-such-program\": executable file not found in $PATH"),
        ("./missing", 127, "exec: \"./missing\": stat ./missing: no such file or directory"),
        ("/etc/passwd", 126, "exec: \"/etc/passwd\": permission denied"),
    ])
    func `a command that cannot be started is told`(
        command: String, status: Int32, why: String
    ) throws {
        let run = try Self.run(["--app-id", "x", command])
        #expect(run.status == status)
        #expect(run.errors == "❌  Failed to find command \(command): \(why)\n")
        #expect(run.output.contains("✅  Start App failed, try to stop Dapr successfully\n"))
        #expect(run.output.contains("✅  Exited Dapr successfully\n"))
    }

    @Test func `the application is told where its sidecar is, before it asks`() throws {
        let port = String(try FreePort.find())
        let script = """
            echo "$APP_ID $APP_CHANNEL_ADDRESS $APP_PROTOCOL [$APP_PORT] $MINE"
            test $DAPR_GRPC_PORT -gt 0 && test $DAPR_METRICS_PORT -gt 0 && echo ports
            curl -s -o /dev/null -w '%{http_code}\\n' \
            http://127.0.0.1:$DAPR_HTTP_PORT/v1.0/healthz/outbound
            """
        let run = try Self.run(
            ["--app-id", "x", "--app-port", port, "--", "sh", "-c", script],
            environment: ["MINE": "kept"])
        for line in ["x 127.0.0.1 http [\(port)] kept", "ports", "204"] {
            #expect(Self.lines(run.output).contains(line))
        }
    }

    @Test func `options count before and behind the command's first word, but not behind --`()
        throws
    {
        let run = try Self.run(["echo", "--app-id", "x", "--other", "--", "--app-port", "y"])
        #expect(run.output.contains("ℹ️  Starting Dapr with id x. "))
        #expect(run.output.contains("\n--other --app-port y\n"))
    }

    @Test func `who names no app id is given two words`() throws {
        let run = try Self.run(["true"])
        #expect(run.output.contains(/Starting Dapr with id [a-z]+-[a-z]+\. HTTP Port: \d+/))
    }

    @Test func `without a command there is a sidecar, until it is stopped`() throws {
        let run = try FakedaprProcess(["run", "--app-id", "x"])
        try Deadline.wait("run to be up") { run.output.contains("You're up and running!") }
        #expect(run.output.hasPrefix("WARNING: no application command found.\n"))
        #expect(run.output.contains("✅  You're up and running! Dapr logs will appear here.\n\n"))
        run.signal(SIGTERM)
        #expect(try run.waitForExit() == 0)
        #expect(
            run.output.hasSuffix(
                "ℹ️  \nterminated signal received: shutting down\n✅  Exited Dapr successfully\n"))
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
    func `a signal ends all within two seconds, who ignores it included`(signal: Int32) throws {
        let script =
            "trap '' TERM INT; (trap '' TERM INT; echo child $$; while :; do sleep 1; done) & wait; while :; do sleep 1; done"
        let run = try FakedaprProcess(["run", "--app-id", "x", "--", "sh", "-c", script])
        try Deadline.wait("the application to speak") { run.output.contains("child ") }
        let begin = Reactor.monotonicNow()
        run.signal(signal)
        #expect(try run.waitForExit() == 0)
        // Two seconds on a machine at rest; tests share theirs, under a sanitizer too.
        #expect(Reactor.monotonicNow() - begin < Duration.seconds(20).nanoseconds)
        #expect(run.output.contains("✅  Exited Dapr successfully\n✅  Exited App successfully\n"))
        let group = try #require(Int32(run.output.firstMatch(of: /appPID: (\d+)/)?.1 ?? ""))
        #expect(Processes.running(inGroup: group) == 0)
    }

    @Test func `a killed run takes its application with it`() throws {
        let run = try FakedaprProcess(["run", "--app-id", "x", "sleep", "600"])
        try Deadline.wait("the application to run") { run.output.contains("appPID: ") }
        try Deadline.wait("run to be up") { run.output.contains("You're up and running!") }
        let id = try #require(Int32(run.output.firstMatch(of: /appPID: (\d+)/)?.1 ?? ""))
        run.signal(SIGKILL)
        _ = try run.waitForExit()
        try Deadline.wait("the application to end") { Processes.running(inGroup: id) == 0 }
    }

    @Test func `a shutdown by request ends the application too`() throws {
        let script = """
            curl -s -X POST http://127.0.0.1:$DAPR_HTTP_PORT/v1.0/shutdown; sleep 600
            """
        let run = try Self.run(["--app-id", "x", "--", "sh", "-c", script])
        #expect(run.status == 0)
        #expect(run.output.contains("✅  Exited App successfully\n"))
    }

    @Test func `what it tells is JSON on demand`() throws {
        let run = try Self.run(["--log-as-json", "--app-id", "x", "--", "sh", "-c", "exit 1"])
        let objects = try run.output.split(separator: "\n").filter { $0.hasPrefix("{") }.map {
            try #require(
                JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: String])
        }
        #expect(objects.count >= 6)
        #expect(objects.first?["status"] == "info")
        #expect(objects.first?["msg"]?.hasPrefix("Starting Dapr with id x.") == true)
        #expect(objects.first?["time"]?.hasSuffix("Z") == true)
        #expect(run.errors.contains(#""status":"failure""#))
    }

    @Test(arguments: [
        (["--resource-path", "x"], 1, "did you mean --resources-path?"),
        (["--app-port"], 1, "missing value for --app-port of `run`"),
        (["--app-port", "x", "true"], 1, "invalid --app-port `x`: write a number"),
        (["--dapr-http-port", "70000", "true"], 1, "write a number up to 65535"),
        (["-H", "15900", "-p", "15900", "true"], 1, "conflicts with 'app-port'"),
        (["--enable-api-logging=maybe"], 1, "write true or false"),
        (["--resources-path", "/nowhere", "true"], 125, "/nowhere"),
        (["--config", "/nowhere.yaml", "true"], 125, "cannot read /nowhere.yaml"),
        (["--app-id", "a.b", "true"], 1, "it may hold no dots"),
    ])
    func `a wrong command line is told`(arguments: [String], status: Int32, text: String) throws {
        let run = try Self.run(arguments)
        #expect(run.status == status)
        #expect(run.errors.contains(text))
    }

    @Test func `every option of dapr run is taken`() throws {
        let folder = try TemporaryFolder()
        try folder.write("config.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Configuration\n")
        let run = try Self.run([
            "-a", "x", "-P", "http", "--app-channel-address=127.0.0.1", "-I", "-1", "-M", "9191",
            "--profile-port", "7777", "--enable-profiling", "-c", "\(folder.path)/config.yaml",
            "--log-level", "warning", "--app-max-concurrency", "5", "--placement-host-address", "h",
            "--scheduler-host-address=h", "--max-body-size", "4Mi", "--read-buffer-size", "4Ki",
            "--dapr-listen-addresses", "127.0.0.1", "--app-health-check-path", "/h",
            "--app-health-probe-interval", "5", "--app-health-probe-timeout=500",
            "--app-health-threshold", "3", "--enable-api-logging=false", "--app-ssl=false",
            "--", "sh", "-c", "echo metrics $DAPR_METRICS_PORT",
        ])
        #expect(run.status == 0)
        #expect(run.output.contains("metrics 9191\n"))
    }

    @Test func `its help is as it was`() throws {
        let run = try Self.run(["--help"])
        try Golden.expect(run.output, is: "help-run.txt")
        #expect(run.status == 0)
    }
}
