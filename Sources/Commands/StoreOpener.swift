internal import Backends
internal import Blocks
internal import RedisBackend
internal import SQLiteBackend
internal import Transport

/// Opens the back ends that components name: the one place that knows them all.
struct StoreOpener: ComponentOpener {
    /// Where databases lie that nobody named.
    var dataFolder: String
    /// Whether that folder is gone with the sandbox, so that nothing needs to reach the disk.
    var isThrowaway = false
    /// Which types stand for others, first match wins.
    var mappings: [TypeMapping] = []
    /// The Redis of stores that were mapped to Redis.
    var redis = RedisSettings()
    /// How long a Redis that is not there yet is waited for.
    var redisPatience = Duration.seconds(5)
    /// Told what is unexpected but no failure.
    var warn: @Sendable (String) -> Void = { _ in }

    func openState(
        _ component: Component, for sidecar: Sidecar
    ) async throws(ComponentFailure) -> StateComponent {
        let mapped = mapping(of: component)
        let (family, store) = try await open(mapped, named: component, in: sidecar.sandbox)
        let prefix: KeyPrefix
        do throws(KeyPrefix.IllegalPrefix) {
            prefix = try KeyPrefix(
                strategy: component.setting("keyPrefix"), appID: sidecar.appID,
                component: component.name, namespace: ProcessEnvironment["NAMESPACE"])
        } catch {
            throw ComponentFailure(
                component.name, .description,
                "the component \(component.name) cannot be used: its keyPrefix "
                    + "`\(error.prefix)` holds ||: choose another one")
        }
        return StateComponent(
            name: component.name, type: component.type, version: component.version,
            family: family, store: store, keyPrefix: prefix)
    }

    func openPubSub(
        _ component: Component, for sidecar: Sidecar
    ) async throws(ComponentFailure) -> PubSubComponent {
        let broker = try await BrokerOpener(self).broker(of: component, in: sidecar)
        return PubSubComponent(
            name: component.name, type: component.type, version: component.version, broker: broker,
            group: component.setting("consumerID").flatMap { $0.isEmpty ? nil : $0 }
                ?? sidecar.appID,
            appID: sidecar.appID, settings: component.metadata)
    }

    // MARK: Types

    /// The component with the type that stands for its own.
    private func mapping(of component: Component, tells: Bool = true) -> Component {
        var mapped = component
        if let rule = mappings.first(where: { $0.matches(component.type) }) {
            mapped.type = rule.replacement
            // What was meant for another back end says nothing to this one.
            if rule.replacement != component.type { mapped.metadata = [:] }
        }
        guard StateType(rawValue: mapped.type) == nil else { return mapped }
        if tells { warnAboutType(of: component) }
        mapped.type = StateType.sqlite.rawValue
        mapped.metadata = [:]
        return mapped
    }

    private func warnAboutType(of component: Component) {
        warn(
            "the component \(component.name) is of type \(component.type), which fakedapr does "
                + "not have: its state is kept in SQLite; "
                + (ComponentTypes.suggestion(for: component.type)
                    ?? "name another store with --map \(component.type)=TYPE"))
    }

    private func open(
        _ component: Component, named original: Component, in sandbox: Sandbox
    ) async throws(ComponentFailure) -> (StateComponent.Family, any StateStore) {
        switch StateType(rawValue: component.type) {
        case .memory: (.memory, try await memory(component, named: original, in: sandbox))
        case .redis: (.redis, try await redis(component, in: sandbox))
        case .sqlite, nil: (.sqlite, try await sqlite(component, in: sandbox))
        }
    }

    /// Where a component's data lies, for people.
    func place(of component: Component) -> String {
        let mapped = mapping(of: component, tells: false)
        switch StateType(rawValue: mapped.type) {
        case .memory: return "in memory"
        case .redis:
            let named = try? RedisSettings(metadata: mapped.metadata)
            return "Redis at \((named ?? redis).address)"
        case .sqlite, nil:
            let named = mapped.setting("connectionString") ?? mapped.setting("url")
            return "SQLite in \(named ?? dataFile(of: component))"
        }
    }

    private func dataFile(of component: Component) -> String {
        file(of: component.name, in: dataFolder)
    }

    // MARK: Back ends

    private func memory(
        _ component: Component, named original: Component, in sandbox: Sandbox
    ) async throws(ComponentFailure) -> any StateStore {
        for name in component.metadata.keys
        where ["primaryencryptionkey", "secondaryencryptionkey"].contains(name.lowercased()) {
            throw ComponentFailure(
                component.name, .description,
                "the component \(component.name) cannot be used: the setting \(name) is not "
                    + "supported by fakedapr, which stores values as they are: remove it")
        }
        // As in Dapr, each in-memory component is a world of its own.
        return await sandbox.backend("memory:\(original.name)") {
            MemoryStateStore(clock: sandbox.clock, random: sandbox.random)
        }
    }

    private func sqlite(
        _ component: Component, in sandbox: Sandbox
    ) async throws(ComponentFailure) -> any StateStore {
        let settings = try sqliteSettings(component, in: sandbox)
        return try await sandbox.backend(
            "sqlite:\(settings.connectionString):\(settings.tableName)"
        ) {
            () throws(ComponentFailure) in
            do throws(SQLiteOpenError) {
                return try SQLiteStateStore(
                    settings, clock: sandbox.clock, random: sandbox.random, on: sandbox.loop.reactor
                )
            } catch {
                throw ComponentFailure(component.name, .backend, error.text)
            }
        }
    }

