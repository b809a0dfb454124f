import Backends
import Bytes
import TestSupport
import Testing
import Transport

/// Expiry on Redis by a clock that is not Redis's own: a field beside `data` and `version`.
@Suite struct RedisClockTests {
    private static let deadline = "\(World.start.seconds + 10)000"

    @Test func `under a manual clock a deadline stands in the hash and Redis expires nothing`()
        async throws
    {
        try await World.with(.redis) { world in
            let raw = try RawRedis()
            let key = world.prefix + "k"
            try await world.store.set("k", ttl: "10")
            #expect(try raw.text("HGET", key, "deadline") == Self.deadline)
            #expect(try raw.integer("TTL", key) == -1)
            // As Redis's own, kept by an overwrite that says nothing.
            try await world.store.set("k", "2")
            #expect(try raw.text("HGET", key, "deadline") == Self.deadline)
            for ttl in ["0", "-1"] {
                try await world.store.set("k", ttl: "10")
                try await world.store.set("k", ttl: ttl)
                #expect(try raw.integer("HEXISTS", key, "deadline") == 0)
            }
            try await world.store.transact([.upsert(.text("k", ttl: "10"))])
            #expect(try raw.text("HGET", key, "deadline") == Self.deadline)
            try await world.store.transact([.upsert(.text("k", ttl: "0"))])
            #expect(try raw.integer("HEXISTS", key, "deadline") == 0)
        }
    }

    @Test func `a value whose time has come counts as absent`() async throws {
        try await World.with(.redis) { world in
            for key in ["read", "written", "etag", "first", "removed"] {
                try await world.store.set(key, "1", ttl: "10")
                try await world.store.set(key, "2")
            }
            world.clock.move(by: .milliseconds(9_999))
            #expect(try await world.store.etag("read") == "2")
            world.clock.move(by: .milliseconds(1))
            #expect(try await world.store.value("read") == nil)
            let items = try await world.store.bulkGet([StateKey("read".utf8)], parallelism: 0)
            #expect(try items.first?.item.get() == nil)
            // It begins anew: version 1, no deadline.
            try await world.store.set("written")
            #expect(try await world.store.etag("written") == "1")
            world.clock.move(by: .seconds(1_000))
            #expect(try await world.store.etag("written") == "1")
            try await world.store.set("etag", etag: "7")
            #expect(try await world.store.etag("etag") == "1")
            try await world.store.set("first", "1", .firstWrite)
            #expect(try await world.store.etag("first") == "1")
            try await world.store.delete("removed", etag: "7")
        }
    }

    @Test func `a change of clock takes what is left of every expiry along, there and back`()
        async throws
    {
        try await World.with(.redis, .real) { world in
            let raw = try RawRedis()
            let key = { world.prefix + "app||" + $0 }
            // More than one batch of SCAN.
            for number in 0..<1500 { try await world.store.set("app||\(number)", ttl: "1000") }
            try await world.store.set("app||stays")
            try await world.store.set("other||a", ttl: "1000")
            _ = try raw.send("SET", key("text"), "1", "EX", "1000")
            world.clock.set(.manual)
            try await world.store.clockHasChanged(KeyScope([Array("app||".utf8)]))
            let now = world.clock.now.nanoseconds / 1_000_000
            for number in [0, 777, 1499] {
                #expect(try raw.integer("TTL", key("\(number)")) == -1)
                let text = try #require(try raw.text("HGET", key("\(number)"), "deadline"))
                #expect((now + 900_000...now + 1_001_000).contains(try #require(Int64(text))))
            }
            #expect(try raw.integer("HEXISTS", key("stays"), "deadline") == 0)
            // What is not ours, or no value of Dapr's, is left alone.
            #expect((900...1000).contains(try raw.integer("TTL", world.prefix + "other||a")))
            #expect((900...1000).contains(try raw.integer("TTL", key("text"))))
            world.clock.move(by: .seconds(600))
            #expect(try await world.store.value("app||5") == "1")
            world.clock.set(.real)
            try await world.store.clockHasChanged(KeyScope([Array("app||".utf8)]))
            #expect((900...1000).contains(try raw.integer("TTL", key("777"))))
            #expect(try raw.integer("HEXISTS", key("777"), "deadline") == 0)
        }
    }

    @Test func `what is taken out and put back keeps its deadline`() async throws {
        try await World.with(.redis) { world in
            let raw = try RawRedis()
            try await world.store.set("app||k", ttl: "10")
            let scope = KeyScope([Array("app||".utf8)])
            let entries = try await world.store.export(scope)
            #expect(entries.map(\.expiry) == [World.start.adding(seconds: 10)])
            try await world.store.replace(scope, with: [])
            #expect(try await world.store.value("app||k") == nil)
            try await world.store.replace(scope, with: entries)
            let key = world.prefix + "app||k"
            #expect(try raw.text("HGET", key, "deadline") == Self.deadline)
            #expect(try raw.integer("TTL", key) == -1)
            world.clock.move(by: .seconds(10))
            #expect(try await world.store.value("app||k") == nil)
        }
    }

    @Test func `a deadline that an earlier run has left holds under a real clock too`() async throws
    {
        try await World.with(.redis, .real) { world in
            let raw = try RawRedis()
            let key = world.prefix + "k"
            try await world.store.set("k", "1")
            _ = try raw.send("HSET", key, "deadline", "1000")
            #expect(try await world.store.value("k") == nil)
            try await world.store.set("k", "2")
            #expect(try await world.store.value("k") == "2")
            #expect(try await world.store.etag("k") == "1")
            _ = try raw.send("HSET", key, "deadline", "99999999999999")
            try await world.store.set("k", "3", ttl: "50")
            #expect(try raw.integer("HEXISTS", key, "deadline") == 0)
            #expect((1...50).contains(try raw.integer("TTL", key)))
        }
    }
}
