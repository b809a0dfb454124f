package import Backends
package import Transport

/// The machine as callees hear of it (`X-Forwarded-For`, `X-Forwarded-Host`).
package struct HostIdentity: Sendable {
    package var address: String
    package var name: String

    package init(address: String, name: String) {
        self.address = address
        self.name = name
    }
}

/// An isolated world: clock, random source, journal, back ends, sidecars.
///
/// Lives wholly on one event loop, which nothing of it ever leaves.
package final class Sandbox {
    /// Its name among those of a process.
    package let id: String
    package let clock: SandboxClock
    package let random: RandomSource
    package let journal = Journal()
    package let loop: EventLoop
    /// What a store shared with others (Redis) puts before every key of this sandbox; empty for the
    /// default one, whose data Dapr shares.
    package let keyPrefix: String
    /// What callees are told of the callers' machine.
    package var host = HostIdentity(address: "127.0.0.1", name: "localhost")
    package private(set) var sidecars: [Sidecar] = []
    /// What answers for applications that are not there.
    package private(set) lazy var stubs = Stubs(of: self)
    /// What goes wrong on purpose.
    package private(set) lazy var faults = Faults(of: self)
    /// Who knows the sidecars of other processes; nil when there is nobody to ask.
    package var resolver: (any NameResolver)?
    /// Who tells other processes of what is shared with them; nil when there are none.
    package var notes: (any PeerNotes)?
    /// Applications that will subscribe: messages are not lost for them.
    package let awaited = AwaitedApps()
    /// Opens ways to other servers; nil where nothing is invoked.
    package var channels: (any OutboundChannels)?
    /// The folder of a sandbox that was made at run time: its databases lie there, wherever components
    /// say; nil for the default one.
    package let folder: String?
    /// Whether it is the one that the process began with.
    package var isDefault: Bool { folder == nil }
    /// The sandboxes of the process; nil where none can be made. It outlives every sandbox.
    package weak var sandboxes: Sandboxes?
    /// How the clock went at first, which a reset goes back to.
    package let beginning: ClockSetting
    /// When requests used it.
    package let use = SandboxUse()
    /// Counts resets of the journal: what was begun before one leaves no entry after it.
    package internal(set) var era = 0
    /// Lets one reset, seed or snapshot at a time do its work.
    let changes = Turns()
    private var backends: [String: any StateStore] = [:]
    private var brokers: [String: any MessageBroker] = [:]

    package init(
        id: String = "default", on loop: EventLoop, clock: SandboxClock, random: RandomSource,
        keyPrefix: String = "", folder: String? = nil
    ) {
        self.folder = folder
        beginning = ClockSetting(clock.mode, at: clock.mode == .real ? nil : clock.now)
        self.id = id
        self.loop = loop
        self.clock = clock
        self.random = random
        self.keyPrefix = keyPrefix
    }

    package func add(_ sidecar: Sidecar) { sidecars.append(sidecar) }

    /// Takes a sidecar out, which nobody finds any more.
    package func remove(_ sidecar: Sidecar) { sidecars.removeAll { $0 === sidecar } }

    /// The back end for `connection`, made once: two components that name one database share it.
    package func backend<E: Error>(
        _ connection: String, make: () async throws(E) -> any StateStore
    ) async throws(E) -> any StateStore {
        if let known = backends[connection] { return known }
        let made = try await make()
        backends[connection] = made
        return made
    }

    /// The broker for `connection`, made once, likewise.
    package func broker<E: Error>(
        _ connection: String, make: () async throws(E) -> any MessageBroker
    ) async throws(E) -> any MessageBroker {
        if let known = brokers[connection] { return known }
        let made = try await make()
        brokers[connection] = made
        return made
    }

    /// Closes every back end.
    package func close() async {
        // Who follows or waits would hold it.
        journal.end()
        clock.end()
        for backend in backends.values { await backend.close() }
        backends = [:]
        for broker in brokers.values { await broker.close() }
        brokers = [:]
        // They hold each other; a process that makes and deletes sandboxes must not grow.
        for sidecar in sidecars { sidecar.letGo() }
        sidecars = []
    }
}
