internal import Backends
internal import Blocks
internal import Bytes
internal import DaprAPI
internal import Glibc
internal import HTTP
internal import Transport
internal import YAML

/// What a sidecar is to be, decided and checked, nothing opened yet.
struct ServePlan: Sendable {
    let appID: String
    let settings: SidecarSettings
    let headLimit: Int
    let addresses: [SocketAddress]
    let components: [Component]
    let httpEndpoints: [HTTPEndpoint]
    let opener: StoreOpener
    let appPort: UInt16?
    let grace: Duration
    /// How long requests are still taken after a signal.
    let blockShutdown: Duration
    let log: Log
    let logsRequests: Bool
    let readyDescriptor: Int32?
    let readyFile: String?
}

/// The life of `serve`: open stores, listen, say so, wait for a stop, stop. Lives on its loop.
final class ServeProcess {
    private let plan: ServePlan
    private let signals: TerminationSignals
    private var stop: Suspension<Int32>?
    private var stopStatus: Int32?
    /// Whether requests are answered; a signal before that has nothing to finish.
    private var isServing = false

    init(plan: ServePlan, signals: TerminationSignals) {
        self.plan = plan
        self.signals = signals
    }

    /// - Returns: the status to exit with.
    func run(startedAt begin: MonotonicTime, on loop: isolated EventLoop) async throws -> Int32 {
        // What an earlier run has left would send a script to a sidecar that is gone.
        if let file = plan.readyFile { FileContents.remove(file) }
        waitForSignals(on: loop)
        let sandbox = Sandbox(on: loop, clock: RealClock(), random: RandomSource())
        let sidecar = Sidecar(appID: plan.appID, settings: plan.settings, in: sandbox)
        sidecar.log = plan.log
        try await openComponents(of: sidecar)
        sidecar.httpEndpoints = plan.httpEndpoints
        let channels = HTTPChannels(
            limits: HTTPLimits(readBufferSize: plan.headLimit), on: loop)
        sandbox.channels = channels
        sandbox.host = HostIdentity(
            address: ProcessEnvironment["DAPR_HOST_IP"] ?? "127.0.0.1",
            name: ProcessEnvironment.hostName)
        let front = Front(sidecar: sidecar) { [weak self] force in
            self?.end(force ? 1 : 0, after: force ? .milliseconds(100) : .zero, on: loop.reactor)
        }
        let server = Server(
            limits: HTTPLimits(readBufferSize: plan.headLimit), on: loop.reactor,
            handler: plan.logsRequests ? RequestLog(front, plan.log) : front)
        let address = try listen(server, on: loop)
        sidecar.isOutboundReady = true
        isServing = true
        try announce(address, sidecar)
        waitForApp(sidecar, startedAt: begin, on: loop)
        let status = await waitForStop()
        let stopping = Reactor.monotonicNow()
        await server.stop(grace: plan.grace, on: loop)
        channels.close()
        let isLate = Reactor.monotonicNow() - stopping >= plan.grace.nanoseconds
        if isLate { plan.log.write(.error, "Graceful shutdown timeout exceeded, forcing shutdown") }
        await sandbox.close()
        if let file = plan.readyFile { FileContents.remove(file) }
        return isLate ? max(status, 1) : status
    }

    private func openComponents(of sidecar: Sidecar) async throws(Failure) {
        for component in plan.components {
            guard component.category == "state" else {
                plan.log.write(
                    .warn,
                    "the component \(component.name) of type \(component.type) is skipped: "
                        + "only state stores are supported yet")
                continue
            }
            do throws(ComponentFailure) {
                sidecar.add(try await plan.opener.openState(component, for: sidecar))
            } catch {
                guard component.ignoresErrors else { throw failure(error, of: component) }
                plan.log.write(.warn, "\(error.message) (ignored: ignoreErrors)")
            }
        }
    }

    /// With the place of the component's description, if it has one.
    private func failure(_ error: ComponentFailure, of component: Component) -> Failure {
        let status = error.cause == .backend ? ExitStatus.runtime : .file
        guard let origin = component.origin else { return Failure(status, error.message) }
        let diagnostic = Diagnostic(.error, error.message, at: origin.span, in: origin.source)
        return Failure(status, diagnostic.rendered, isDiagnostic: true)
    }

    // MARK: Listening

    private func listen(
        _ server: Server, on loop: isolated EventLoop
    ) throws(Failure) -> SocketAddress {
        guard let first = plan.addresses.first else {
            throw Failure(.usage, "no address to listen at: name one in --dapr-listen-addresses")
        }
        let listeners = try listeners(on: loop.reactor)
        for listener in listeners { server.serve(listener, on: loop) }
        return first.with(port: listeners.first?.address.port ?? first.port)
    }

    /// One per address. A port that the kernel chose for the first may be another program's in the
    /// second family; then it chooses again.
    private func listeners(on reactor: Reactor) throws(Failure) -> [Listener] {
        for _ in 0..<Self.portChoices {
            do throws(ListenFailure) {
                return try bind(reactor)
            } catch {
                guard error.isChosenPort, error.error.isAddressInUse else {
                    throw failure(error.error, at: error.address)
                }
            }
        }
        throw Failure(.runtime, "cannot listen: no port is free for all addresses")
    }

    private static let portChoices = 32

    private struct ListenFailure: Error {
        let error: SystemError
        let address: SocketAddress
        let isChosenPort: Bool
    }

