internal import ArgumentParser
internal import Bytes
internal import JSON
internal import Transport

/// `fakedapr init`: there is nothing to install.
struct InitCommand: TableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Do nothing: fakedapr needs no installation.")
    static let table = OptionTable.dapr(
        "init",
        [
            .flag("slim", "s"), .option("runtime-version", nil, "version"),
            .option("from-dir", nil, "dir"), .option("network", nil, "name"),
            .option("image-registry", nil, "url"), .option("image-variant", nil, "name"),
            .option("container-runtime", nil, "name"), .option("scheduler-volume", nil, "name"),
            .option("scheduler-override-broadcast-host-port", nil, "address"),
            .flag("redis-stack"), .option("namespace", "n", "name"), .flag("dev"), .flag("wait"),
            .option("timeout", nil, "seconds"), .flag("enable-mtls"), .flag("enable-ha"),
            .option("set", nil, "value"), .option("dashboard-version", nil, "version"),
        ])
    static let discussion = """
        Every option of `dapr init` is taken. No container is started and no file is written: the \
        components statestore and pubsub are there without.
        """

    @Argument(parsing: .captureForPassthrough) var words: [String] = []

    func run(_ options: ParsedOptions, _ console: Console) async throws -> Int32 {
        console.pending("Making the jump to hyperspace...")
        console.info(
            "There is nothing to install: fakedapr \(Version.current) is one program, and keeps "
                + "state and messages in SQLite")
        console.success(
            "Success! Dapr is up and running. To get started, go here: "
                + "https://docs.dapr.io/getting-started")
        return 0
    }
}

/// `fakedapr uninstall`: there is nothing to remove.
struct UninstallCommand: TableCommand {
    static let configuration = CommandConfiguration(
        commandName: "uninstall", abstract: "Do nothing: nothing was installed.")
    static let table = OptionTable.dapr(
        "uninstall",
        [
            .flag("all"), .option("network", nil, "name"),
            .option("container-runtime", nil, "name"),
            .flag("dev"), .option("timeout", nil, "seconds"), .option("namespace", "n", "name"),
        ])
    static let discussion = "State and messages stay where they are: in ~/.fakedapr."

    @Argument(parsing: .captureForPassthrough) var words: [String] = []

    func run(_ options: ParsedOptions, _ console: Console) async throws -> Int32 {
        console.info("Removing Dapr from your machine...")
        console.info("There is nothing to remove: state and messages stay in \(UserFolders.data)")
        console.success("Dapr has been removed successfully")
        return 0
    }
}

/// `fakedapr status`: of `dapr`, about Kubernetes only; here, whether the running sidecars are well.
struct StatusCommand: TableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Tell whether the running sidecars are well.")
    static let table = OptionTable.dapr("status", [])
    static let discussion = "Ends with 1 when one of them is not."

    @Argument(parsing: .captureForPassthrough) var words: [String] = []

    func run(_ options: ParsedOptions, _ console: Console) async throws -> Int32 {
        let entries = options.registry.entries
        if entries.isEmpty { console.plain("No Dapr instances found.") }
        var isWell = true
        var states: [JSONValue] = []
        defer { console.result?.set(.array(states)) }
        for entry in entries {
            let answer = try? await SidecarCall(to: entry).send("GET", "/v1.0/healthz")
            states.append(
                .members([
                    "appId": .string(entry.appID), "httpPort": .number(Int(entry.httpPort)),
                    "healthy": .bool(answer?.status == 204),
                ]))
            if answer?.status == 204 {
                console.success("\(entry.appID): healthy, HTTP port \(entry.httpPort)")
            } else {
                isWell = false
                let why = answer == nil ? "it does not answer" : "its application is not there yet"
                console.failure("\(entry.appID): not healthy: \(why)")
            }
        }
        return isWell ? 0 : ExitStatus.usage.rawValue
    }
}

/// `fakedapr logs`: what an application of a run file has written.
struct LogsCommand: TableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Print the log of an application of a run file.")
    static let table = OptionTable.dapr(
        "logs",
        [
            .option("app-id", "a", "id", "The application's app id.", isRequired: true),
            .option("pod-name", "p", "name"), .option("namespace", "n", "name"),
        ])
    static let discussion = """
        A single `run` writes to its own terminal and keeps no log.

        EXAMPLES
          fakedapr logs -a cart
        """

    @Argument(parsing: .captureForPassthrough) var words: [String] = []

    func run(_ options: ParsedOptions, _ console: Console) async throws -> Int32 {
        let id = options["app-id"] ?? ""
        guard let entry = options.registry.entries.first(where: { $0.appID == id }) else {
            return fail("couldn't find app id \(id)", console)
        }
        guard !entry.appLog.isEmpty else {
            return fail("\(id) writes to the terminal of its `run`, not to a file", console)
        }
        do throws(SystemError) {
            let log = try FileContents.read(entry.appLog)[...]
            if let result = console.result {
                result.set(Self.lines(log, of: id))
            } else {
                StandardStreams.write(log, to: 1)
            }
        } catch {
            return fail("cannot read \(entry.appLog): \(error.reason)", console)
        }
        console.success("Fetched logs")
        return 0
    }

    private static func lines(_ log: ByteSlice, of id: String) -> JSONValue {
        let lines = log.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        // What follows the last line end is no line.
        let whole = lines.last?.isEmpty == true ? lines.dropLast() : lines[...]
        return .members([
            "appId": .string(id),
            "lines": .array(whole.map { .string(String(text: $0)) }),
        ])
    }

    private func fail(_ why: String, _ console: Console) -> Int32 {
        console.failure(why)
        return ExitStatus.usage.rawValue
    }
}

/// `fakedapr version`, and `--version`.
struct VersionCommand: TableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Tell the versions of this program and of its Dapr.")
    static let table = OptionTable.dapr("version", [.option("output", "o", "form", "json.")])
    static let discussion = "The runtime's is the version of Dapr that it behaves as."

    @Argument(parsing: .captureForPassthrough) var words: [String] = []

    func run(_ options: ParsedOptions, _ console: Console) async throws -> Int32 {
        switch options["output"] {
        case nil, "text":
            // Dapr too has a blank before the first line's end.
            console.plain(
                "CLI version: \(Version.current) \nRuntime version: \(Version.dapr)")
        case "json":
            console.result?.set(
                .members([
                    "Cli version": .string(Version.current),
                    "Runtime version": .string(Version.dapr),
                ]))
        default:
            console.failure("An invalid output format was specified.")
            return ExitStatus.usage.rawValue
        }
        return 0
    }
}

enum Kubernetes {
    static func refuse(_ command: String, _ console: Console) -> Int32 {
        console.failure(
            "\(command) -k is about Kubernetes, which fakedapr knows nothing of: leave -k out")
        return ExitStatus.usage.rawValue
    }
}
