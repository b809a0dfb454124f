internal import Blocks
internal import Transport
internal import YAML

/// Where a sidecar's resources come from.
struct ResourceSource: Sendable {
    let appID: String
    /// Folders and files of `--resources-path`.
    let paths: [String]
    /// Files of `--config`, which are read once.
    let configs: [String]
    /// What the files that components name begin at; nil for where this process works.
    var folder: String?
    /// What was read at the start, as far as it cannot change later.
    var configuration = ConfigurationResource()
    /// What was described at the start and is not for this app.
    var absent: [AbsentComponent] = []
    /// What was said of files at the start.
    var told: Set<String> = []

    /// Reads all of them; blocks.
    func read() throws(Failure) -> ResourceFiles {
        var files = ResourceFiles(appID: appID)
        for path in paths + configs { try files.read(path) }
        try files.checkDuplicates()
        if let folder { files.locate(in: folder) }
        return files
    }

    /// What is to be watched: files are watched by their folders, where editors put new ones.
    var folders: [String] {
        paths.map { path in
            guard !FileContents.isFolder(path) else { return path }
            let slash = path.lastIndex(of: "/")
            return slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        }
    }
}

/// Follows the resource files of a running sidecar: components and subscriptions, resiliency and
/// HTTP endpoints are closed and opened as their files say (runtime.md §14 of the specification).
///
/// What stands in flags stays. Confined to the
/// sandbox's loop; files are read elsewhere.
final class HotReload {
    private let host: SidecarHost
    private let source: ResourceSource
    private let watch: FolderWatch
    private let reactor: Reactor
    private let onFailure: () -> Void
    private var components: [Component]
    private var subscriptions: [Subscription]
    private var resiliencies: [ResiliencyResource]
    private var configuration: ConfigurationResource
    /// What was said of files already.
    private var told: Set<String>

    init(
        of host: SidecarHost, from source: ResourceSource, onFailure: @escaping () -> Void
    ) throws(SystemError) {
        self.host = host
        self.source = source
        self.onFailure = onFailure
        configuration = source.configuration
        told = source.told
        reactor = host.sidecar.sandbox.loop.reactor
        watch = try FolderWatch(source.folders, on: reactor)
        components = host.plan.components.filter { $0.origin != nil }
        subscriptions = host.plan.subscriptions
        resiliencies = host.plan.resiliencies
    }

    /// Follows the files until `stop`.
    func run() async {
        for kind in ["Component", "Subscription", "Resiliency", "HTTPEndpoint"] {
            log(.debug, "Starting to watch \(kind) updates")
        }
        while await watch.next(patience: .seconds(60)) {
            repeat { await reactor.sleep(for: Self.quiet) } while watch.hasChanged()
            await reload()
        }
    }

    func stop() { watch.close() }

    /// How long files must have been left alone before they are read.
    private static let quiet = Duration.milliseconds(100)

    private func reload() async {
        let source = source
        let read = await BackgroundWork.run(on: reactor) { () -> Result<ResourceFiles, Failure> in
            do throws(Failure) { return .success(try source.read()) } catch {
                return .failure(error)
            }
        }
        switch read {
        case .success(let files):
            tell(files.diagnostics)
            await apply(files)
        case .failure(let failure):
            tell(failure.message, "resources stay as they are: \(failure.message)", .error)
        }
    }

    private func tell(_ diagnostics: [Diagnostic]) {
        for text in diagnostics.map(\.rendered) { tell(text, text, .warn) }
    }

    /// Each thing is said once, however often the files are read.
    private func tell(_ what: String, _ text: String, _ level: LogLevel) {
        if told.insert(what).inserted { log(level, text) }
    }

    // MARK: What has changed

    private func apply(_ files: ResourceFiles) async {
        let hasNewBrokers = await applyComponents(files.components)
        let hasNewPolicies = applyPolicies(files)
        let wanted = files.subscriptions
        let isSame = wanted.elementsEqual(subscriptions) { $0.isSame(as: $1) }
        guard hasNewBrokers || hasNewPolicies || !isSame else { return }
        if !isSame { log(.info, "Subscriptions updated: \(wanted.map(\.name))") }
        subscriptions = wanted
        await host.sidecar.subscriptions?.replace(declared: wanted)
        // With its first broker an application is asked what it subscribes to.
        if host.sidecar.isReady { await host.sidecar.subscriptions?.appIsReady() }
    }

    /// - Returns: whether pub/sub components are others than before.
    private func applyComponents(_ wanted: [Component]) async -> Bool {
        let flags = Set(host.plan.components.filter { $0.origin == nil }.map(\.name))
        let wanted = wanted.filter { !flags.contains($0.name) }
        var changed: [Component] = []
        for old in components where !wanted.contains(where: { $0.isSame(as: old) }) {
            let isReplaced = wanted.contains { $0.name == old.name }
            log(
                .info,
                isReplaced
                    ? "Closing existing Component to reload: \(old.logName)"
                    : "Closing deleted Component: \(old.logName)")
            host.remove(old)
            changed.append(old)
        }
        let new = wanted.filter { new in !components.contains { $0.isSame(as: new) } }
        changed += new
        for component in new.secretStoresFirst { await add(component) }
        components = wanted
        return changed.contains { $0.category == "pubsub" }
    }

    private func add(_ component: Component) async {
        log(.info, "Adding Component for processing: \(component.logName)")
        do throws(ComponentFailure) {
            try await host.open(component)
            log(.info, "Component updated: \(component.logName)")
        } catch {
            let text = "process component \(component.name) error: \(error.message)"
            guard !component.ignoresErrors else {
                return log(.error, "Ignoring error processing component: \(text)")
            }
            log(.warn, "Error processing component, daprd will exit gracefully: \(text)")
            onFailure()
        }
    }

    /// - Returns: whether policies are others than before, which deliveries look up at their start.
    private func applyPolicies(_ files: ResourceFiles) -> Bool {
        let sidecar = host.sidecar
        sidecar.httpEndpoints = files.httpEndpoints.map { sidecar.withSecrets($0) }
        if files.configuration != configuration {
            log(.warn, "a Configuration has changed: it counts after a restart")
        }
        configuration = files.configuration
        guard files.resiliencies.map(\.document) != resiliencies.map(\.document) else {
            return false
        }
        resiliencies = files.resiliencies
        sidecar.resiliency = Resiliency(resiliencies, in: sidecar.sandbox, log: sidecar.log)
        return true
    }

    private func log(_ level: LogLevel, _ text: String) {
        host.plan.log.write(level, text, scope: "dapr.runtime.hotreload.reconciler")
    }
}
