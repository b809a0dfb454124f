internal import Backends
internal import Blocks
internal import Glibc
internal import JSON
internal import Transport

/// What `serve` is to do, decided and checked, nothing opened yet.
struct ServePlan: Sendable {
    let sidecar: SidecarPlan
    /// How long requests are still taken after a signal.
    let blockShutdown: Duration
    let readyDescriptor: Int32?
    let readyFile: String?
    /// Whether what people read at the start is one line of JSON instead.
    let isJSON: Bool
    /// Where it becomes known to other processes of this user; nil for a world of its own.
    let registry: SidecarRegistry?
}

/// The life of `serve`: open a sidecar, say so, wait for a stop, stop. Lives on its loop.
final class ServeProcess {
    private let plan: ServePlan
    private let signals: TerminationSignals
    private let stop = StopRequest()
    /// Whether requests are answered; a signal before that has nothing to finish.
    private var isServing = false
    private var host: SidecarHost?

    init(plan: ServePlan, signals: TerminationSignals) {
        self.plan = plan
        self.signals = signals
    }

    /// - Returns: the status to exit with.
    func run(startedAt begin: MonotonicTime, on loop: isolated EventLoop) async throws -> Int32 {
        // What an earlier run has left would send a script to a sidecar that is gone.
        if let file = plan.readyFile { FileContents.remove(file) }
        waitForSignals(on: loop)
        let sandbox = plan.sidecar.world.sandbox(on: loop)
        let notes = plan.registry?.join(sandbox)
        defer { notes?.close() }
        let host = SidecarHost(plan.sidecar, in: sandbox)
        self.host = host
        host.onFailure = { [stop] in stop.ask(ExitStatus.runtime.rawValue) }
        let address = try await host.open(on: loop) { [stop] in stop.ask(force: $0, on: loop) }
        let factory = SandboxFactory(of: [host], on: loop)
        isServing = true
        let registration = register(address)
        defer { registration?.release() }
        try announce(address, host)
        host.waitForApp(startedAt: begin, on: loop)
        let status = await stop.wait()
        await factory?.close()
        let isInTime = await host.stop(on: loop)
        await sandbox.close()
        if let file = plan.readyFile { FileContents.remove(file) }
        return isInTime ? status : max(status, 1)
    }

    private func register(_ address: SocketAddress) -> SidecarRegistration? {
        guard let registry = plan.registry else { return nil }
        var entry = SidecarEntry(
            appID: plan.sidecar.appID, address: address.reachable,
            grpcPort: plan.sidecar.grpcPort ?? 0, appPort: plan.sidecar.appPort,
            token: plan.sidecar.settings.apiToken)
        entry.socket = registry.socketPath
        return SidecarRegistration(entry, in: registry, plan.sidecar.log)
    }

    // MARK: Telling

    private func announce(_ address: SocketAddress, _ host: SidecarHost) throws(Failure) {
        let url = address.url
        let isUnix = if case .unix = address { true } else { false }
        let (stores, brokers) = (host.places, host.brokers)
        if plan.isJSON {
            StandardOutput.write(start(url, stores, brokers).text)
            return try tellReady(url)
        }
        StandardOutput.write(
            """
            fakedapr \(Version.current), a Dapr sidecar as daprd 1.18.3
              URL     \(url)
              App id  \(plan.sidecar.appID)
              Stores  \(stores.isEmpty ? "none" : stores.joined(separator: "\n          "))
              Brokers \(brokers.isEmpty ? "none" : brokers.joined(separator: "\n          "))
              Stop    Ctrl-C, or POST \(isUnix ? "" : url)/v1.0/shutdown
            """)
        try tellReady(url)
    }

    private func start(_ url: String, _ stores: [String], _ brokers: [String]) -> JSONValue {
        .members([
            "version": .string(Version.current), "daprVersion": .string(Version.dapr),
            "url": .string(url), "appId": .string(plan.sidecar.appID),
            "stores": .array(stores.map { .string($0) }),
            "brokers": .array(brokers.map { .string($0) }),
        ])
    }

    /// A script that waits must not wait for ever: when it cannot be told, the start has failed.
    private func tellReady(_ url: String) throws(Failure) {
        let line = Array("\(url)\n".utf8)
        if let descriptor = plan.readyDescriptor,
            !FileContents.writeAll(line, to: descriptor)
        {
            throw Failure(.runtime, "cannot write to descriptor \(descriptor) of --ready-fd")
        }
        guard let file = plan.readyFile else { return }
        do throws(SystemError) { try FileContents.write(line, to: file) } catch {
            throw Failure(.runtime, "cannot write the ready file \(file): \(error.reason)")
        }
    }

    // MARK: Stopping

    private func waitForSignals(on loop: isolated EventLoop) {
        let reactor = loop.reactor
        loop.spawn { [self, signals] in
            guard let signal = try? await signals.next(on: reactor) else { return }
            let name = SignalName.of(signal)
            self.plan.sidecar.log.write(.info, "Received signal '\(name)'; beginning shutdown")
            guard self.isServing else { ProcessExit.now(ExitStatus.interrupted.rawValue) }
            if self.plan.blockShutdown > .zero, let host = self.host {
                // Messages stop at once; requests are answered on, as in Dapr.
                loop.spawn { [stop = self.stop] in await host.blockShutdown { stop.ask(0) } }
            }
            reactor.after(self.plan.blockShutdown) { self.stop.ask(0) }
            // A second signal does not wait.
            guard (try? await signals.next(on: reactor)) != nil else { return }
            ProcessExit.now(ExitStatus.interrupted.rawValue)
        }
    }
}
