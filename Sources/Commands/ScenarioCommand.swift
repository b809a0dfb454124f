internal import ArgumentParser
internal import Blocks
internal import Glibc
internal import Matching
internal import RedisBackend
internal import Scenarios
internal import Transport
internal import WasmRunner
internal import YAML

/// `fakedapr scenario`.
struct ScenarioCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scenario", abstract: "Run scenarios: YAML files that say what should happen.",
        subcommands: [ScenarioRunCommand.self])
}

/// `fakedapr scenario run`.
struct ScenarioRunCommand: LongRunning {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run scenarios, each in a world of its own.",
        usage: "fakedapr scenario run <scenarios> ... [<options>]",
        discussion: """
            A name is looked up here and in ./Scenarios; a folder stands for the .yaml files in it. \
            Each case of a scenario's matrix gets a sidecar of its own on a free port. Stores in \
            Redis use --redis-url, else a private redis-server from PATH.

            EXAMPLES
              fakedapr scenario run statestore.yaml
              fakedapr scenario run Scenarios --store memory --jobs 4
              fakedapr scenario run statestore.yaml --endpoint http://127.0.0.1:3500
            """)

    @Argument(help: "Scenario files, names or folders.")
    var scenarios: [String]

    @Option(help: "Run the matrix variable `store` with this value only.")
    var store: StoreKind?

    @Option(
        help: """
            How many cases run at a time (default: as many as there are cores, one with --endpoint).
            """)
    var jobs: Int?

    @Option(help: ArgumentHelp("The Redis of cases that want one.", valueName: "url"))
    var redisUrl: String?

    @Option(
        help: ArgumentHelp(
            "Run against this Dapr sidecar instead of ones of our own.", valueName: "url"))
    var endpoint: String?

    @Flag(help: "List every step with its duration, guests with compile, instantiate and run.")
    var timings = false

    @Option(help: "The compiler of guests: winch (fast to compile) or cranelift (fast code).")
    var compiler: EngineSettings.Compiler?

    @Option(help: "Where compiled guests are kept.")
    var cacheDir: String?

    mutating func run(until signals: TerminationSignals) async throws {
        let begin = Reactor.monotonicNow()
        DescriptorLimit.raise()
        guard jobs ?? 1 > 0 else { throw Failure(.usage, "invalid --jobs: write 1 or more") }
        let cases = try cases()
        let redis = try privateRedis(for: cases)
        let folder = try Self.temporaryFolder()
        defer {
            redis?.stop()
            FileContents.removeFolder(folder)
        }
        let surroundings = try surroundings(redis?.settings, folder: folder)
        let cache = ModuleCache(folder: cacheDir ?? Folders.cache)
        let pool = ScenarioPool(
            cases: cases, surroundings: surroundings,
            guests: GuestLibrary(cache: cache, compiler: compiler), report: report)
        let parallel = jobs ?? (endpoint == nil ? Self.cores : 1)
        let results = try await pool.run(jobs: parallel, until: signals)
        let duration = Duration.nanoseconds(Reactor.monotonicNow() - begin)
        StandardOutput.write(TextReport.summary(results, duration: duration))
        redis?.stop()
        FileContents.removeFolder(folder)
        throw ExitCode(status(results).rawValue)
    }

    private func status(_ results: [CaseResult]) -> EndStatus {
        if results.contains(where: \.isBroken) { return .runtime }
        return results.contains(where: \.hasFailed) ? .expectation : .ok
    }

    private enum EndStatus: Int32 {
        case ok = 0
        case runtime = 3
        case expectation = 4
    }

    private var report: @Sendable (CaseResult) -> Void {
        let isColored = isatty(1) == 1 && ProcessEnvironment["NO_COLOR"] == nil
        return { [timings] result in
            StandardOutput.write(
                TextReport.lines(result, showsTimings: timings, isColored: isColored))
        }
    }

    private static var cores: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    private static func temporaryFolder() throws(Failure) -> String {
        do throws(SystemError) { return try FileContents.makeTemporaryFolder() } catch {
            throw Failure(.runtime, "no temporary folder: \(error.reason): set TMPDIR")
        }
    }

    // MARK: What to run

    private func cases() throws(Failure) -> [ScenarioCase] {
        var cases: [ScenarioCase] = []
        // Which store stands behind somebody else's endpoint is not ours to say.
        let choice = store?.rawValue ?? (endpoint == nil ? nil : "endpoint")
        let fixed = choice.map { ["store": $0] } ?? [:]
        for path in try ScenarioFiles.find(scenarios) {
            let bytes: [UInt8]
            do throws(SystemError) { bytes = try FileContents.read(path) } catch {
                throw Failure(.file, "cannot read \(path): \(error.reason)")
            }
            let slash = path.lastIndex(of: "/")
            let folder = slash.map { String(path[..<$0]) } ?? "."
            do throws(Diagnostic) {
                let scenario = try ScenarioLoader.load(
                    SourceText(name: path, bytes: bytes), folder: folder)
                try ScenarioCheck.check(scenario, given: Array(fixed.keys))
                try GuestFiles.check(scenario)
                if endpoint != nil, let app = scenario.apps.first {
                    throw Diagnostic(
                        .error, "--endpoint cannot start the app `\(app.id)`", at: app.span,
                        in: scenario.source,
                        hint: "run it without --endpoint, or put what needs no apps into a file of "
                            + "its own")
                }
                let all = ScenarioCase.all(of: scenario, fixed: fixed)
                if endpoint == nil { for one in all { try one.checkComponents() } }
                cases += all
            } catch {
                throw Failure(.file, error.rendered, isDiagnostic: true)
            }
        }
        return cases
    }

    private func privateRedis(for cases: [ScenarioCase]) throws(Failure) -> PrivateRedis? {
        let wantsRedis = cases.contains { one in
            one.variables.contains { $0.value == "redis" || $0.value == "state.redis" }
                || one.scenario.sidecar.components?.contains {
                    ["state.redis", "pubsub.redis"].contains($0.type.text)
                }
                    ?? false
        }
        guard wantsRedis, redisUrl == nil, endpoint == nil else { return nil }
        return try PrivateRedis()
    }

    private func surroundings(
        _ redis: RedisSettings?, folder: String
    ) throws(Failure) -> Surroundings {
        let settings = try redisUrl.map { url throws(Failure) in try RedisURL.settings(url) }
        let run = UInt32.random(in: .min ... .max)
        return Surroundings(
            endpoint: try endpoint.map { url throws(Failure) in try EndpointURL.parse(url) },
            opener: { number in
                var opener = StoreOpener(dataFolder: "\(folder)/\(number)")
                opener.redis = settings ?? redis ?? RedisSettings()
                return opener
            },
            keyPrefix: { number in "fakedapr:\(run):\(number):" })
    }
}
