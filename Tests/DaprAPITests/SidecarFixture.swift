import Backends
import Blocks
import Bytes
import DaprAPI
import HTTP
import RedisBackend
import SQLiteBackend
import Synchronization
import TestSupport
import Testing
import Transport
import YAML

/// The stores that the contract is held against.
enum Store: String, CaseIterable, CustomTestStringConvertible {
    case memory, sqlite, redis

    var testDescription: String { rawValue }

    var type: String {
        switch self {
        case .memory: "state.in-memory"
        case .sqlite: "state.sqlite"
        case .redis: "state.redis"
        }
    }

    var family: StateComponent.Family {
        switch self {
        case .memory: .memory
        case .sqlite: .sqlite
        case .redis: .redis
        }
    }
}

/// What a sidecar under test is made of.
struct SidecarPlan: Sendable {
    /// nil for a sidecar without any store.
    var store: Store? = .memory
    var settings = SidecarSettings()
    /// The component's `keyPrefix` setting.
    var keyPrefix: String?
    var namespace: String?
    /// Where the clock stands still; nil for the real one.
    var time: Timestamp?
    var isReady = true
    /// nil makes one that no other test has, because all tests share one Redis.
    var appID: String?
    /// Replaces the store, for what no real one does on demand.
    var stub: (@Sendable () -> any StateStore)?
    /// Resiliency resources, one YAML document each.
    var resiliencies: [String] = []
    /// The way to an application; nil for a sidecar without one.
    var app: (@Sendable (_ sandbox: Sandbox) -> any AppChannel)?
    var log: (any SidecarLog)?
    /// What stands before every key on Redis.
    var sandboxPrefix = ""
}

/// A sidecar that tests speak to.
protocol SidecarUnderTest: Sendable {
    var port: UInt16 { get }
}

extension SidecarUnderTest {
    func client() throws -> WireClient { try WireClient(port: port) }

    /// One request over a connection of its own.
    func send(
        _ method: String, _ target: String, headers: [(String, String)] = [], _ body: String? = nil
    ) throws -> WireResponse {
        try client().request(method, target, headers: headers, body: body)
    }
}

/// A sidecar in this process, on a port and a loop of its own, with one store named `statestore`.
final class SidecarFixture: SidecarUnderTest {
    let port: UInt16
    let appID: String
    private let loop: EventLoop
    private let parts: Parts

    /// What lives on the loop.
    @safe private struct Parts: @unchecked Sendable {
        let sandbox: Sandbox
        let sidecar: Sidecar
        let server: Server
        let port: UInt16
    }

    /// Stops that were asked for over the API, `true` for at once.
    let shutdowns = Shutdowns()

    final class Shutdowns: Sendable {
        private let list = Mutex<[Bool]>([])
        var asked: [Bool] { list.withLock { $0 } }
        func add(_ force: Bool) { list.withLock { $0.append(force) } }
    }

    private static let count = Atomic(0)
    private static let run = UInt32.random(in: .min ... .max)

    /// Runs `body` against a sidecar that is gone afterwards.
    static func run(
        _ plan: SidecarPlan = SidecarPlan(), _ body: (SidecarFixture) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let fixture = try await SidecarFixture(plan, folder)
        do {
            try await body(fixture)
        } catch {
            await fixture.close()
            throw error
        }
        await fixture.close()
    }

    private init(_ plan: SidecarPlan, _ folder: TemporaryFolder) async throws {
        let number = Self.count.add(1, ordering: .relaxed).newValue
        let appID = plan.appID ?? "app\(Self.run)-\(number)"
        self.appID = appID
        let loop = try EventLoop()
        self.loop = loop
        let shutdowns = shutdowns
        let path = "\(folder.path)/state.db"
        let redisPort = plan.store == .redis ? RedisServer.shared.port : 0
        parts = try await loop.run { (loop) throws in
            let clock = SandboxClock(
                plan.time == nil ? .real : .manual, at: plan.time, on: loop.reactor)
            let sandbox = Sandbox(
                on: loop, clock: clock, random: RandomSource(seed: UInt64(number)),
                keyPrefix: plan.sandboxPrefix)
            let sidecar = Sidecar(appID: appID, settings: plan.settings, in: sandbox)
            if let kind = plan.store {
                let store: any StateStore =
                    switch kind {
                    case .memory: MemoryStateStore(clock: clock, random: sandbox.random)
                    case .sqlite:
                        try SQLiteStateStore(
                            SQLiteSettings(path: path), clock: clock,
                            random: sandbox.random, on: loop.reactor)
                    case .redis:
                        RedisStateStore(
                            RedisSettings(host: "127.0.0.1", port: redisPort),
                            keyPrefix: plan.sandboxPrefix, clock: clock, on: loop)
                    }
                let shared = await sandbox.backend("store") { plan.stub?() ?? store }
                sidecar.add(
                    StateComponent(
                        name: "statestore", type: kind.type, version: "v1", family: kind.family,
                        store: shared,
                        keyPrefix: try KeyPrefix(
                            strategy: plan.keyPrefix, appID: appID, component: "statestore",
                            namespace: plan.namespace)))
            }
            let resources = plan.resiliencies.flatMap { text in
                ResourceParser.parse(
                    SourceText(name: "r.yaml", text: text),
                    ResourceContext(appID: appID, environment: [:], uuid: { "" })
                ).resiliencies
            }
            sidecar.log = plan.log
            sidecar.resiliency = Resiliency(resources, in: sandbox, log: plan.log)
            sidecar.appChannel = plan.app?(sandbox)
            sidecar.isReady = plan.isReady
            sidecar.isOutboundReady = plan.isReady
            let front = Front(sidecar: sidecar) { shutdowns.add($0) }
            let server = Server(limits: HTTPLimits(), on: loop.reactor, handler: front)
            let listener = try Listener(at: .loopback(port: 0), on: loop.reactor)
            server.serve(listener, on: loop)
            return Parts(
                sandbox: sandbox, sidecar: sidecar, server: server, port: listener.address.port)
        }
        port = parts.port
    }

    private func close() async {
        await loop.run { [parts] loop in
            await parts.server.stop(grace: .milliseconds(200), on: loop)
            await parts.sandbox.close()
        }
        loop.stop()
    }

    /// Moves a clock that stands still.
    func advance(by duration: Duration) async {
        _ = await loop.run { [parts] _ in await parts.sandbox.clock.advance(by: duration) }
    }

    func setReady(outbound: Bool, all: Bool) async {
        await loop.run { [parts] _ in
            parts.sidecar.isOutboundReady = outbound
            parts.sidecar.isReady = all
        }
    }

    /// Puts a value into the store past the API.
    func plant(_ key: String, _ value: String) async throws {
        let write = StateWrite(
            key: StateKey("\(appID)||\(key)".utf8), value: Array(value.utf8)[...])
        try await loop.run { [parts] _ throws in
            try await parts.sidecar.stateComponents[0].store.set(write)
        }
    }

    /// Sends away who follows the journal, as a stop does.
    func endJournal() async {
        await loop.run { [parts] _ in parts.sandbox.journal.end() }
    }

    /// The journal's entries.
    func journal() async -> [JournalEntry] {
        await loop.run { [parts] _ in parts.sandbox.journal.entries }
    }
}
