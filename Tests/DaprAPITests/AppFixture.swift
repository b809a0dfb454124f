import Backends
import Blocks
import Bytes
import DaprAPI
import HTTP
import Synchronization
import TestSupport
import Testing
import Transport

/// A request as an application got it.
struct Received: Sendable {
    let method: String
    let target: String
    let fields: [(name: String, value: String)]
    let body: String

    /// The values of a field, its name compared without case.
    func all(_ name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name }.map(\.value)
    }

    subscript(name: String) -> String? { all(name).first }
}

/// An application over real HTTP, in this process: remembers what it gets and answers by its rules.
final class RecordingApp: RequestHandler {
    /// What is answered; on the loop.
    typealias Answer = @Sendable (Received) -> Response

    private let answer: Answer
    private let seen: Seen

    final class Seen: Sendable {
        private let list = Mutex<[Received]>([])
        var all: [Received] { list.withLock { $0 } }
        func add(_ request: Received) { list.withLock { $0.append(request) } }

        /// What came to a path, once so many have come.
        func requests(to path: String, count: Int = 1) throws -> [Received] {
            try Deadline.wait("\(count) requests to \(path)") {
                all.count { $0.target.hasPrefix(path) } >= count
            }
            return all.filter { $0.target.hasPrefix(path) }
        }
    }

    init(_ seen: Seen, _ answer: @escaping Answer) {
        self.seen = seen
        self.answer = answer
    }

    func respond(to request: Request) async -> Response {
        let head = request.head
        let body = (try? await request.body.collect(upTo: 1 << 24)) ?? []
        var fields: [(String, String)] = []
        for index in 0..<head.fields.count {
            let (name, value) = head.fields[index]
            fields.append((String(text: name), String(text: value)))
        }
        let query = head.query.map { "?\(String(text: $0))" } ?? ""
        let received = Received(
            method: String(text: head.method), target: String(text: head.path) + query,
            fields: fields, body: String(text: body))
        seen.add(received)
        return answer(received)
    }
}

/// Two sidecars of one sandbox, `myapp` and `other`, whose applications are one server, and a sidecar
/// `alone` without any.
final class AppFixture: SidecarUnderTest {
    let port: UInt16
    let otherPort: UInt16
    let appPort: UInt16
    let seen = RecordingApp.Seen()
    private let loop: EventLoop
    private let parts: Parts

    @safe private struct Parts: @unchecked Sendable {
        let sandbox: Sandbox
        let servers: [Server]
        let sidecars: [Sidecar]
        let channels: [HTTPChannel]
        let ports: [UInt16]
    }

    /// - Parameters:
    ///   - settings: of `myapp`.
    ///   - scopes: settings of the component `pubsub`.
    static func run(
        settings: SidecarSettings = SidecarSettings(), scopes: [String: String] = [:],
        answer: @escaping RecordingApp.Answer = { _ in Response(status: 200) },
        _ body: @Sendable @escaping (AppFixture) throws -> Void
    ) async throws {
        let fixture = try await AppFixture(settings, scopes, answer)
        do { try await OffPool.run { try body(fixture) } } catch {
            await fixture.close()
            throw error
        }
        await fixture.close()
    }

    private init(
        _ settings: SidecarSettings, _ scopes: [String: String],
        _ answer: @escaping RecordingApp.Answer
    ) async throws {
        let loop = try EventLoop()
        self.loop = loop
        let seen = seen
        parts = try await loop.run { (loop) throws in
            let sandbox = Sandbox(
                on: loop, clock: SandboxClock(on: loop.reactor), random: RandomSource())
            sandbox.channels = HTTPChannels(limits: HTTPLimits(), on: loop)
            sandbox.host = HostIdentity(address: "10.0.0.1", name: "box")
            let app = Server(
                limits: HTTPLimits(readBufferSize: 1 << 16), on: loop.reactor,
                handler: RecordingApp(seen, answer))
            let appListener = try Listener(at: .loopback(port: 0), on: loop.reactor)
            app.serve(appListener, on: loop)
            let broker = MemoryBroker(on: loop)
            var servers = [app]
            var ports = [appListener.address.port]
            var sidecars: [Sidecar] = []
            var channels: [HTTPChannel] = []
            for id in ["myapp", "other", "alone"] {
                let sidecar = Sidecar(
                    appID: id, settings: id == "myapp" ? settings : SidecarSettings(), in: sandbox)
                sidecar.add(
                    StateComponent(
                        name: "statestore", type: "state.in-memory", version: "v1",
                        family: .memory,
                        store: MemoryStateStore(clock: sandbox.clock, random: sandbox.random),
                        keyPrefix: try KeyPrefix(
                            strategy: nil, appID: id, component: "statestore", namespace: nil)))
                sidecar.add(
                    PubSubComponent(
                        name: "pubsub", type: "pubsub.in-memory", version: "v1", broker: broker,
                        group: id, appID: id, settings: scopes))
                if id != "alone" {
                    let channel = HTTPChannel(
                        to: .init(host: "127.0.0.1", port: appListener.address.port),
                        maxConcurrency: settings.appMaxConcurrency, token: settings.appToken,
                        limits: HTTPLimits(readBufferSize: 1 << 16), on: loop)
                    sidecar.appChannel = channel
                    channels.append(channel)
                    let life = AppLife(
                        of: sidecar, channel, host: "127.0.0.1", port: appListener.address.port,
                        declared: [])
                    if id == "myapp" { await life.run { sidecar.isReady = true } }
                }
                let server = Server(
                    limits: HTTPLimits(), on: loop.reactor,
                    handler: Front(sidecar: sidecar) { _ in })
                let listener = try Listener(at: .loopback(port: 0), on: loop.reactor)
                server.serve(listener, on: loop)
                servers.append(server)
                ports.append(listener.address.port)
                sidecars.append(sidecar)
            }
            return Parts(
                sandbox: sandbox, servers: servers, sidecars: sidecars, channels: channels,
                ports: ports)
        }
        appPort = parts.ports[0]
        port = parts.ports[1]
        otherPort = parts.ports[2]
    }

    /// Gives `myapp` the endpoints of resource files; from a thread that may wait.
    func set(_ endpoints: [HTTPEndpoint]) throws {
        let isSet = Guarded(false)
        let parts = parts
        loop.reactor.post {
            parts.sidecars[0].httpEndpoints = endpoints
            isSet.withLock { $0 = true }
        }
        try Deadline.wait("the endpoints") { isSet.withLock { $0 } }
    }

    /// The faults that the journal tells, entry by entry; from a thread that may wait.
    func faults() throws -> [String] {
        let told = Guarded<[String]?>(nil)
        let parts = parts
        loop.reactor.post {
            let entries = parts.sandbox.journal.entries
            told.withLock { $0 = entries.compactMap(\.detail.fault) }
        }
        try Deadline.wait("the journal") { told.withLock { $0 != nil } }
        return told.withLock { $0 ?? [] }
    }

    private func close() async {
        await loop.run { [parts] loop in
            for sidecar in parts.sidecars { await sidecar.subscriptions?.stop() }
            for server in parts.servers {
                await server.stop(grace: .milliseconds(200), on: loop)
            }
            for channel in parts.channels { channel.close() }
            (parts.sandbox.channels as? HTTPChannels)?.close()
            await parts.sandbox.close()
        }
        loop.stop()
    }
}
