import Backends
import Bytes
import RedisBackend
import SQLiteBackend
import TestSupport
import Testing
import Transport

/// The stores that the contract is held against, each real: a file, a redis-server.
enum Kind: String, CaseIterable, CustomTestStringConvertible {
    case memory, sqlite, redis

    var testDescription: String { rawValue }
}

/// What an operation on a store came to.
enum Outcome: Equatable {
    case done
    case mismatch
    case invalid
    case failed

    /// Runs `body` and tells how it ended.
    static func of(_ body: () async throws -> Void) async -> Outcome {
        do {
            try await body()
            return .done
        } catch let error as StateError {
            switch error {
            case .etagMismatch: return .mismatch
            case .etagInvalid: return .invalid
            case .failed: return .failed
            }
        } catch {
            Issue.record(error)
            return .failed
        }
    }
}

/// A store and the clock it goes by.
struct World {
    let store: any StateStore
    let clock: SandboxClock
    /// Where SQLite keeps its file.
    let file: String
    /// What stands before every key in Redis.
    let prefix: String

    static let start = Timestamp(seconds: 1_790_000_000)

    /// Runs `body` on a loop of its own with a fresh store.
    static func with(
        _ kind: Kind, _ mode: ClockMode = .manual, _ body: @Sendable (World) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let port = kind == .redis ? RedisServer.shared.port : 0
        try await onLoop { loop in
            let clock = SandboxClock(mode, at: start, on: loop.reactor)
            let random = RandomSource()
            let file = "\(folder.path)/state.db"
            let prefix = "\(String(text: random.uuid()[...]))/"
            let store: any StateStore
            switch kind {
            case .memory: store = MemoryStateStore(clock: clock, random: random)
            case .sqlite:
                store = try SQLiteStateStore(
                    SQLiteSettings(path: file), clock: clock, random: random, on: loop.reactor)
            case .redis:
                store = RedisStateStore(
                    RedisSettings(host: "127.0.0.1", port: port), keyPrefix: prefix,
                    clock: clock, on: loop)
            }
            let world = World(store: store, clock: clock, file: file, prefix: prefix)
            try await closing(store) { try await body(world) }
        }
    }
}

/// Runs `body` on a loop of its own.
func onLoop(_ body: @Sendable (isolated EventLoop) async throws -> Void) async throws {
    let loop = try EventLoop()
    defer { loop.stop() }
    try await loop.run { (loop) async throws in try await body(loop) }
}

/// Closes the store whatever becomes of `body`.
func closing(_ store: any StateStore, _ body: () async throws -> Void) async throws {
    do {
        try await body()
    } catch {
        await store.close()
        throw error
    }
    await store.close()
}

extension StateStore {
    /// Writes text with everything else as it may come.
    func set(
        _ key: String, _ value: String = "1", _ concurrency: Concurrency? = nil,
        etag: String? = nil, ttl: String? = nil
    ) async throws(StateError) {
        try await set(.text(key, value, concurrency, etag: etag, ttl: ttl))
    }

    func delete(
        _ key: String, _ concurrency: Concurrency? = nil, etag: String? = nil
    ) async throws(StateError) {
        try await delete(.text(key, concurrency, etag: etag))
    }

    func item(_ key: String) async throws(StateError) -> StoredItem? {
        try await get(StateKey(key.utf8), consistency: nil)
    }

    func value(_ key: String) async throws(StateError) -> String? {
        try await item(key).map { String(text: $0.value) }
    }

    func etag(_ key: String) async throws(StateError) -> String? {
        try await item(key)?.etag.map { String(text: $0) }
    }
}

extension StateWrite {
    static func text(
        _ key: String, _ value: String = "1", _ concurrency: Concurrency? = nil,
        etag: String? = nil, ttl: String? = nil
    ) -> StateWrite {
        StateWrite(
            key: StateKey(key.utf8), value: Array(value.utf8)[...],
            etag: etag.map { Array($0.utf8)[...] }, concurrency: concurrency,
            metadata: ttl.map { ["ttlInSeconds": $0] } ?? [:])
    }
}

extension StateRemoval {
    static func text(
        _ key: String, _ concurrency: Concurrency? = nil, etag: String? = nil
    ) -> StateRemoval {
        StateRemoval(
            key: StateKey(key.utf8), etag: etag.map { Array($0.utf8)[...] },
            concurrency: concurrency)
    }
}
