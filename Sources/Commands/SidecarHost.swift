internal import Backends
internal import Blocks
internal import DaprAPI
internal import HTTP
internal import Transport
internal import YAML

/// What one sidecar is to be, decided and checked, nothing opened yet.
struct SidecarPlan: Sendable {
    var appID: String
    var settings: SidecarSettings
    var headLimit: Int
    var addresses: [SocketAddress]
    var components: [Component]
    var httpEndpoints: [HTTPEndpoint] = []
    /// Those of resource files.
    var subscriptions: [Subscription] = []
    var resiliencies: [ResiliencyResource] = []
    /// Where components and the rest come from, to be followed; nil when they come from no files.
    var resources: ResourceSource?
    var opener: StoreOpener
    var appPort: UInt16?
    /// nil for none.
    var grpcPort: UInt16?
    /// The clock and the seed of the sandbox it begins, if it does.
    var world = SandboxPlan()
    /// What goes wrong on purpose; nil for nothing.
    var faults: FaultsFile?
    /// What answers for applications that are not there; nil for nothing.
    var stubs: StubsFile?
    /// How long a stop waits for requests under way.
    var grace: Duration
    var log: Log
    var logsRequests: Bool
}

/// One sidecar of a process: opens its components, listens, waits for its application, stops.
///
/// `serve` has one, `run -f` several in one sandbox. Confined to the sandbox's loop.
final class SidecarHost {
    let plan: SidecarPlan
    let sidecar: Sidecar
    private var server: Server?
    private var grpcPort: GRPCPort?
    private var channel: HTTPChannel?
    private var life: AppLife?
    private var observers: [any AppObserver] = []
    private var reload: HotReload?
    /// The components as they are described now, files that were changed meanwhile included.
    private(set) var components: [Component] = []
    /// What answers requests, by whichever port they come; nil before it is opened.
    private(set) var handler: (any RequestHandler)?
    /// Components whose secret store is not there yet.
    private var parked: [Component] = []
    /// Called when a changed component cannot be opened, which ends the sidecar, as in Dapr.
    var onFailure: (() -> Void)?

    private var limits: HTTPLimits { HTTPLimits(readBufferSize: plan.headLimit) }

    init(_ plan: SidecarPlan, in sandbox: Sandbox) {
        self.plan = plan
        sidecar = Sidecar(appID: plan.appID, settings: plan.settings, in: sandbox)
    }

    /// Opens components and ports: from here on the API is answered.
    ///
    /// - Parameter onShutdown: called when somebody asked for a stop by request; `true` for at once.
    /// - Returns: where it listens; without addresses it does not.
    func open(
        on loop: EventLoop, onShutdown: @escaping (_ force: Bool) -> Void
    ) async throws(Failure) -> SocketAddress {
        sidecar.log = plan.log
        if !plan.resiliencies.isEmpty {
            sidecar.resiliency = Resiliency(
                plan.resiliencies, in: sidecar.sandbox, log: plan.log)
        }
        let sandbox = sidecar.sandbox
        if sandbox.channels == nil { sandbox.channels = HTTPChannels(limits: limits, on: loop) }
        sandbox.host = HostIdentity(
            address: ProcessEnvironment["DAPR_HOST_IP"] ?? "127.0.0.1",
            name: ProcessEnvironment.hostName)
        openChannel(on: loop)
        sidecar.absent = plan.resources?.absent ?? []
        try await openComponents()
        sidecar.httpEndpoints = plan.httpEndpoints.map { sidecar.withSecrets($0) }
        let front = Front(sidecar: sidecar, onShutdown: onShutdown)
        let handler: any RequestHandler = plan.logsRequests ? RequestLog(front, plan.log) : front
        self.handler = handler
        let address = try listen(handler, on: loop)
        openGRPCPort(address, on: loop)
        try await followClock()
        try plan.faults?.add(to: sandbox)
        try await plan.stubs?.add(to: sandbox)
        sidecar.isOutboundReady = true
        startReloading(on: loop) { [self] in onFailure.map { $0() } ?? onShutdown(false) }
        return address
    }

    private func listen(
        _ handler: any RequestHandler, on loop: EventLoop
    ) throws(Failure) -> SocketAddress {
        guard !plan.addresses.isEmpty else { return .loopback(port: 0) }
        let server = Server(limits: limits, on: loop.reactor, handler: handler)
        let address = try ListenAddresses(addresses: plan.addresses).open(
            for: server, on: loop)
        self.server = server
        return address
    }

    /// Under a clock that is not the system's, stores keep expiries by it from the start.
    private func followClock() async throws(Failure) {
        guard sidecar.sandbox.clock.mode != .real else { return }
        do throws(StateError) { try await sidecar.sandbox.tellStores() } catch {
            throw Failure(.runtime, ClockProblem.store(error).text)
        }
    }

