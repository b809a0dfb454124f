internal import Backends
package import Blocks
internal import Bytes
internal import DaprAPI
internal import HTTP
package import Transport
internal import WasmRunner

/// Where scenarios run: what a case needs from outside.
package struct Surroundings: Sendable {
    /// A Dapr endpoint to run against instead of a sidecar of one's own.
    package var endpoint: Endpoint?
    package var opener: @Sendable (_ caseNumber: Int) -> any ComponentOpener
    /// What stands before every key in a store that others share.
    package var keyPrefix: @Sendable (_ caseNumber: Int) -> String
    /// Once it is triggered no further step is begun but those that always are.
    package var interruption = Interruption()
    /// Whether results hold the answers of requests.
    package var keepsAnswers = false

    /// A Dapr HTTP endpoint: `http://127.0.0.1:3500`.
    package struct Endpoint: Sendable {
        package let address: SocketAddress
        /// For the `Host` field.
        package let host: String
        /// The host alone, as guests' URLs name it.
        package let name: String

        package init(address: SocketAddress, host: String, name: String) {
            self.address = address
            self.host = host
            self.name = name
        }
    }

    package init(
        endpoint: Endpoint?, opener: @escaping @Sendable (Int) -> any ComponentOpener,
        keyPrefix: @escaping @Sendable (Int) -> String
    ) {
        self.endpoint = endpoint
        self.opener = opener
        self.keyPrefix = keyPrefix
    }
}

/// The world of one case: a sandbox with a sidecar on a free port and one for each application, or
/// somebody else's endpoint.
///
/// Confined to its loop.
final class World {
    let endpoint: Surroundings.Endpoint
    private let loop: EventLoop
    private let sandbox: Sandbox?
    /// For snapshots: a case has one sandbox.
    private var sandboxes: Sandboxes?
    /// The scenario's own first.
    private var sidecars: [CaseSidecar] = []
    /// Connections that wait for a next request, by the sidecar's host and port.
    private var idle: [String: [ClientConnection]] = [:]
    /// Those with an exchange under way.
    private var busy: [ObjectIdentifier: ClientConnection] = [:]

    /// An endpoint that runs already.
    init(_ endpoint: Surroundings.Endpoint, on loop: EventLoop) {
        self.endpoint = endpoint
        self.loop = loop
        sandbox = nil
    }

    /// A sandbox with the scenario's own sidecar, and no application yet.
    init(
        _ appID: String, _ parts: CaseSidecar.Parts, opener: any ComponentOpener,
        keyPrefix: String, random: UInt64?, on loop: isolated EventLoop
    ) async throws(ComponentFailure) {
        self.loop = loop
        let sandbox = Sandbox(
            on: loop, clock: SandboxClock(on: loop.reactor),
            random: random.map { RandomSource(seed: $0) } ?? RandomSource(), keyPrefix: keyPrefix)
        sandbox.channels = HTTPChannels(limits: HTTPLimits(), on: loop)
        self.sandbox = sandbox
        let sandboxes = Sandboxes(OneSandbox(), on: loop.reactor)
        self.sandboxes = sandboxes
        sandbox.sandboxes = sandboxes
        do throws(ComponentFailure) {
            let own = try await CaseSidecar(appID, parts, opener: opener, in: sandbox, on: loop)
            own.runAlone()
            sidecars = [own]
            endpoint = own.endpoint
        } catch {
            await sandbox.close()
            throw error
        }
    }

    /// Adds the sidecar of an application, which is not started yet.
    func add(
        _ id: String, _ parts: CaseSidecar.Parts, opener: any ComponentOpener,
        on loop: isolated EventLoop
    ) async throws(ComponentFailure) -> CaseSidecar {
        guard let sandbox else {
            throw ComponentFailure(id, .description, "somebody else's endpoint takes no apps")
        }
        let sidecar = try await CaseSidecar(id, parts, opener: opener, in: sandbox, on: loop)
        sidecars.append(sidecar)
        return sidecar
    }

    /// What guests may reach.
    var boundary: Boundary { .sidecar(host: endpoint.name, port: endpoint.address.port) }

    /// The journal of one's own sidecars; nil for an endpoint of somebody else.
    var journal: Journal? { sandbox?.journal }

    /// Notes what a guest has called.
    func note(_ calls: [GuestCall]) {
        sandbox?.sidecars.first?.note(calls)
    }

    /// What the journal says; nil where there is none.
    func answer(
        _ question: JournalQuestion, _ variables: [String: String],
        whileWanted isWanted: () -> Bool
    ) async -> JournalAnswer? {
        await journal?.answer(
            question, variables, on: loop.reactor, whileWanted: isWanted)
    }

    /// Where the sidecar of an app listens; nil for the scenario's own.
    func endpoint(of app: String?) -> Surroundings.Endpoint {
        guard let app else { return endpoint }
        return sidecars.first { $0.sidecar.appID == app }?.endpoint ?? endpoint
    }

    /// Sends a request to a sidecar, over a connection that nobody else uses meanwhile.
    func send(
        _ request: OutgoingRequest, to app: String?, timeout: Duration
    ) async throws(ExchangeError) -> IncomingResponse {
        let deadline = Reactor.monotonicNow() + timeout.nanoseconds
        let target = endpoint(of: app)
        let connection = try await connection(to: target, deadline)
        busy[ObjectIdentifier(connection)] = connection
        defer {
            if busy.removeValue(forKey: ObjectIdentifier(connection)) != nil {
                idle[target.host, default: []].append(connection)
            }
        }
        return try await connection.send(request, limit: 64 << 20, deadline: deadline)
    }

    private func connection(
        to target: Surroundings.Endpoint, _ deadline: MonotonicTime
    ) async throws(ExchangeError) -> ClientConnection {
        while let kept = idle[target.host]?.popLast() {
            if kept.isReusable { return kept }
            kept.close()
        }
        return try await ClientConnection(
            to: target.address, limits: HTTPLimits(readBufferSize: 64 << 10),
            deadline: deadline, on: loop.reactor)
    }

    /// Ends the exchanges that are under way, for steps that nobody waits for any longer.
    func abandon() {
        for connection in busy.values { connection.close() }
        busy = [:]
    }

    func close(on loop: isolated EventLoop) async {
        abandon()
        for connection in idle.values.joined() { connection.close() }
        // Applications first: nothing is delivered to who is ending.
        for sidecar in sidecars.reversed() { await sidecar.close(on: loop) }
        (sandbox?.channels as? HTTPChannels)?.close()
        await sandbox?.close()
    }
}

/// A case has the one sandbox that its file describes.
private final class OneSandbox: SandboxMaker {
    func make(
        _ id: String, _ wish: SandboxWish, in sandboxes: Sandboxes
    ) async throws(Sandbox.ContentsFailure) -> any HostedSandbox {
        throw Sandbox.ContentsFailure(
            "a scenario has one sandbox: describe another one in a file of its own",
            isRequest: true)
    }
}
