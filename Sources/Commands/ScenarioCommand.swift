internal import ArgumentParser
internal import Blocks
internal import Glibc
internal import HTTP
internal import RedisBackend
internal import Scenarios
internal import Synchronization
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

/// `--endpoint`: where a Dapr sidecar listens.
enum EndpointURL {
    static func parse(_ url: String) throws(Failure) -> Surroundings.Endpoint {
        let problem = Failure(.usage, "invalid --endpoint `\(url)`: write http://127.0.0.1:3500")
        guard let parts = PlainURL(url), parts.path.allSatisfy({ $0 == "/" }) else { throw problem }
        guard let address = Resolver.resolveBlocking(parts.host, port: parts.port).first else {
            throw Failure(
                .runtime, "cannot reach --endpoint \(url): the host \(parts.host) is unknown")
        }
        let name = parts.host.contains(":") ? "[\(parts.host)]" : parts.host
        return Surroundings.Endpoint(
            address: address, host: parts.authority, name: name.lowercased())
    }
}

/// The guests of a scenario: there before anything is run.
enum GuestFiles {
    static func check(_ scenario: Scenario) throws(Diagnostic) {
        for step in scenario.setup + scenario.steps + scenario.always {
            guard case .guest(let guest) = step.action, !guest.module.text.contains("${") else {
                continue
            }
            let name = guest.module.text
            let path = scenario.path(of: name)
            guard !FileContents.exists(path) else { continue }
            throw Diagnostic(
                .error, "there is no guest \(path)", at: guest.module.span, in: scenario.source,
                hint: "a guest's path is relative to the scenario's file")
        }
    }
}

/// Scenario files by what was typed.
enum ScenarioFiles {
    static func find(_ names: [String]) throws(Failure) -> [String] {
        var files: [String] = []
        for name in names {
            let candidates = [name, "\(name).yaml", "Scenarios/\(name)", "Scenarios/\(name).yaml"]
            guard let found = candidates.first(where: { FileContents.exists($0) }) else {
                throw Failure(
                    .file, "there is no scenario \(name), neither here nor in ./Scenarios")
            }
            guard let entries = FileContents.names(in: found) else {
                files.append(found)
                continue
            }
            let yaml = entries.filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }
            guard !yaml.isEmpty else { throw Failure(.file, "no .yaml files in \(found)") }
            files += yaml.sorted().map { "\(found)/\($0)" }
        }
        // A file that was named twice, or with its folder, is run once.
        var seen: Set<String> = []
        return files.filter { seen.insert($0).inserted }
    }
}

/// Runs cases on several loops, results told as they come and returned in the cases' order.
final class ScenarioPool: Sendable {
    private let cases: [ScenarioCase]
    private let surroundings: Surroundings
    private let guests: GuestLibrary
    private let report: @Sendable (CaseResult) -> Void
    private let next = Atomic(0)
    private let isStopped = Atomic(false)
    private let results = Guarded<[(number: Int, result: CaseResult)]>([])

    init(
        cases: [ScenarioCase], surroundings: Surroundings, guests: GuestLibrary,
        report: @escaping @Sendable (CaseResult) -> Void
    ) {
        self.cases = cases
        self.surroundings = surroundings
        self.guests = guests
        self.report = report
    }

    /// A signal starts no other case and no other step; those that run have a moment to end, and
    /// to do what is always to be done.
    func run(jobs: Int, until signals: TerminationSignals) async throws -> [CaseResult] {
        let (ends, end) = AsyncStream<Result<Void, any Error>>.makeStream()
        let control = try EventLoop()
        let watch = Task {
            try await self.stop(on: signals, control)
            end.yield(.success(()))
        }
        let work = Task {
            do {
                try await self.workAll(jobs)
                end.yield(.success(()))
            } catch {
                end.yield(.failure(error))
            }
        }
        defer {
            watch.cancel()
            work.cancel()
        }
        for await first in ends {
            try first.get()
            break
        }
        let results = results.withLock(\.self)
        guard !isStopped.load(ordering: .relaxed) else {
            throw Failure(.interrupted, "interrupted: \(results.count) of \(cases.count) cases ran")
        }
        return results.sorted { $0.number < $1.number }.map(\.result)
    }

    /// How long what runs may go on after a signal.
    private static let grace = Duration.milliseconds(1500)

    private func stop(on signals: TerminationSignals, _ control: EventLoop) async throws {
        try await control.run { loop in
            _ = try await signals.next(on: loop.reactor)
        }
        isStopped.store(true, ordering: .relaxed)
        await control.run { loop in await loop.reactor.sleep(for: Self.grace) }
    }

    private func workAll(_ jobs: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<min(jobs, max(1, cases.count)) {
                group.addTask { try await self.work() }
            }
            try await group.waitForAll()
        }
    }

    /// One loop's share: case after case until none is left.
    private func work() async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        while !isStopped.load(ordering: .relaxed) {
            let number = next.add(1, ordering: .relaxed).oldValue
            guard number < cases.count else { break }
            let (one, guests) = (cases[number], guests)
            var surroundings = surroundings
            surroundings.isInterrupted = { self.isStopped.load(ordering: .relaxed) }
            let there = surroundings
            let result = await loop.run { loop in
                await ScenarioRunner(one, number: number, in: there, guests: guests)
                    .run(on: loop)
            }
            guard !isStopped.load(ordering: .relaxed) else { break }
            report(result)
            results.withLock { $0.append((number, result)) }
        }
    }
}
