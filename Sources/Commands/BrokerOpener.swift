internal import Backends
internal import Blocks
internal import RedisBackend
internal import SQLiteBackend
internal import Transport

/// Opens the brokers that pub/sub components name.
struct BrokerOpener {
    private let opener: StoreOpener

    init(_ opener: StoreOpener) { self.opener = opener }

    /// The broker of a component; one connection is one broker for all apps of the sandbox.
    func broker(
        of component: Component, in sidecar: Sidecar
    ) async throws(ComponentFailure) -> any MessageBroker {
        let mapped = mapping(of: component)
        let sandbox = sidecar.sandbox
        switch BrokerType(rawValue: mapped.type) {
        case .memory:
            // Unlike in Dapr, all apps of the sandbox share it.
            return await sandbox.broker("memory:\(component.name)") {
                MemoryBroker(on: sandbox.loop, awaited: sandbox.awaited)
            }
        case .redis: return try await redis(mapped, in: sandbox)
        case .sqlite, nil: return try await sqlite(mapped, in: sandbox)
        }
    }

    /// Where a component's messages go, for people.
    func place(of component: Component) -> String {
        let mapped = mapping(of: component, tells: false)
        switch BrokerType(rawValue: mapped.type) {
        case .memory: return "in memory"
        case .redis:
            let named = try? RedisSettings(metadata: mapped.metadata)
            return "Redis at \((named ?? opener.redis).address)"
        case .sqlite, nil: return "SQLite in \(path(of: mapped))"
        }
    }

    // MARK: Types

    /// The component with the type that stands for its own.
    private func mapping(of component: Component, tells: Bool = true) -> Component {
        var mapped = component
        if let rule = opener.mappings.first(where: { $0.matches(component.type) }) {
            mapped.type = "pubsub.\(rule.replacement.drop { $0 != "." }.dropFirst())"
            if mapped.type != component.type { mapped.metadata = kept(component) }
        }
        guard BrokerType(rawValue: mapped.type) == nil else { return mapped }
        if tells {
            opener.warn(
                "the component \(component.name) is of type \(component.type), which fakedapr does "
                    + "not have: its messages are kept in SQLite; "
                    + (ComponentTypes.suggestion(for: component.type)
                        ?? "name another broker with --map \(component.type)=TYPE"))
        }
        mapped.type = BrokerType.sqlite.rawValue
        mapped.metadata = kept(component)
        return mapped
    }

    /// What is the sidecar's own, not the broker's.
    private func kept(_ component: Component) -> [String: String] {
        component.metadata.filter { BrokerType.sidecarSettings.contains($0.key.lowercased()) }
    }

    private func hasSettings(_ component: Component) -> Bool {
        kept(component).count < component.metadata.count
    }

    // MARK: Brokers

    private func sqlite(
        _ component: Component, in sandbox: Sandbox
    ) async throws(ComponentFailure) -> any MessageBroker {
        var path = path(of: component)
        let isOwn = component.setting("connectionString") == nil || !sandbox.isDefault
        let isThrowaway = opener.isThrowaway || !sandbox.isDefault
        if isOwn {
            let folder = try opener.folder(for: component, in: sandbox)
            let name = component.setting("connectionString") ?? component.name
            path = opener.file(of: name, in: folder, "messages.db")
        }
        return try await sandbox.broker("sqlite:\(path)") { () throws(ComponentFailure) in
            do throws(SQLiteOpenError) {
                let broker = try SQLiteBroker(
                    path: path, isThrowaway: isOwn && isThrowaway, clock: sandbox.clock,
                    random: sandbox.random, on: sandbox.loop)
                share(broker, path, sandbox.notes)
                return broker
            } catch {
                throw ComponentFailure(component.name, .backend, error.text)
            }
        }
    }

    /// Other processes that have the file open need not wait until they look again.
    private func share(_ broker: SQLiteBroker, _ path: String, _ notes: (any PeerNotes)?) {
        guard let notes else { return }
        let subject = Paths.absolute(path, from: Paths.current)
        broker.onPublish = { [weak notes] in notes?.tell(subject) }
        notes.listen(for: subject) { [weak broker] in broker?.poke() }
    }

    private func path(of component: Component) -> String {
        component.setting("connectionString")
            ?? opener.file(of: component.name, in: opener.dataFolder, "messages.db")
    }

    private func redis(
        _ component: Component, in sandbox: Sandbox
    ) async throws(ComponentFailure) -> any MessageBroker {
        var settings = opener.redis
        let streams: RedisStreamSettings
        do throws(RedisStreamSettings.Problem) {
            streams = try RedisStreamSettings(metadata: component.metadata)
        } catch {
            throw failure(component, error.text)
        }
        if hasSettings(component) {
            do throws(RedisSettings.Problem) {
                settings = try RedisSettings(metadata: component.metadata)
            } catch {
                throw failure(component, error.text)
            }
        }
        let key = "redis:\(settings.address)/\(settings.database) \(streams)"
        return try await sandbox.broker(key) { () throws(ComponentFailure) in
            let broker = RedisBroker(
                settings, streams, keyPrefix: sandbox.keyPrefix, clock: sandbox.clock,
                on: sandbox.loop)
            do throws(ComponentFailure) {
                try await opener.waitForRedis(settings, component, sandbox.loop.reactor) {
                    () throws(RedisError) in try await broker.ping()
                }
            } catch {
                await broker.close()
                throw error
            }
            return broker
        }
    }

    private func failure(_ component: Component, _ why: String) -> ComponentFailure {
        ComponentFailure(
            component.name, .description,
            "the component \(component.name) cannot be used: \(why)")
    }
}

/// The brokers we have, by Dapr's names; `pubsub.sqlite` is ours alone.
enum BrokerType: String, CaseIterable {
    case memory = "pubsub.in-memory"
    case sqlite = "pubsub.sqlite"
    case redis = "pubsub.redis"

    /// Settings that the sidecar obeys, whatever the broker: in lower case.
    static let sidecarSettings: Set = [
        "consumerid", "publishingscopes", "subscriptionscopes", "allowedtopics", "protectedtopics",
    ]
}
