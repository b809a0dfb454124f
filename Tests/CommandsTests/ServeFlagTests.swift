import Foundation
import JSON
import TestSupport
import Testing
import Transport

/// daprd's options and ours, typed in any of the ways that Go takes, or given by the environment.
@Suite struct ServeFlagTests {
    // MARK: Spellings

    /// Every flag of daprd (runtime.md §12 of the specification) that does not stand for a port or an
    /// address of ours.
    static let daprd: [(String, String?)] = [
        ("app-id", "myapp"), ("mode", "standalone"), ("app-protocol", "http"),
        ("app-channel-address", "127.0.0.1"), ("app-max-concurrency", "-1"),
        ("dapr-grpc-port", "0"), ("dapr-internal-grpc-port", "0"),
        ("dapr-internal-grpc-listen-address", "127.0.0.1"), ("dapr-public-port", "3501"),
        ("dapr-public-listen-address", "127.0.0.1"), ("profile-port", "7777"),
        ("enable-profiling", nil), ("max-body-size", "-1"), ("read-buffer-size", "8Ki"),
        ("enable-app-health-check", nil), ("app-health-check-path", "/h"),
        ("app-health-probe-interval", "5"), ("app-health-probe-timeout", "500"),
        ("app-health-threshold", "3"), ("disable-init-endpoints", "config"),
        ("allowed-origins", "*"), ("enable-api-logging", nil),
        ("dapr-graceful-shutdown-seconds", "5"), ("dapr-block-shutdown-duration", "1ms"),
        ("placement-host-address", "localhost:50005"),
        ("scheduler-host-address", "localhost:50006"), ("scheduler-job-streams", "3"),
        ("actors-disseminate-timeout", "30s"), ("hot-reload-reconcile-interval", "60s"),
        ("app-binding-options-timeout", "3s"), ("metrics-port", "9090"), ("enable-metrics", nil),
        ("metrics-listen-address", "0.0.0.0"), ("log-level", "debug"), ("log-as-json", nil),
        ("enable-mtls", nil), ("control-plane-address", "localhost"),
        ("sentry-address", "localhost"), ("control-plane-trust-domain", "localhost"),
        ("control-plane-namespace", "default"),
    ]

    @Test(arguments: ["--", "-"], [" ", "="])
    func `every flag of daprd is taken`(dashes: String, separator: String) throws {
        let arguments = Self.daprd.flatMap { name, value in
            guard let value else { return ["\(dashes)\(name)"] }
            return separator == " "
                ? ["\(dashes)\(name)", value] : ["\(dashes)\(name)=\(value)"]
        }
        let serve = try ServeProcess(["--store", "memory"] + arguments)
        #expect(try serve.request("GET", "/v1.0/metadata").text.contains(#""id":"myapp""#))
        for option in ["dapr-public-port", "placement-host-address", "enable-mtls"] {
            #expect(serve.process.errors.contains("--\(option) has no effect"))
        }
        #expect(try serve.request("POST", "/v1.0/shutdown").status == 204)
        #expect(try serve.process.waitForExit() == 0)
    }

    @Test(arguments: [["--dapr-http-max-request-size", "1"], ["-dapr-http-max-request-size=1"]])
    func `daprd's former name of the body's bound counts mebibytes`(arguments: [String]) throws {
        let serve = try ServeProcess(["--store", "memory"] + arguments)
        let body = "[" + String(repeating: " ", count: 1 << 20) + "]"
        let answer = try serve.client().request("POST", "/v1.0/state/statestore", body: body)
        #expect(answer.status == 400)
        #expect(answer.text.contains("stream too large"))
    }

    @Test func `a flag may be switched off in Go's way`() throws {
        let serve = try ServeProcess([
            "-store=memory", "-log-as-json=false", "--enable-metrics=false", "--strict=0",
        ])
        // The log's first line comes after the output by which the sidecar is known to be there.
        try Deadline.wait("a line of text") { serve.process.errors.hasPrefix("time=") }
    }