    private func sqliteSettings(
        _ component: Component, in sandbox: Sandbox
    ) throws(ComponentFailure) -> SQLiteSettings {
        // keyPrefix is the sidecar's own business, not the database's.
        if component.metadata.allSatisfy({ $0.key.lowercased() == "keyprefix" }) {
            let folder = try folder(for: component, in: sandbox)
            var settings = SQLiteSettings(path: file(of: component.name, in: folder))
            settings.isThrowaway = isThrowaway || !sandbox.isDefault
            return settings
        }
        var settings: SQLiteSettings
        do throws(SQLiteSettings.Problem) {
            settings = try SQLiteSettings(metadata: component.metadata)
        } catch {
            throw ComponentFailure(
                component.name, .description,
                "the component \(component.name) cannot be used: \(error.text)")
        }
        guard !sandbox.isDefault, !settings.isInMemory else { return settings }
        // Components that share a file share one in every sandbox.
        let folder = try folder(for: component, in: sandbox)
        settings.isThrowaway = true
        return settings.with(path: file(of: settings.connectionString, in: folder))
    }

    /// The folder of databases that nobody named, and of all those of a sandbox made at run time.
    func folder(
        for component: Component, in sandbox: Sandbox
    ) throws(ComponentFailure) -> String {
        let folder = sandbox.folder ?? dataFolder
        do throws(SystemError) { try FileContents.makeFolder(folder) } catch {
            throw ComponentFailure(
                component.name, .backend,
                "cannot make the data folder \(folder): \(error.reason): "
                    + "name another one with --data-dir")
        }
        return folder
    }

    /// A name may hold what no file's name may, and may be a path that is longer than one.
    func file(of name: String, in folder: String, _ kind: String = "db") -> String {
        let plain = String(name.map { $0 == "/" ? "_" : $0 })
        guard plain.utf8.count > 200 else { return "\(folder)/\(plain).\(kind)" }
        let hash = name.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01B3
        }
        return "\(folder)/\(String(hash, radix: 16)).\(kind)"
    }

    private func redis(
        _ component: Component, in sandbox: Sandbox
    ) async throws(ComponentFailure) -> any StateStore {
        var settings = redis
        if !component.metadata.filter({ $0.key.lowercased() != "keyprefix" }).isEmpty {
            do throws(RedisSettings.Problem) {
                settings = try RedisSettings(metadata: component.metadata)
            } catch {
                throw ComponentFailure(
                    component.name, .description,
                    "the component \(component.name) cannot be used: \(error.text)")
            }
        }
        let ttl = settings.ttlInSeconds.map { String($0) } ?? ""
        let key =
            "redis:\(settings.address)/\(settings.database)@\(settings.username ?? "") \(ttl)"
        return try await sandbox.backend(key) { () throws(ComponentFailure) in
            let store = RedisStateStore(
                settings, keyPrefix: sandbox.keyPrefix, clock: sandbox.clock, on: sandbox.loop)
            do throws(ComponentFailure) {
                try await waitForRedis(settings, component, sandbox.loop.reactor) {
                    () throws(RedisError) in try await store.ping()
                }
            } catch {
                await store.close()
                throw error
            }
            return store
        }
    }

    /// A Redis that is just starting is waited for; one that refuses us is not.
    func waitForRedis(
        _ settings: RedisSettings, _ component: Component, _ reactor: Reactor,
        ping: () async throws(RedisError) -> Void
    ) async throws(ComponentFailure) {
        let patience = component.initTimeout ?? redisPatience
        let deadline = Reactor.monotonicNow() + patience.nanoseconds
        var hasTold = false
        while true {
            do throws(RedisError) {
                return try await ping()
            } catch {
                let isThrowaway: Bool
                switch error {
                case .refused(let text): isThrowaway = text.hasPrefix("LOADING")
                case .protocolError: isThrowaway = false
                default: isThrowaway = true
                }
                guard isThrowaway, Reactor.monotonicNow() < deadline else {
                    throw ComponentFailure(
                        component.name, .backend,
                        "cannot use the Redis at \(settings.address): \(error.text): \(mend(error))"
                    )
                }
                if !hasTold { warn("waiting for the Redis at \(settings.address): \(error.text)") }
                hasTold = true
                await reactor.sleep(for: .milliseconds(100))
            }
        }
    }

    private func mend(_ error: RedisError) -> String {
        if case .refused = error { return "check its password, user and database number" }
        return "start one, name another with --redis-url, or use --store sqlite"
    }
}

/// The state stores we have, by Dapr's names.
enum StateType: String, CaseIterable {
    case memory = "state.in-memory"
    case sqlite = "state.sqlite"
    case redis = "state.redis"

    /// - Parameter short: `memory`, `sqlite`, `redis` or one of Dapr's names.
    init?(short: String) {
        switch short {
        case "memory", "in-memory": self = .memory
        case "sqlite": self = .sqlite
        case "redis": self = .redis
        default: self.init(rawValue: short)
        }
    }
}

/// `--map TYPE=TYPE`: a component type, `*` at its end for all that begin so, and what stands for it.
struct TypeMapping {
    let pattern: String
    let replacement: String

    init(_ text: String) throws(Failure) {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2 else {
            throw Failure(
                .usage,
                "invalid --map `\(text)`: write TYPE=TYPE, such as "
                    + "'state.*=sqlite'")
        }
        // For a broker the names are the same.
        let name = parts[1].hasPrefix("pubsub.") ? String(parts[1].dropFirst(7)) : parts[1]
        guard let type = StateType(short: name) else {
            throw Failure(
                .usage,
                "invalid --map `\(text)`: there is no store `\(parts[1])`: "
                    + "use memory, sqlite or redis")
        }
        pattern = parts[0]
        replacement = type.rawValue
    }

    init(pattern: String, to type: StateType) {
        self.pattern = pattern
        replacement = type.rawValue
    }

    func matches(_ type: String) -> Bool {
        pattern.hasSuffix("*") ? type.hasPrefix(pattern.dropLast()) : type == pattern
    }
}
