internal import Backends
internal import Blocks
internal import Bytes
internal import DaprAPI
internal import HTTP
internal import Transport
internal import YAML

/// One sidecar of a case, on a free port, with its application if it has one.
///
/// Confined to the case's loop.
final class CaseSidecar {
    let sidecar: Sidecar
    private(set) var endpoint: Surroundings.Endpoint
    private let server: Server
    private let loop: EventLoop
    private var channel: HTTPChannel?
    private var life: AppLife?
    /// What answers for a scripted application.
    private var appServer: Server?
    private var process: ProcessGroup?
    private let written = AppWriting()

    /// What its resources say, components apart.
    struct Parts {
        var components: [Component] = []
        var resources = ResourceParser.Result()
    }

    /// Opens components and the port; nothing is started yet.
    init(
        _ id: String, _ parts: Parts, opener: any ComponentOpener, in sandbox: Sandbox,
        on loop: isolated EventLoop
    ) async throws(ComponentFailure) {
        self.loop = loop
        let sidecar = Sidecar(appID: id, settings: SidecarSettings(), in: sandbox)
        self.sidecar = sidecar
        sidecar.httpEndpoints = parts.resources.httpEndpoints
        if !parts.resources.resiliencies.isEmpty {
            sidecar.resiliency = Resiliency(parts.resources.resiliencies, in: sandbox, log: nil)
        }
        for described in parts.components.secretStoresFirst {
            guard let component = sidecar.withSecrets(described) else {
                throw ComponentFailure(
                    described.name, .description,
                    "the component \(described.name) cannot be used: there is no secret store "
                        + "\(described.secretStore)")
            }
            _ = try await sidecar.open(component, by: opener)
        }
        server = Server(
            limits: HTTPLimits(), on: loop.reactor, handler: Front(sidecar: sidecar) { _ in })
        let listener = try Self.listen(on: loop.reactor)
        server.serve(listener, on: loop)
        endpoint = Surroundings.Endpoint(
            address: listener.address, host: "127.0.0.1:\(listener.address.port)",
            name: "127.0.0.1")
        sidecar.isOutboundReady = true
    }

    private static func listen(on reactor: Reactor) throws(ComponentFailure) -> Listener {
        do throws(SystemError) { return try Listener(at: .loopback(port: 0), on: reactor) } catch {
            throw ComponentFailure("sidecar", .backend, "no port to listen at: \(error.reason)")
        }
    }

    // MARK: The application

    /// Without an application a sidecar is ready at once.
    func runAlone() { sidecar.isReady = true }

    /// Answers for an application by the scenario's rules.
    func start(
        _ app: ScriptedApp, subscriptions: [Subscription], on loop: isolated EventLoop
    ) throws(ComponentFailure) {
        let listener = try Self.listen(on: loop.reactor)
        let server = Server(
            limits: HTTPLimits(readBufferSize: 64 << 10), on: loop.reactor, handler: app)
        server.serve(listener, on: loop)
        appServer = server
        sidecar.sandbox.stubs.adopt(app.app, of: sidecar)
        connect(to: listener.address.port, subscriptions)
    }

    /// Starts an application as a child process.
    ///
    /// - Parameter words: the program, looked up in PATH, and its arguments.
    func start(
        _ words: [String], environment: [String: String], in folder: String, listens: Bool,
        subscriptions: [Subscription]
    ) throws(ComponentFailure) {
        var variables = ProcessEnvironment.all
        variables["APP_ID"] = sidecar.appID
        variables["DAPR_HTTP_PORT"] = String(endpoint.address.port)
        variables["DAPR_HTTP_ENDPOINT"] = "http://\(endpoint.host)"
        variables["APP_PROTOCOL"] = "http"
        do throws(SystemError) {
            let port = listens ? try FreePort.find() : nil
            if let port { variables["APP_PORT"] = String(port) }
            variables.merge(environment) { $1 }
            var program = ProgramDescription(
                "/usr/bin/env", ["env"] + words, environment: variables, folder: folder)
            program.output = .lines
            program.errors = .lines
            let group = try ProcessGroup(program, on: loop.reactor)
            process = group
            for source in [group.output, group.errors].compactMap(\.self) {
                written.begin()
                loop.spawn { await self.written.read(source) }
            }
            if let port { connect(to: port, subscriptions) } else { runAlone() }
        } catch {
            throw ComponentFailure(
                sidecar.appID, .backend,
                "the app \(sidecar.appID) cannot be started: \(error.call): \(error.reason)")
        }
    }

    private func connect(to port: UInt16, _ subscriptions: [Subscription]) {
        let channel = HTTPChannel(
            to: .init(host: "127.0.0.1", port: port), limits: HTTPLimits(readBufferSize: 64 << 10),
            on: loop)
        self.channel = channel
        sidecar.appChannel = channel
        let life = AppLife(
            of: sidecar, channel, host: "127.0.0.1", port: port, declared: subscriptions)
        self.life = life
        loop.spawn { await life.run { self.sidecar.isReady = true } }
    }

    /// Waits until the application can be spoken to.
    func waitUntilReady(within limit: Duration) async throws(ComponentFailure) {
        let deadline = Reactor.monotonicNow() + limit.nanoseconds
        while !sidecar.isReady {
            if process?.isRunning == false {
                // What it has written is told with its end.
                let end = Reactor.monotonicNow() + Duration.seconds(1).nanoseconds
                while !written.isComplete, Reactor.monotonicNow() < end {
                    await loop.reactor.sleep(for: .milliseconds(2))
                }
                throw failure("ended before it listened at its port (APP_PORT)")
            }
            guard Reactor.monotonicNow() < deadline else {
                throw failure("does not listen at its port (APP_PORT) after \(limit)")
            }
            await loop.reactor.sleep(for: .milliseconds(5))
        }
    }

    private func failure(_ what: String) -> ComponentFailure {
        ComponentFailure(sidecar.appID, .backend, "the app \(sidecar.appID) \(what)")
    }

    /// What the application has written, its last part.
    var output: String { written.text }

    func close(on loop: isolated EventLoop) async {
        await life?.stop(patience: .seconds(1))
        await process?.stop(grace: .milliseconds(500))
        await server.stop(grace: .milliseconds(500), on: loop)
        channel?.close()
        await appServer?.stop(grace: .milliseconds(500), on: loop)
    }
}

/// The last lines that an application has written.
private final class AppWriting {
    private var lines: [String] = []
    private var open = 0
    /// Lines kept at most.
    private static let kept = 200

    var text: String { lines.joined(separator: "\n") }

    /// Whether everything has been read.
    var isComplete: Bool { open == 0 }

    /// Another stream is about to be read.
    func begin() { open += 1 }

    func read(_ source: LineSource) async {
        defer { open -= 1 }
        while let line = await source.next() {
            lines.append(String(text: line))
            if lines.count > Self.kept { lines.removeFirst() }
        }
    }
}
