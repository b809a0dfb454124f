internal import ArgumentParser
internal import Backends
internal import Blocks
internal import DaprAPI
internal import Glibc
internal import RedisBackend
internal import Transport
internal import YAML

/// `fakedapr serve`: one sidecar until it is told to stop.
struct ServeCommand: LongRunning {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run a Dapr sidecar until it is stopped.",
        discussion: """
            Takes daprd's options, in Go's spelling too (-app-id, --log-as-json=false). Without \
            --store and --resources-path there is one component, statestore, in SQLite.

            Tests control the sidecar at /_fakedapr on its port (GET lists the routes); \
            --no-control switches that off. --stubs FILE answers for apps that are not there; \
            --faults FILE misbehaves on purpose; \
            --output json tells the start in one line.

            EXAMPLES
              fakedapr serve
              fakedapr serve --store redis --redis-url redis://:secret@127.0.0.1:6379/1
              fakedapr serve --resources-path ./components --map 'state.*=sqlite'
              fakedapr serve --port 0 --ready-file ready &
              fakedapr serve --clock manual@2026-01-01T00:00:00Z --seed 1
            """)

    @OptionGroup var sidecar: SidecarOptions

    @Option(
        name: .customLong("store"),
        help: "Keep the component statestore in memory, sqlite or redis.")
    var store: StoreKind?

    @Option(
        name: .customLong("redis-url"),
        help: ArgumentHelp("The Redis of --store redis and of mapped components.", valueName: "url")
    )
    var redisUrl: String?

    @Option(
        name: .customLong("data-dir"), help: ArgumentHelp("Where databases lie.", valueName: "dir"))
    var dataDir = ".fakedapr"

    @Option(
        name: .customLong("map"),
        help: ArgumentHelp(
            "Let one type of component stand for another; repeatable.", valueName: "type=type"))
    var map: [String] = []

    @Option(
        name: .customLong("values"),
        help: "Store values as sent (exact), or re-serialised as Dapr's stores do (dapr).")
    var values = ValueMode.exact

    @Flag(
        name: .customLong("strict"),
        help: "End with status 2 when a resource file is not quite right.")
    var strict = false

    @Option(
        name: .customLong("ready-fd"),
        help: ArgumentHelp(
            "Write the URL and a newline to this descriptor when ready.", valueName: "n"))
    var readyFd: Int32?

    @Option(
        name: .customLong("ready-file"),
        help: ArgumentHelp("Write the URL to this file when ready.", valueName: "file"))
    var readyFile: String?

    @Flag(name: .customLong("wait"), help: .hidden) var wait = false
    @Flag(name: .customLong("build-info"), help: .hidden) var buildInfo = false

    mutating func run(until signals: TerminationSignals) async throws {
        let begin = Reactor.monotonicNow()
        if buildInfo { return StandardOutput.write("fakedapr \(Version.current), as daprd 1.18.3") }
        if wait { return try waitForOther() }
        DescriptorLimit.raise()
        let plan = try plan()
        let loop = try Self.orFail { () throws(SystemError) in try EventLoop() }
        let status = try await loop.run { (loop) throws -> Int32 in
            let process = ServeProcess(plan: plan, signals: signals)
            return try await process.run(startedAt: begin, on: loop)
        }
        throw ExitCode(status)
    }

    /// daprd's `--wait`: for another sidecar, at most a minute, and no failure afterwards either.
    private func waitForOther() throws {
        let other = try Readiness("http://127.0.0.1:\(sidecar.port)")
        _ = other.wait(until: Reactor.monotonicNow() + Duration.seconds(60).nanoseconds)
    }

    private static func orFail<R>(_ body: () throws(SystemError) -> R) throws(Failure) -> R {
        do throws(SystemError) { return try body() } catch {
            throw Failure(.runtime, "cannot start: \(error.call): \(error.reason)")
        }
    }

    /// Everything that can be decided before anything is opened.
    func plan() throws -> ServePlan {
        let log = try sidecar.log()
        for option in sidecar.ignored {
            log.write(.debug, "--\(option) has no effect: fakedapr does not have what it is about")
        }
        var source = ResourceSource(
            appID: sidecar.appID, paths: sidecar.resourcesPaths, configs: sidecar.configs)
        source.folder = sidecar.rare.value(of: "working-folder")
        let files = try source.read()
        for file in files.others {
            log.write(.warn, "the file \(file) is not read: resources are .yaml or .yml files")
        }
        for diagnostic in files.diagnostics { StandardError.write(diagnostic.rendered) }
        if strict, !files.diagnostics.isEmpty {
            throw Failure(.file, "\(files.diagnostics.count) resource(s) are not right (--strict)")
        }
        source.configuration = files.configuration
        source.absent = files.absent
        source.told = Set(files.diagnostics.map(\.rendered))
        var settings = try sidecar.settings(files.configuration)
        settings.values = values
        let components = components(files.components)
        let opener = try opener(log)
        opener.warnAboutIdleMappings(components)
        let plan = SidecarPlan(
            appID: try appID(), settings: settings, headLimit: try sidecar.headLimit(),
            addresses: try addresses(), components: components,
            httpEndpoints: files.httpEndpoints, subscriptions: files.subscriptions,
            resiliencies: files.resiliencies, resources: source,
            opener: opener, appPort: try sidecar.appPort(),
            grpcPort: try sidecar.grpcPort(), world: try SandboxPlan(sidecar.rare),
            faults: try faults(), stubs: try stubs(), grace: sidecar.grace,
            log: log, logsRequests: sidecar.enableApiLogging)
        return ServePlan(
            sidecar: plan, blockShutdown: try sidecar.blockShutdown(), readyDescriptor: readyFd,
            readyFile: readyFile, isJSON: sidecar.rare.value(of: "output") == "json",
            registry: sidecar.rare.value(of: "known") == "true"
                ? SidecarRegistry(dataFolder: nil) : nil)
    }

    private func faults() throws -> FaultsFile? {
        guard let file = sidecar.rare.value(of: "faults"), !file.isEmpty else { return nil }
        return try FaultsFile(file)
    }

    private func stubs() throws -> StubsFile? {
        guard let file = sidecar.rare.value(of: "stubs"), !file.isEmpty else { return nil }
        return try StubsFile(file)
    }

    private func appID() throws -> String {
        guard !sidecar.appID.isEmpty, !sidecar.appID.contains(".") else {
            throw Failure(.usage, "invalid --app-id `\(sidecar.appID)`: it may hold no dots")
        }
        return sidecar.appID
    }

    private func addresses() throws -> [SocketAddress] {
        if let folder = sidecar.unixDomainSocket, !folder.isEmpty {
            return [.unix(path: "\(folder)/dapr-\(sidecar.appID)-http.socket")]
        }
        let addresses = try sidecar.listenAddresses.split(separator: ",").flatMap { name in
            let host = name == "localhost" ? ["127.0.0.1", "::1"] : [String(name)]
            return try host.map { text in
                guard let address = SocketAddress(numeric: text, port: sidecar.port) else {
                    throw Failure(
                        .usage,
                        "invalid --dapr-listen-addresses `\(name)`: write an IP address "
                            + "such as 127.0.0.1, or localhost")
                }
                return address
            }
        }
        // None would be a sidecar that can be reached by another one's port alone.
        guard !addresses.isEmpty else {
            throw Failure(.usage, "no address to listen at: name one in --dapr-listen-addresses")
        }
        return addresses
    }

    /// A store named on the command line wins over a file's component of its name.
    private func components(_ found: [Component]) -> [Component] {
        guard store != nil || found.isEmpty && sidecar.resourcesPaths.isEmpty else { return found }
        let type = (store ?? .sqlite).type.rawValue
        let chosen = Component(name: "statestore", type: type)
        guard found.isEmpty, sidecar.resourcesPaths.isEmpty else {
            return [chosen] + found.filter { $0.name != "statestore" }
        }
        return [
            chosen,
            Component(name: "pubsub", type: chosen.type.replacing("state.", with: "pubsub.")),
        ]
    }

    private func opener(_ log: Log) throws -> StoreOpener {
        var opener = StoreOpener(dataFolder: dataDir)
        opener.mappings = try map.map { try TypeMapping($0) }
        if let redisUrl { opener.redis = try RedisURL.settings(redisUrl) }
        opener.warn = { log.write(.warn, $0) }
        return opener
    }
}

/// What `--store` takes.
enum StoreKind: String, ExpressibleByArgument, CaseIterable {
    case memory, sqlite, redis

    var type: StateType {
        switch self {
        case .memory: .memory
        case .sqlite: .sqlite
        case .redis: .redis
        }
    }
}

extension ValueMode: ExpressibleByArgument {}

enum RedisURL {
    static func settings(_ url: String) throws(Failure) -> RedisSettings {
        do throws(RedisSettings.Problem) { return try RedisSettings(url: url) } catch {
            throw Failure(.usage, error.text)
        }
    }
}