    @Test func `what a command line says wins over the environment`() throws {
        let serve = try ServeProcess(
            ["--store", "memory", "-a", "typed", "--log-as-json=false"],
            environment: ["FAKEDAPR_APP_ID": "given", "FAKEDAPR_LOG_AS_JSON": "true"])
        #expect(try serve.request("GET", "/v1.0/metadata").text.contains(#""id":"typed""#))
        #expect(serve.process.errors.hasPrefix("time="))
    }

    @Test func `every flag of daprd is taken from the environment`() throws {
        var environment: [String: String] = [:]
        for (name, value) in Self.daprd {
            let variable = "FAKEDAPR_" + name.uppercased().replacingOccurrences(of: "-", with: "_")
            environment[variable] = value ?? "true"
        }
        let serve = try ServeProcess(["--store", "memory"], environment: environment)
        #expect(try serve.request("GET", "/v1.0/metadata").text.contains(#""id":"myapp""#))
        #expect(serve.process.errors.contains("--enable-mtls has no effect"))
    }

    // MARK: Effects

    /// An option with what shows that it was obeyed.
    struct Effect: CustomTestStringConvertible, Sendable {
        let option: String
        let value: String
        let holds: @Sendable (ServeProcess) throws -> Bool
        var testDescription: String { "--\(option) \(value)" }

        init(
            _ option: String, _ value: String,
            _ holds: @escaping @Sendable (ServeProcess) throws -> Bool
        ) {
            (self.option, self.value, self.holds) = (option, value, holds)
        }
    }