    private func openGRPCPort(_ address: SocketAddress, on loop: EventLoop) {
        // A socket's folder has no ports.
        guard let port = plan.grpcPort, address.port != 0 else { return }
        guard address.port != port else {
            return plan.log.write(
                .warn, "the gRPC port \(port) is the HTTP port: only HTTP is spoken there")
        }
        grpcPort = GRPCPort(
            port, at: plan.addresses, of: sidecar, httpPort: address.port, on: loop)
    }

    /// Delivers no more messages: the application is about to end. Requests are still answered.
    ///
    /// An application that does not answer is waited for as long as a stop may take.
    func stopDelivering() async {
        await life?.stop(patience: plan.grace)
        if life == nil { await sidecar.subscriptions?.stop(patience: plan.grace) }
    }

    /// The same for a while in which requests go on: it is over early, and `end` is called, when the
    /// application is found unwell.
    func blockShutdown(until end: @escaping () -> Void) async {
        life?.add(UnwellObserver(end))
        await sidecar.subscriptions?.stop(patience: plan.grace)
    }

    /// Stops taking requests and lets those that have arrived be answered.
    ///
    /// - Returns: whether all were answered in time.
    func stop(on loop: EventLoop) async -> Bool {
        handler = nil
        let begin = Reactor.monotonicNow()
        sidecar.sandbox.journal.end()
        reload?.stop()
        await stopDelivering()
        grpcPort?.stop()
        let spent = Duration.nanoseconds(Reactor.monotonicNow() - begin)
        await server?.stop(grace: max(.zero, plan.grace - spent), on: loop)
        channel?.close()
        let isLate = Reactor.monotonicNow() - begin >= plan.grace.nanoseconds
        if isLate { plan.log.write(.error, "Graceful shutdown timeout exceeded, forcing shutdown") }
        return !isLate
    }

    /// The stores that were opened and where their data lies, for people.
    var places: [String] {
        plan.components.filter { component in
            sidecar.stateComponents.contains { $0.name == component.name }
        }.map { "\($0.name) (\(plan.opener.place(of: $0)))" }
    }

    /// The brokers that were opened and where their messages go, for people.
    var brokers: [String] {
        plan.components.filter { component in
            sidecar.pubSubComponents.contains { $0.name == component.name }
        }.map { "\($0.name) (\(BrokerOpener(plan.opener).place(of: $0)))" }
    }

    private func openComponents() async throws(Failure) {
        for component in plan.components.secretStoresFirst {
            do throws(ComponentFailure) { try await open(component) } catch {
                guard component.ignoresErrors else { throw failure(error, of: component) }
                noteAbsence(component, error.message)
                plan.log.write(.warn, "\(error.message) (ignored: ignoreErrors)")
            }
        }
    }

    /// Opens a component; one whose secret store is not there waits until it comes.
    func open(_ described: Component) async throws(ComponentFailure) {
        components.removeAll { $0.name == described.name }
        components.append(described)
        guard let component = sidecar.withSecrets(described) else {
            parked.append(described)
            noteAbsence(described, "it waits for its secret store \(described.secretStore)")
            return
        }
        switch try await sidecar.open(component, by: plan.opener) {
        case .opened where component.category == "secretstores":
            try await openParked(waitingFor: component.name)
        case .opened: break
        case .skipped: noteAbsence(component, "fakedapr does not have this type")
        case .unknown:
            noteAbsence(component, "fakedapr does not have its building block yet")
            plan.log.write(
                .warn,
                "the component \(component.name) of type \(component.type) is skipped: "
                    + "fakedapr does not have its building block yet"
                    + (ComponentTypes.suggestion(for: component.type).map { "; \($0)" } ?? ""))
        }
    }

    /// For who asks for it.
    private func noteAbsence(_ component: Component, _ reason: String) {
        sidecar.absent.append(
            AbsentComponent(name: component.name, type: component.type, reason: reason))
    }

    func remove(_ component: Component) {
        components.removeAll { $0.name == component.name }
        parked.removeAll { $0.name == component.name }
        sidecar.removeComponent(named: component.name)
    }

    private func openParked(waitingFor store: String) async throws(ComponentFailure) {
        let ready = parked.filter { $0.secretStore == store }
        parked.removeAll { $0.secretStore == store }
        sidecar.absent.removeAll { absent in ready.contains { $0.name == absent.name } }
        for component in ready { try await open(component) }
    }

