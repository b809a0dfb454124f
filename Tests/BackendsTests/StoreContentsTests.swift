import Backends
import Bytes
import RedisBackend
import TestSupport
import Testing
import Transport

/// What every store gives out and takes back as a whole, and whose keys it leaves alone.
@Suite struct StoreContentsTests {
    private static let own = KeyScope([Array("app||".utf8)])

    private static func keys(_ entries: [StateEntry]) -> [String] { entries.map(\.key.text) }

    @Test(arguments: Kind.allCases)
    func `what is taken out comes back with its bytes, etag and time to live`(
        kind: Kind
    ) async throws {
        try await World.with(kind) { world in
            let store = world.store
            try await store.set("app||a", "{\"b\" : 1.50}")
            try await store.set("app||a", "[1]")
            try await store.set("app||b", "\"x\"", ttl: "100")
            try await store.set(StateWrite(key: StateKey("app||c".utf8), value: [0xFF, 0]))
            let before = try await store.export(Self.own)
            #expect(Self.keys(before) == ["app||a", "app||b", "app||c"])
            #expect(before[0].expiry == nil)
            #expect(before[1].expiry != nil)

            try await store.replace(Self.own, with: [])
            #expect(try await store.export(Self.own) == [])
            #expect(try await store.value("app||a") == nil)

            try await store.replace(Self.own, with: before)
            let after = try await store.export(Self.own)
            #expect(after.map(\.value) == before.map(\.value))
            #expect(after.map(\.etag) == before.map(\.etag))
            let distance =
                try #require(after[1].expiry).nanoseconds - #require(before[1].expiry).nanoseconds
            #expect(abs(distance) < 5_000_000_000)
            // The etag is the key's in every way.
            try await store.set("app||a", "2", etag: String(text: #require(before[0].etag)))
        }
    }

    @Test(arguments: Kind.allCases)
    func `a scope leaves other keys alone`(kind: Kind) async throws {
        try await World.with(kind) { world in
            let others = ["app|", "app|}", "ap||a", "apps||a", "other||a", "bare", "APP||a"]
            for key in others + ["app||", "app||a", "app||a||b"] { try await world.store.set(key) }
            let found = Self.keys(try await world.store.export(Self.own))
            #expect(found == ["app||", "app||a", "app||a||b"])
            try await world.store.replace(Self.own, with: [])
            for key in others { #expect(try await world.store.value(key) == "1", "\(key)") }
            #expect(try await world.store.value("app||a") == nil)
        }
    }

    @Test(arguments: Kind.allCases)
    func `without a prefix only keys that have none are meant`(kind: Kind) async throws {
        try await World.with(kind) { world in
            for key in ["a", "b|c", "", "app||a"] { try await world.store.set(key) }
            let bare = KeyScope([[]])
            #expect(Self.keys(try await world.store.export(bare)) == ["", "a", "b|c"])
            try await world.store.replace(bare, with: [])
            #expect(
                Self.keys(try await world.store.export(KeyScope([[], Array("app||".utf8)]))) == [
                    "app||a"
                ])
        }
    }

    @Test(arguments: Kind.allCases)
    func `what is put down takes the place of what was there`(kind: Kind) async throws {
        try await World.with(kind) { world in
            try await world.store.set("app||a", "1", ttl: "100")
            try await world.store.set("app||b", "1")
            let entry = StateEntry(
                key: StateKey("app||a".utf8), value: Array("2".utf8)[...],
                etag: Array("7".utf8)[...])
            try await world.store.replace(KeyScope([]), with: [entry])
            #expect(try await world.store.export(Self.own).map(\.expiry) == [nil, nil])
            #expect(try await world.store.etag("app||a") == "7")
            #expect(try await world.store.value("app||b") == "1")
            let new = StateEntry(key: StateKey("app||c".utf8), value: [])
            try await world.store.replace(Self.own, with: [new])
            #expect(Self.keys(try await world.store.export(Self.own)) == ["app||c"])
            #expect(try await world.store.etag("app||c")?.isEmpty == false)
        }
    }

    @Test(arguments: [Kind.memory, .sqlite])
    func `what has expired is not taken out`(kind: Kind) async throws {
        try await World.with(kind) { world in
            try await world.store.set("app||a", "1", ttl: "5")
            world.clock.move(by: .seconds(6))
            #expect(try await world.store.export(Self.own) == [])
        }
    }

    @Test func `Redis remembers that a write was a first write`() async throws {
        try await World.with(.redis) { world in
            try await world.store.set("app||a", "1", .firstWrite)
            let before = try await world.store.export(Self.own)
            #expect(before.map(\.isFirstWrite) == [true])
            try await world.store.replace(Self.own, with: before)
            #expect(await Outcome.of { try await world.store.set("app||a", "2") } == .failed)
        }
    }

    @Test func `Redis refuses an etag that is no number, and changes nothing`() async throws {
        try await World.with(.redis) { world in
            try await world.store.set("app||a")
            let entry = StateEntry(
                key: StateKey("app||b".utf8), value: [], etag: Array("x".utf8)[...])
            #expect(
                await Outcome.of { try await world.store.replace(Self.own, with: [entry]) }
                    == .invalid)
            #expect(Self.keys(try await world.store.export(Self.own)) == ["app||a"])
        }
    }

    /// The default sandbox's keys are Dapr's: others write them too, and no other key is ours.
    @Test func `in a Redis that others use only values of the scope go`() async throws {
        let server = RedisServer.shared
        let mark = "contents-\(UInt64.random(in: 0 ... .max))"
        try await onLoop { loop in
            let settings = RedisSettings(host: "127.0.0.1", port: server.port)
            let clock = SandboxClock(on: loop.reactor)
            let store = RedisStateStore(settings, clock: clock, on: loop)
            let other = RedisStateStore(settings, clock: clock, on: loop)
            try await closing(other) {
                try await closing(store) {
                    let app = KeyScope([Array("\(mark)[a]*||".utf8)])
                    try await other.set("\(mark)[a]*||key")
                    try await other.set("\(mark)a||key")
                    #expect(Self.keys(try await store.export(app)) == ["\(mark)[a]*||key"])
                    try await store.replace(app, with: [])
                    #expect(try await other.value("\(mark)[a]*||key") == nil)
                    #expect(try await other.value("\(mark)a||key") == "1")
                    try await store.replace(KeyScope([Array("\(mark)a||".utf8)]), with: [])
                }
            }
        }
    }
}
