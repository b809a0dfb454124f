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
        let console = Console(isJSON: options.isSet("log-as-json"))
        let app = try AppPlanner(options).single()
        let loop = try EventLoop.forCommand()
        return try await loop.run { (loop) throws -> Int32 in
            try await RunProcess(app, console, signals).run(on: loop)
        }
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
