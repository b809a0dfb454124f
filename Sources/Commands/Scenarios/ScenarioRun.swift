internal import Blocks
internal import Glibc
internal import RedisBackend
internal import Scenarios
internal import Transport
internal import WasmRunner

/// One run of the cases that are meant, or one of several when files are watched: results told,
/// reports written.
struct ScenarioRun {
    /// The worst of what came of the cases.
    enum Status: Int32 {
        case ok = 0
        /// A file of `--watch` that is yet to be mended.
        case wrong = 2
        case broken = 3
        case failed = 4
    }

    let selection: ScenarioSelection
    private let options: ParsedOptions
    private let reports: [ReportTarget]
    private let jobs: Int
    private let endpoint: Surroundings.Endpoint?
    private let redisSettings: RedisSettings?
    private let guests: GuestLibrary
    private let stop: ScenarioStop

    /// - Throws: for what is wrong with the options; no scenario has been read yet.
    init(_ options: ParsedOptions, _ stop: ScenarioStop) throws(Failure) {
        self.options = options
        self.stop = stop
        reports = try ReportTarget.all(options)
        selection = try ScenarioSelection(options, "scenario run")
        endpoint = try options["endpoint"].map { url throws(Failure) in
            try EndpointURL.parse(url)
        }
        redisSettings = try options["redis-url"].map { url throws(Failure) in
            try RedisURL.settings(url)
        }
        jobs = try options.jobs() ?? (endpoint == nil ? Self.cores : 1)
        guests = GuestLibrary(
            cache: ModuleCache(folder: options["cache-dir"] ?? Folders.cache),
            compiler: try options.compiler())
    }

    private static var cores: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// Whether reports go to files.
    var writesFiles: Bool { reports.contains { $0.path != nil } }

    func once() async throws -> Status {
        let begin = Reactor.monotonicNow()
        let memory = LastFailed()
        let cases = try cases(memory)
        let redis = try privateRedis(for: cases)
        let folder = try Self.temporaryFolder()
        defer {
            redis?.stop()
            FileContents.removeFolder(folder)
        }
        let progress = ScenarioProgress(
            total: cases.count, showsTimings: options.isSet("timings"),
            descriptor: reports.contains(where: \.takesOutput) ? 2 : 1)
        let pool = ScenarioPool(
            cases: cases, surroundings: surroundings(redis?.settings, folder: folder),
            guests: guests, progress: progress, isFailFast: options.isSet("fail-fast"))
        let results = try await pool.run(jobs: jobs, hurry: stop.hurry)
        let run = RunResult(
            cases: results, duration: .nanoseconds(Reactor.monotonicNow() - begin),
            notRun: cases.count - results.count)
        try memory.updated(with: results)
        if stop.interruption.isTriggered { progress.clear() } else { progress.end(run) }
        for report in reports { try report.write(run) }
        guard !stop.interruption.isTriggered else {
            throw Failure(
                .interrupted, "interrupted: \(results.count) of \(cases.count) cases ran")
        }
        return status(results)
    }

    private func status(_ results: [CaseResult]) -> Status {
        if results.contains(where: \.isBroken) { return .broken }
        return results.contains(where: \.hasFailed) ? .failed : .ok
    }

    private static func temporaryFolder() throws(Failure) -> String {
        do throws(SystemError) { return try FileContents.makeTemporaryFolder() } catch {
            throw Failure(.runtime, "no temporary folder: \(error.reason): set TMPDIR")
        }
    }

    // MARK: What to run

    private func cases(_ memory: LastFailed) throws(Failure) -> [ScenarioCase] {
        let cases = try selection.cases()
        guard options.isSet("last-failed") else { return cases }
        let again = cases.filter(memory.contains)
        guard again.isEmpty else { return again }
        StandardError.write("fakedapr: none of these cases failed last time: all of them are run")
        return cases
    }

    private func privateRedis(for cases: [ScenarioCase]) throws(Failure) -> PrivateRedis? {
        guard cases.contains(where: \.wantsRedis), redisSettings == nil, endpoint == nil else {
            return nil
        }
        return try PrivateRedis()
    }

    private func surroundings(_ redis: RedisSettings?, folder: String) -> Surroundings {
        let settings = redisSettings ?? redis ?? RedisSettings()
        let run = UInt32.random(in: .min ... .max)
        var surroundings = Surroundings(
            endpoint: endpoint,
            opener: { number in
                var opener = StoreOpener(dataFolder: "\(folder)/\(number)", isThrowaway: true)
                opener.redis = settings
                return opener
            },
            keyPrefix: { number in "fakedapr:\(run):\(number):" })
        surroundings.interruption = stop.interruption
        return surroundings
    }
}
