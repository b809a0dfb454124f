internal import Backends
internal import Blocks
internal import Bytes
internal import DaprAPI
internal import HTTP
internal import Transport

/// What a sidecar is to be, decided and checked, nothing opened yet.
struct ServePlan: Sendable {
    let appID: String
    let settings: SidecarSettings
    let headLimit: Int
    let addresses: [SocketAddress]
    let components: [Component]
    let opener: StoreOpener
    let grace: Duration
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

    init(plan: ServePlan, signals: TerminationSignals) {
        self.plan = plan
        self.signals = signals
    }

    /// - Returns: the status to exit with.
    func run(startedAt begin: MonotonicTime, on loop: isolated EventLoop) async throws -> Int32 {
        let sandbox = Sandbox(on: loop, clock: RealClock(), random: RandomSource())
        let sidecar = Sidecar(appID: plan.appID, settings: plan.settings, in: sandbox)
        try await openComponents(of: sidecar)
        let front = Front(sidecar: sidecar) { [weak self] force in
            self?.end(force ? 1 : 0, after: force ? .milliseconds(100) : .zero, on: loop.reactor)
        }
        let server = Server(
            limits: HTTPLimits(readBufferSize: plan.headLimit), on: loop.reactor,
            handler: plan.logsRequests ? RequestLog(front, plan.log) : front)
        let address = try listen(server, on: loop)
        sidecar.isOutboundReady = true
        sidecar.isReady = true
        announce(address, sidecar, startedAt: begin)
        waitForSignals(on: loop)
        let status = await waitForStop()
        await server.stop(grace: plan.grace, on: loop)
        await sandbox.close()
        return status
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
                guard component.ignoresErrors else {
                    throw Failure(error.cause == .backend ? .runtime : .file, error.message)
                }
                plan.log.write(.warn, "\(error.message) (ignored: ignoreErrors)")
            }
        }
    }

    // MARK: Listening

    private func listen(
        _ server: Server, on loop: isolated EventLoop
    ) throws(Failure) -> SocketAddress {
        var port: UInt16?
        for address in plan.addresses {
            // The other family takes the port that the first one was given.
            let wanted = address.port == 0 ? address.with(port: port ?? 0) : address
            do throws(SystemError) {
                let listener = try Listener(at: wanted, on: loop.reactor)
                port = port ?? listener.address.port
                server.serve(listener, on: loop)
            } catch {
                // A machine without IPv6 listens on IPv4 alone.
                guard port != nil, error.isAddressUnavailable else {
                    throw failure(error, at: wanted)
                }
            }
        }
        guard let first = plan.addresses.first else {
            throw Failure(.usage, "no address to listen at: name one in --dapr-listen-addresses")
        }
        return first.with(port: port ?? first.port)
    }

    private func failure(_ error: SystemError, at address: SocketAddress) -> Failure {
        let mend =
            error.isAddressInUse
            ? ": another program has it; choose another with --dapr-http-port, or 0 for a free one"
            : ""
        return Failure(.runtime, "cannot listen at \(address): \(error.reason)\(mend)")
    }

    // MARK: Telling

    private func announce(
        _ address: SocketAddress, _ sidecar: Sidecar, startedAt begin: MonotonicTime
    ) {
        let url = Self.url(address)
        let stores = plan.components.filter { component in
            sidecar.stateComponents.contains { $0.name == component.name }
        }.map { "\($0.name) (\(plan.opener.place(of: $0)))" }
        StandardOutput.write(
            """
            fakedapr \(Version.current), a Dapr sidecar as daprd 1.18.3
              URL     \(url)
              App id  \(plan.appID)
              Stores  \(stores.isEmpty ? "none" : stores.joined(separator: "\n          "))
              Stop    Ctrl-C, or POST \(url)/v1.0/shutdown
            """)
        let elapsed = (Reactor.monotonicNow() - begin) / 1_000_000
        plan.log.write(.info, "dapr initialized. Status: Running. Init Elapsed \(elapsed)ms")
        if let descriptor = plan.readyDescriptor {
            FileContents.writeAll(Array("\(url)\n".utf8), to: descriptor)
        }
        if let file = plan.readyFile {
            do throws(SystemError) {
                try FileContents.write(Array("\(url)\n".utf8), to: file)
            } catch {
                plan.log.write(.error, "cannot write the ready file \(file): \(error.reason)")
            }
        }
    }

    private static func url(_ address: SocketAddress) -> String {
        switch address {
        case .ipv4(0, 0, 0, 0, let port): "http://127.0.0.1:\(port)"
        case .ipv4, .ipv6: "http://\(address)"
        case .unix(let path): "unix://\(path)"
        }
    }

    // MARK: Stopping

    private func waitForSignals(on loop: isolated EventLoop) {
        let reactor = loop.reactor
        Task {
            _ = loop
            guard (try? await signals.next(on: reactor)) != nil else { return }
            self.end(0, after: .zero, on: reactor)
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
        let response = await handler.respond(to: request)
        let head = request.head
        log.write(
            .info,
            "HTTP API Called: \(String(text: head.method)) \(String(text: head.path)) "
                + "\(response.status)", scope: "dapr.runtime.http-info")
        return response
    }
}