    /// With the place of the component's description, if it has one.
    private func failure(_ error: ComponentFailure, of component: Component) -> Failure {
        let status = error.cause == .backend ? ExitStatus.runtime : .file
        guard let origin = component.origin else { return Failure(status, error.message) }
        let place = place(of: error, in: origin) ?? origin.span
        return Failure(Diagnostic(.error, error.message, at: place, in: origin.source), status)
    }

    /// The setting that a description's error is about: the first that its reason names.
    private func place(of error: ComponentFailure, in origin: Component.Origin) -> SourceSpan? {
        if let setting = error.setting { return origin.place(of: setting) }
        guard error.cause == .description,
            let begin = error.message.firstRange(of: "cannot be used: ")
        else { return nil }
        let words = error.message[begin.upperBound...].split { !$0.isLetter && !$0.isNumber }
        return words.lazy.compactMap { origin.place(of: String($0)) }.first
    }

    /// Resource files are followed from here on; without inotify they are not, which is no failure.
    private func startReloading(
        on loop: EventLoop, onFailure: @escaping () -> Void
    ) {
        guard let source = plan.resources, !source.paths.isEmpty else { return }
        do throws(SystemError) {
            let reload = try HotReload(of: self, from: source, onFailure: onFailure)
            self.reload = reload
            loop.spawn { await reload.run() }
        } catch {
            plan.log.write(.warn, "changes of resources are not followed: \(error.reason)")
        }
    }

    // MARK: The application

    /// Ready is who has an application that accepts connections, or none.
    func waitForApp(
        startedAt begin: MonotonicTime = Reactor.monotonicNow(), on loop: EventLoop
    ) {
        guard let port = plan.appPort else { return ready(startedAt: begin) }
        guard let channel else { return }
        let life = AppLife(
            of: sidecar, channel, host: plan.settings.appChannelAddress, port: port,
            declared: plan.subscriptions)
        self.life = life
        for observer in observers { life.add(observer) }
        loop.spawn { await life.run { self.ready(startedAt: begin) } }
    }

    /// Tells of another program at the application's port, before the application is started: it would
    /// get what is meant for the application, which cannot listen there.
    func warnOfStranger(on loop: EventLoop) async {
        guard let port = plan.appPort,
            await AppLife.accepts(plan.settings.appChannelAddress, port, on: loop.reactor)
        else { return }
        plan.log.write(
            .warn,
            "another program listens at the application's port \(port) already: end it, or choose "
                + "another --app-port")
    }

    /// Takes the application of `other`, which is the same one in another sandbox: subscribed when this
    /// returns, if it is there by now.
    func join(_ other: SidecarHost, on loop: EventLoop) async {
        guard other.sidecar.isReady, plan.appPort != nil, let channel else {
            return waitForApp(on: loop)
        }
        let subscriptions = Subscriptions(of: sidecar, declared: plan.subscriptions)
        sidecar.subscriptions = subscriptions
        await subscriptions.appIsReady()
        channel.isHealthy = other.sidecar.appChannel?.isHealthy ?? true
        sidecar.isReady = true
    }

    /// Adds who is to be told, after the sidecar's own parts, when the application is ready.
    func add(_ observer: any AppObserver) { observers.append(observer) }

    /// The way to the application, which need not be there yet.
    private func openChannel(on loop: EventLoop) {
        guard let port = plan.appPort else { return }
        let spoken = plan.settings.appProtocol
        if spoken != "http" {
            plan.log.write(
                .warn,
                "--app-protocol \(spoken) is not spoken by fakedapr: the application is called in "
                    + "plain HTTP/1.1")
        }
        let channel = HTTPChannel(
            to: .init(host: plan.settings.appChannelAddress, port: port),
            maxConcurrency: plan.settings.appMaxConcurrency, token: plan.settings.appToken,
            field: sandboxField, limits: limits, on: loop)
        self.channel = channel
        sidecar.appChannel = channel
    }

    /// Tells the application which sandbox it is called from, unless it is the default one: one that
    /// sends the header on stays in its sandbox.
    private var sandboxField: AppField? {
        let sandbox = sidecar.sandbox
        return sandbox.isDefault ? nil : AppField("fakedapr-sandbox", sandbox.id)
    }

    private func ready(startedAt begin: MonotonicTime) {
        sidecar.isReady = true
        let elapsed = (Reactor.monotonicNow() - begin) / 1_000_000
        plan.log.write(.info, "dapr initialized. Status: Running. Init Elapsed \(elapsed)ms")
    }
}

/// Calls its body when the application is found unwell.
private final class UnwellObserver: AppObserver {
    private let body: () -> Void

    init(_ body: @escaping () -> Void) { self.body = body }

    func appIsReady() async {}

    func appIsUnhealthy() async { body() }
}