    private func bind(_ reactor: Reactor) throws(ListenFailure) -> [Listener] {
        var listeners: [Listener] = []
        for address in plan.addresses {
            // The other family takes the port that the first one was given.
            let port = listeners.first?.address.port
            let wanted = address.port == 0 ? address.with(port: port ?? 0) : address
            do throws(SystemError) {
                listeners.append(try Listener(at: wanted, on: reactor))
            } catch {
                // A machine without IPv6 listens on IPv4 alone.
                if port != nil, error.isAddressUnavailable { continue }
                for listener in listeners { listener.close() }
                throw ListenFailure(
                    error: error, address: wanted, isChosenPort: address.port == 0 && port != nil)
            }
        }
        return listeners
    }

    private func failure(_ error: SystemError, at address: SocketAddress) -> Failure {
        let mend =
            error.isAddressInUse
            ? ": another program has it; choose another with --dapr-http-port, or 0 for a free one"
            : ""
        return Failure(.runtime, "cannot listen at \(address): \(error.reason)\(mend)")
    }

    // MARK: Telling

    private func announce(_ address: SocketAddress, _ sidecar: Sidecar) throws(Failure) {
        let url = Self.url(address)
        let isUnix = if case .unix = address { true } else { false }
        let stores = plan.components.filter { component in
            sidecar.stateComponents.contains { $0.name == component.name }
        }.map { "\($0.name) (\(plan.opener.place(of: $0)))" }
        StandardOutput.write(
            """
            fakedapr \(Version.current), a Dapr sidecar as daprd 1.18.3
              URL     \(url)
              App id  \(plan.appID)
              Stores  \(stores.isEmpty ? "none" : stores.joined(separator: "\n          "))
              Stop    Ctrl-C, or POST \(isUnix ? "" : url)/v1.0/shutdown
            """)
        try tellReady(url)
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

    private static func url(_ address: SocketAddress) -> String {
        switch address {
        case .ipv4(0, 0, 0, 0, let port): "http://127.0.0.1:\(port)"
        case .ipv6(let bytes, let port) where bytes.allSatisfy({ $0 == 0 }): "http://[::1]:\(port)"
        case .ipv4, .ipv6: "http://\(address)"
        case .unix(let path): "unix://\(path)"
        }
    }

    // MARK: The application

    /// Ready is who has an application that accepts connections, or none.
    private func waitForApp(
        _ sidecar: Sidecar, startedAt begin: MonotonicTime, on loop: isolated EventLoop
    ) {
        guard let port = plan.appPort else { return ready(sidecar, startedAt: begin) }
        let host = plan.settings.appChannelAddress
        let channel = HTTPChannel(
            to: .init(host: host, port: port), maxConcurrency: plan.settings.appMaxConcurrency,
            token: plan.settings.appToken, limits: HTTPLimits(readBufferSize: plan.headLimit),
            on: loop)
        sidecar.appChannel = channel
        let life = AppLife(of: sidecar, channel, host: host, port: port)
        loop.spawn { await life.run { self.ready(sidecar, startedAt: begin) } }
    }

    private func ready(_ sidecar: Sidecar, startedAt begin: MonotonicTime) {
        sidecar.isReady = true
        let elapsed = (Reactor.monotonicNow() - begin) / 1_000_000
        plan.log.write(.info, "dapr initialized. Status: Running. Init Elapsed \(elapsed)ms")
    }

    // MARK: Stopping

    private func waitForSignals(on loop: isolated EventLoop) {
        let reactor = loop.reactor
        loop.spawn { [self, signals] in
            guard let signal = try? await signals.next(on: reactor) else { return }
            let name = signal == SIGINT ? "interrupt" : "terminated"
            self.plan.log.write(.info, "Received signal '\(name)'; beginning shutdown")
            guard self.isServing else { ProcessExit.now(ExitStatus.interrupted.rawValue) }
            reactor.after(self.plan.blockShutdown) { self.end(0, after: .zero, on: reactor) }
            // A second signal does not wait.
            guard (try? await signals.next(on: reactor)) != nil else { return }
            ProcessExit.now(ExitStatus.interrupted.rawValue)
        }
    }

    private func end(_ status: Int32, after delay: Duration, on reactor: Reactor) {
        guard stopStatus == nil else { return }
        if delay > .zero {
            // Forced: the answer has a moment to leave, then the process is gone.
            reactor.after(delay) { ProcessExit.now(status) }
            return
        }
        stopStatus = status
        stop?.resume(returning: status)
        stop = nil
    }

    private func waitForStop() async -> Int32 {
        await Suspension.suspend { suspension in
            if let stopStatus { return suspension.resume(returning: stopStatus) }
            stop = suspension
        }
    }
}

/// One log line per request (`--enable-api-logging`).
final class RequestLog: RequestHandler {
    private let handler: any RequestHandler
    private let log: Log

    init(_ handler: any RequestHandler, _ log: Log) {
        self.handler = handler
        self.log = log
    }

    func respond(to request: Request) async -> Response {
        let begin = Reactor.monotonicNow()
        let response = await handler.respond(to: request)
        let head = request.head
        let milliseconds = (Reactor.monotonicNow() - begin) / 1_000_000
        log.write(
            .info, "HTTP API Called", scope: "dapr.runtime.http-info",
            fields: [
                ("method", "\(String(text: head.method)) \(String(text: head.path))"),
                ("useragent", head.fields["user-agent"].map { String(text: $0) } ?? ""),
                ("code", String(response.status)), ("size", String(response.body.count)),
                ("duration", String(milliseconds)),
            ])
        return response
    }
}
