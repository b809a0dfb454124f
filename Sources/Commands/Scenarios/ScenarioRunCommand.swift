internal import ArgumentParser
internal import Glibc
internal import Scenarios
internal import Transport

/// `fakedapr scenario run`.
struct ScenarioRunCommand: LongRunning {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run scenarios, each in a world of its own.")
    private static let discussion = """
        A name is looked up here and in ./Scenarios; a folder stands for the .yaml files in it. Each \
        case of a scenario's matrix gets a sidecar of its own on a free port. Stores in Redis use \
        --redis-url, else a private redis-server from PATH.

        EXAMPLES
          fakedapr scenario run statestore.yaml
          fakedapr scenario run Scenarios --store memory --jobs 4 --tag '!slow'
          fakedapr scenario run Scenarios --report junit=a.xml --report html=a.html
          fakedapr scenario run orders.yaml --watch --var user=ann
          fakedapr scenario run statestore.yaml --endpoint http://127.0.0.1:3500

        EXIT STATUS
          0 all passed, 1 usage, 2 a scenario file is wrong, 3 a store, a port or
          an app could not be had, 4 an expectation failed, 130 interrupted.
        """

    @Argument(parsing: .captureForPassthrough) var words: [String] = []

    mutating func run(until signals: TerminationSignals) async throws {
        let options = try ScenarioOptions.run.parse(words)
        if options.wantsHelp {
            let help = ScenarioOptions.run.help(Self.configuration.abstract, Self.discussion)
            return StandardOutput.write(help)
        }
        DescriptorLimit.raise()
        guard !options.words.isEmpty else {
            throw Failure(
                .usage,
                "`scenario run` says not which scenarios: name files or folders, "
                    + "`fakedapr scenario run Scenarios`, say")
        }
        let stop = try ScenarioStop(signals)
        let run = try ScenarioRun(options, stop)
        let status =
            options.isSet("watch")
            ? try await ScenarioWatch(run, stop).run() : try await run.once()
        if status != .ok { throw ExitCode(status.rawValue) }
    }
}

/// What ends a run before it is through: a first signal, and a second one or the end of patience.
struct ScenarioStop: Sendable {
    /// No other step is begun but those that are always to be done.
    let interruption = Interruption()
    /// Nothing is waited for.
    let hurry = Interruption()

    private static let patience = Duration.seconds(10)

    init(_ signals: TerminationSignals) throws(Failure) {
        let control = try EventLoop.forCommand()
        let (interruption, hurry) = (interruption, hurry)
        Task {
            await control.run { loop in
                _ = try? await signals.next(on: loop.reactor)
                interruption.trigger()
                loop.reactor.after(Self.patience) { hurry.trigger() }
                _ = try? await signals.next(on: loop.reactor)
                hurry.trigger()
            }
        }
    }
}
