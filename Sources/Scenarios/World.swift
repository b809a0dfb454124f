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
    /// Whether the run is to end: no further step is begun but those that always are.
    package var isInterrupted: @Sendable () -> Bool = { false }

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

/// The world of one case: a sandbox with a sidecar on a free port, or somebody else's endpoint.
///
/// Confined to its loop.
final class World {
    let endpoint: Surroundings.Endpoint
    private let loop: EventLoop
    private let sandbox: Sandbox?
    private let server: Server?
    private var connection: ClientConnection?

    /// An endpoint that runs already.
    init(_ endpoint: Surroundings.Endpoint, on loop: EventLoop) {
        self.endpoint = endpoint
        self.loop = loop
        (sandbox, server) = (nil, nil)
    }

    /// Opens the sidecar that `description` wants.
    init(
        _ description: SidecarDescription, components: [Component], opener: any ComponentOpener,
        keyPrefix: String, on loop: isolated EventLoop
    ) async throws(ComponentFailure) {
        self.loop = loop
        let sandbox = Sandbox(
            on: loop, clock: RealClock(), random: RandomSource(), keyPrefix: keyPrefix)
        let sidecar = Sidecar(
            appID: description.appID, settings: SidecarSettings(), in: sandbox)
        do throws(ComponentFailure) {
            for component in components {
                sidecar.add(try await opener.openState(component, for: sidecar))
            }
        } catch {
            await sandbox.close()
            throw error
        }
        let front = Front(sidecar: sidecar) { _ in }
        let server = Server(limits: HTTPLimits(), on: loop.reactor, handler: front)
        let listener: Listener
        do throws(SystemError) {
            listener = try Listener(at: .loopback(port: 0), on: loop.reactor)
        } catch {
            throw ComponentFailure("sidecar", .backend, "no port to listen at: \(error.reason)")
        }
        server.serve(listener, on: loop)
        sidecar.isOutboundReady = true
        sidecar.isReady = true
        self.sandbox = sandbox
        self.server = server
        endpoint = Surroundings.Endpoint(
            address: listener.address, host: "127.0.0.1:\(listener.address.port)",
            name: "127.0.0.1")
    }

    /// What guests may reach.
    var boundary: Boundary { .sidecar(host: endpoint.name, port: endpoint.address.port) }

    /// The journal of one's own sidecar; nil for an endpoint of somebody else.
    var journal: Journal? { sandbox?.journal }

    /// Sends a request over the world's one connection, which is made anew when it has ended.
    func send(
        _ request: OutgoingRequest, timeout: Duration
    ) async throws(ExchangeError) -> IncomingResponse {
        let deadline = Reactor.monotonicNow() + timeout.nanoseconds
        if connection?.isReusable != true {
            connection?.close()
            connection = try await ClientConnection(
                to: endpoint.address, limits: HTTPLimits(readBufferSize: 64 << 10),
                deadline: deadline, on: loop.reactor)
        }
        guard let connection else { throw .disconnected }
        return try await connection.send(request, limit: 64 << 20, deadline: deadline)
    }

    func close(on loop: isolated EventLoop) async {
        connection?.close()
        await server?.stop(grace: .milliseconds(500), on: loop)
        await sandbox?.close()
    }
}
