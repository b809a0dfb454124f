internal import ArgumentParser
internal import Blocks
internal import Transport

/// `fakedapr run`: an application with its sidecar, or all of a `dapr.yaml`.
struct RunCommand: LongRunning {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: RunOptions.abstract)

    @Argument(parsing: .captureForPassthrough) var words: [String] = []

    mutating func run(until signals: TerminationSignals) async throws {
        let options = try RunOptions.table.parse(words)
        if options.wantsHelp {
            let help = RunOptions.table.help(RunOptions.abstract, RunOptions.discussion)
            return StandardOutput.write(help)
        }
        DescriptorLimit.raise()
        do {
            throw ExitCode(try await Self.run(options, until: signals))
        } catch let failure as Failure where failure.status != .usage {
            // What the application exits with must not be taken for a failure of ours.
            throw Failure(.cannotRun, failure.message, isDiagnostic: failure.isDiagnostic)
        }
    }

    private static func run(
        _ options: ParsedOptions, until signals: TerminationSignals
    ) async throws -> Int32 {
        let console = Console(
            isJSON: options.isSet("log-as-json") || options["output"] == "json")
        if options.isSet("kubernetes") {
            throw Failure(.usage, "run -k is about Kubernetes, which fakedapr knows nothing of")
        }
        if let file = options["run-file"] {
            return try await run(file, options, console, signals)
        }
        let app = try AppPlanner(options).single()
        let loop = try EventLoop.forCommand()
        return try await loop.run { (loop) throws -> Int32 in
            try await RunProcess(app, console, signals).run(on: loop)
        }
    }
}

extension RunCommand {
    /// All of a run file.
    private static func run(
        _ file: String, _ options: ParsedOptions, _ console: Console,
        _ signals: TerminationSignals
    ) async throws -> Int32 {
        tellIgnored(options, console)
        let plan: RunFilePlan
        do {
            plan = try RunFilePlanner(file, options, console).plan()
        } catch let failure as RunFileFailure {
            failure.tell(console)
            return ExitStatus.cannotRun.rawValue
        }
        let loop = try EventLoop.forCommand()
        let stays = options.isSet("stay")
        return try await loop.run { (loop) throws -> Int32 in
            try await RunFileProcess(plan, console, stays: stays, signals).run(on: loop)
        }
    }

    private static let withRunFile = [
        "run-file", "log-as-json", "output", "runtime-path", "stay", "data-dir", "store",
        "redis-url", "map",
        "values", "strict", "stubs",
    ]

    private static func tellIgnored(_ options: ParsedOptions, _ console: Console) {
        let ignored = options.values.keys.filter { !withRunFile.contains($0) }.sorted()
        guard !ignored.isEmpty else { return }
        console.warning(
            "The following flags are ignored when using --run-file and should be configured in the "
                + "run file instead: \(ignored.joined(separator: ", "))")
    }
}

extension EventLoop {
    /// A loop for a command that cannot go on without one.
    static func forCommand() throws(Failure) -> EventLoop {
        do throws(SystemError) { return try EventLoop() } catch {
            throw Failure(.runtime, "cannot start: \(error.call): \(error.reason)")
        }
    }
}