    static let effects: [Effect] = [
        Effect("app-id", "other") {
            try $0.request("GET", "/v1.0/healthz?appid=other").status == 204
        },
        Effect("max-body-size", "10") {
            let answer = try $0.request("POST", "/v1.0/state/statestore", body: "[          ]")
            return answer.status == 400 && answer.text.contains("stream too large")
        },
        Effect("allowed-origins", "https://a.example") {
            try $0.request(
                "GET", "/v1.0/healthz", headers: [("Origin", "https://a.example")]
            )["access-control-allow-origin"] == "https://a.example"
        },
        Effect("enable-api-logging", "true") {
            _ = try $0.request("GET", "/v1.0/healthz", headers: [("User-Agent", "test")])
            try $0.log(#"msg="HTTP API Called""#)
            try $0.log(#"method="GET /v1.0/healthz""#)
            return $0.process.errors.contains("useragent=test code=204")
        },
        Effect("log-level", "ERROR") { $0.process.errors.isEmpty },
        Effect("store", "redis") { $0.process.output.contains("statestore (Redis at 127.0.0.1") },
        Effect("values", "dapr") {
            _ = try $0.save("k", #"{ "b":1, "a":2 }"#)
            return try $0.value("k") == #"{"a":2,"b":1}"#
        },
        Effect("data-dir", "elsewhere/data") {
            $0.process.output.contains("SQLite in elsewhere/data/statestore.db")
        },
        Effect("map", "state.*=memory") { try $0.value("k", in: "statestore") == "" },
    ]

    @Test(arguments: effects)
    func `an option does what it says`(effect: Effect) throws {
        var arguments = ["--redis-url", "redis://127.0.0.1:\(RedisServer.shared.port)"]
        arguments += ["--\(effect.option)"] + (effect.value == "true" ? [] : [effect.value])
        let serve = try ServeProcess(arguments)
        #expect(try effect.holds(serve))
    }

    @Test func `our own options are variables too`() throws {
        let folder = try TemporaryFolder()
        let serve = try ServeProcess(environment: [
            "FAKEDAPR_STORE": "sqlite", "FAKEDAPR_DATA_DIR": folder.path,
            "FAKEDAPR_VALUES": "dapr", "FAKEDAPR_READY_FILE": "\(folder.path)/ready",
            "FAKEDAPR_MAP": "state.a=memory,state.b=redis", "FAKEDAPR_STRICT": "true",
            "FAKEDAPR_REDIS_URL": "redis://127.0.0.1:1",
        ])
        #expect(serve.process.output.contains("SQLite in \(folder.path)/statestore.db"))
        #expect(try serve.save("k", #"{ "b":1, "a":2 }"#) == 204)
        #expect(try serve.value("k") == #"{"a":2,"b":1}"#)
        try Deadline.wait("the ready file") { FileContents.exists("\(folder.path)/ready") }
    }

    @Test func `an alias is a variable too, and a list is separated by commas`() throws {
        let folders = [try TemporaryFolder(), try TemporaryFolder()]
        for (number, folder) in folders.enumerated() {
            try folder.component("store\(number)", "state.in-memory")
        }
        let process = try FakedaprProcess(
            ["serve"],
            environment: [
                "FAKEDAPR_PORT": "0",
                "FAKEDAPR_COMPONENTS_PATH": folders.map(\.path).joined(separator: ","),
            ])
        try Deadline.wait("the start-up block") { process.output.contains("Stop ") }
        #expect(process.output.contains("store0 (in memory)\n          store1 (in memory)"))
    }

    @Test func `with log-as-json every line of the log is a JSON object with daprd's names`() throws
    {
        let serve = try ServeProcess([
            "--store", "memory", "--log-as-json", "--log-level", "debug", "--enable-api-logging",
            "--dapr-public-port", "1",
        ])
        _ = try serve.request("GET", "/v1.0/healthz")
        try serve.log("HTTP API Called")
        let lines = serve.process.errors.split(separator: "\n")
        #expect(lines.count >= 3)
        for line in lines {
            let value = try JSONValue.parse(Array(line.utf8)[...])
            for name in ["time", "level", "msg", "app_id", "instance", "scope", "type", "ver"] {
                #expect(value[name]?.string != nil)
            }
        }
    }

    @Test func `a log may go to a file`() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("serve.log", "before\n")
        let serve = try ServeProcess(["--store", "memory", "--log-file", file])
        try Deadline.wait("the log") {
            String(decoding: try FileContents.read(file), as: UTF8.self).contains(
                "dapr initialized")
        }
        #expect(String(decoding: try FileContents.read(file), as: UTF8.self).hasPrefix("before\n"))
        #expect(serve.process.errors == "")
    }

    // MARK: Mistakes

    struct Mistake: CustomTestStringConvertible {
        let arguments: [String]
        let text: String
        var testDescription: String { arguments.joined(separator: " ") }

        init(_ arguments: String..., says text: String) {
            (self.arguments, self.text) = (arguments, text)
        }
    }

    static let mistakes: [Mistake] = [
        Mistake("--stor", "memory", says: "Unknown option '--stor'. Did you mean '--store'?"),
        Mistake("-app-ip", "x", says: "Unknown option '--app-ip'. Did you mean '--app-id'?"),
        Mistake("--store", "mongodb", says: "The value 'mongodb' is invalid for '--store <store>'"),
        Mistake("--port", "70000", says: "The value '70000' is invalid for '--port"),
        Mistake("--log-level", "loud", says: "The value 'loud' is invalid for '--log-level"),
        Mistake("--app-id", "a.b", says: "fakedapr: invalid --app-id `a.b`: it may hold no dots"),
        Mistake("--app-id", "", says: "fakedapr: invalid --app-id ``"),
        Mistake(
            "--app-port", "3500",
            says:
                "fakedapr: the 'dapr-http-port' argument value 3500 conflicts with 'app-port': the "
                + "application and the sidecar need a port each"),
        Mistake(
            "--app-port", "many", says: "fakedapr: invalid --app-port `many`: write a number up to"),
        Mistake(
            "--max-body-size", "4Mib",
            says: "fakedapr: invalid --max-body-size `4Mib`: write 4Mi or 500k"),
        Mistake(
            "--read-buffer-size", "0",
            says: "fakedapr: invalid --read-buffer-size `0`: write 4Ki"),
        Mistake(
            "--dapr-listen-addresses", "example.org",
            says:
                "fakedapr: invalid --dapr-listen-addresses `example.org`: write an IP address such "
                + "as 127.0.0.1, or localhost"),
        Mistake(
            "--dapr-listen-addresses", ",",
            says: "fakedapr: no address to listen at: name one in --dapr-listen-addresses"),
        Mistake(
            "--dapr-block-shutdown-duration", "soon",
            says: "fakedapr: invalid --dapr-block-shutdown-duration `soon`: write 5s"),
        Mistake(
            "--map", "state.redis",
            says: "fakedapr: invalid --map `state.redis`: write TYPE=TYPE, such as 'state.*=sqlite'"
        ),
        Mistake(
            "--map", "state.redis=mongodb",
            says: "fakedapr: invalid --map `state.redis=mongodb`: there is no store `mongodb`: use "
                + "memory, sqlite or redis"),
        Mistake(
            "--redis-url", "localhost",
            says: "fakedapr: invalid Redis URL `localhost`: write redis://"),
        Mistake(
            "--log-as-json=perhaps",
            says: "fakedapr: invalid value `perhaps` for --log-as-json: write true or false"),
    ]

    @Test(arguments: mistakes)
    func `a mistake on the command line is told and ends with 1`(mistake: Mistake) throws {
        let outcome = try Fakedapr.run(["serve"] + mistake.arguments)
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains(mistake.text))
        #expect(outcome.output == "")
    }

    @Test func `a variable that cannot be right is told and ends with 1`() throws {
        let outcome = try Fakedapr.run(["serve"], environment: ["FAKEDAPR_STRICT": "ture"])
        #expect(outcome.status == 1)
        #expect(
            outcome.errors
                == "fakedapr: invalid value `ture` for FAKEDAPR_STRICT: write true or false\n")
    }

    // MARK: Help

    @Test(arguments: [
        [], ["serve"], ["wait"], ["scenario"], ["scenario", "run"], ["scenario", "list"],
        ["scenario", "check"], ["scenario", "new"], ["scenario", "schema"], ["wasm"],
        ["wasm", "run"],
        ["stop"], ["list"], ["invoke"], ["publish"], ["logs"], ["status"], ["init"], ["uninstall"],
        ["version"], ["journal"], ["verify"], ["reset"], ["seed"], ["snapshot"], ["clock"],
        ["fault"], ["stub"], ["sandbox"], ["tail"], ["doctor"],
    ])
    func `help is as its golden file`(command: [String]) throws {
        let outcome = try Fakedapr.run(command + ["--help"], environment: ["COLUMNS": "80"])
        #expect(outcome.status == 0)
        #expect(outcome.errors == "")
        try Golden.expect(
            outcome.output, is: "help\(command.map { "-\($0)" }.joined()).txt")
        let other = try Fakedapr.run(["help"] + command, environment: ["COLUMNS": "80"])
        #expect(other.output == outcome.output)
    }

    @Test func `the version of a command is one line`() throws {
        let outcome = try Fakedapr.run(["serve", "--version"])
        #expect(outcome.status == 0)
        #expect(outcome.output == "0.1.0\n")
    }

    @Test func `daprd's build-info is answered`() throws {
        #expect(try Fakedapr.run(["serve", "--build-info"]).output.hasPrefix("fakedapr 0.1.0, "))
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func `a completion script knows every command`(shell: String) throws {
        let outcome = try Fakedapr.run(["--generate-completion-script", shell])
        #expect(outcome.status == 0)
        for word in ["serve", "wait", "scenario", "wasm", "resources-path"] {
            #expect(outcome.output.contains(word))
        }
    }
}
