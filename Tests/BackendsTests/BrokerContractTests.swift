import Bytes
import RedisBackend
import SQLiteBackend
import TestSupport
import Testing
import Transport

@testable import Backends

/// What every broker does, and what each does in its own way.
@Suite(.timeLimit(.minutes(2))) struct BrokerContractTests {
    enum Kind: String, CaseIterable, Sendable {
        case memory, sqlite, redis

        /// Whether a group that subscribes later gets what was published before.
        var keepsMessages: Bool { self != .memory }
        /// Whether the consumers of one group share its messages.
        var sharesInGroup: Bool { self != .memory }
        /// Whether one group's messages are handled one after another.
        var isOrdered: Bool { self != .redis }
        /// How often a message is handed out that its handler never takes; Redis and memory, as in
        /// Dapr, do not hand it out again.
        var attempts: Int { self == .sqlite ? 5 : 1 }
        var hasWildcards: Bool { self == .memory }
    }

    /// Remembers what it got and lets tests wait for it.
    final class Inbox: MessageHandler {
        private(set) var messages: [BrokerMessage] = []
        private(set) var active = 0
        private(set) var mostActive = 0
        private let changes: Waiters
        private let reactor: Reactor
        private var answer: (BrokerMessage) -> MessageOutcome
        private let delay: Duration

        init(
            on reactor: Reactor, delay: Duration = .zero,
            answer: @escaping (BrokerMessage) -> MessageOutcome = { _ in .done }
        ) {
            changes = Waiters(on: reactor)
            self.reactor = reactor
            self.answer = answer
            self.delay = delay
        }

        func handle(_ message: BrokerMessage) async -> MessageOutcome {
            messages.append(message)
            active += 1
            mostActive = max(active, mostActive)
            changes.wake()
            if delay > .zero { await reactor.sleep(for: delay) }
            active -= 1
            changes.wake()
            return answer(message)
        }

        var texts: [String] { messages.map { String(text: $0.data) } }

        /// Whether it comes to that within ten seconds.
        func wait(_ condition: (Inbox) -> Bool) async -> Bool {
            let deadline = Reactor.monotonicNow() + Duration.seconds(10).nanoseconds
            while !condition(self) {
                guard await changes.wait(until: deadline, unless: { condition(self) }) else {
                    return condition(self)
                }
            }
            return true
        }
    }

    /// Opens a broker and closes it again.
    private func with<R: Sendable>(
        _ kind: Kind, _ body: @Sendable (any MessageBroker, Reactor) async throws -> R
    ) async throws -> R {
        let loop = try EventLoop()
        defer { loop.stop() }
        let folder = try TemporaryFolder()
        let prefix = "contract-\(UInt64.random(in: 0 ... .max)):"
        let port = RedisServer.shared.port
        return try await loop.run { loop in
            let broker = try Self.open(kind, folder.path + "/messages.db", prefix, port, on: loop)
            do {
                let result = try await body(broker, loop.reactor)
                await broker.close()
                return result
            } catch {
                await broker.close()
                throw error
            }
        }
    }

    static func open(
        _ kind: Kind, _ path: String, _ prefix: String, _ port: UInt16, on loop: EventLoop
    ) throws -> any MessageBroker {
        switch kind {
        case .memory: MemoryBroker(on: loop)
        case .sqlite:
            try SQLiteBroker(
                path: path, clock: SandboxClock(on: loop.reactor), random: RandomSource(), on: loop)
        case .redis:
            RedisBroker(
                RedisSettings(host: "127.0.0.1", port: port), RedisStreamSettings(),
                keyPrefix: prefix, clock: SandboxClock(on: loop.reactor), on: loop)
        }
    }

    private static func message(
        _ text: String, to topic: String = "t", _ metadata: Metadata = [:]
    ) -> BrokerMessage {
        BrokerMessage(topic: topic, data: Array(text.utf8)[...], metadata: metadata)
    }

    @Test(arguments: Kind.allCases)
    func `a subscriber gets what is published, bytes and metadata as they were`(
        kind: Kind
    ) async throws {
        let got = try await with(kind) { broker, reactor in
            let inbox = Inbox(on: reactor)
            _ = try await broker.subscribe(.init(topic: "a/b c", group: "g"), inbox)
            let bytes = (0...255).map { UInt8($0) }[...]
            let metadata = ["key": "value", "Ü": "\"quoted\"\n"]
            try await broker.publish(.init(topic: "a/b c", data: bytes, metadata: metadata))
            try await broker.publish(.init(topic: "a/b c", data: []))
            #expect(await inbox.wait { $0.messages.count == 2 })
            return Set(inbox.messages.map { "\(Array($0.data)) \($0.metadata.sorted { $0 < $1 })" })
        }
        let bytes = (0...255).map { UInt8($0) }
        let metadata = ["key": "value", "Ü": "\"quoted\"\n"].sorted { $0 < $1 }
        #expect(got == ["\(bytes) \(metadata)", "\([UInt8]()) []"])
    }

    @Test(arguments: Kind.allCases)
    func `a subscriber gets its own topics and no others`(kind: Kind) async throws {
        try await with(kind) { broker, reactor in
            let (one, other) = (Inbox(on: reactor), Inbox(on: reactor))
            _ = try await broker.subscribe(.init(topic: "one", group: "g"), one)
            _ = try await broker.subscribe(.init(topic: "other", group: "g"), other)
            try await broker.publish(Self.message("1", to: "one"))
            try await broker.publish(Self.message("x", to: "nobody"))
            try await broker.publish(Self.message("2", to: "other"))
            #expect(await one.wait { $0.messages.count == 1 })
            #expect(await other.wait { $0.messages.count == 1 })
            #expect(one.texts == ["1"])
            #expect(other.texts == ["2"])
            #expect(one.messages.map(\.topic) == ["one"])
        }
    }

    @Test(arguments: Kind.allCases)
    func `every group gets every message`(kind: Kind) async throws {
        try await with(kind) { broker, reactor in
            let inboxes = (0..<3).map { _ in Inbox(on: reactor) }
            for (number, inbox) in inboxes.enumerated() {
                _ = try await broker.subscribe(.init(topic: "t", group: "g\(number)"), inbox)
            }
            for number in 0..<20 { try await broker.publish(Self.message("\(number)")) }
            for inbox in inboxes {
                #expect(await inbox.wait { $0.messages.count == 20 })
                #expect(Set(inbox.texts).count == 20)
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func `messages of one subscription are handled in order where the broker keeps one`(
        kind: Kind
    ) async throws {
        try await with(kind) { broker, reactor in
            let inbox = Inbox(on: reactor, delay: .milliseconds(1))
            _ = try await broker.subscribe(.init(topic: "t", group: "g"), inbox)
            for number in 0..<50 { try await broker.publish(Self.message("\(number)")) }
            #expect(await inbox.wait { $0.messages.count == 50 })
            let expected = (0..<50).map { "\($0)" }
            if kind.isOrdered {
                #expect(inbox.texts == expected)
                #expect(inbox.mostActive == 1)
            } else {
                #expect(Set(inbox.texts) == Set(expected))
                #expect(inbox.mostActive <= 10)
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func `the consumers of one group share its messages where the broker knows groups`(
        kind: Kind
    ) async throws {
        try await with(kind) { broker, reactor in
            let inboxes = (0..<2).map { _ in Inbox(on: reactor) }
            for inbox in inboxes {
                _ = try await broker.subscribe(.init(topic: "t", group: "g"), inbox)
            }
            for number in 0..<20 { try await broker.publish(Self.message("\(number)")) }
            let wanted = kind.sharesInGroup ? 20 : 40
            for inbox in inboxes {
                #expect(
                    await inbox.wait { _ in
                        inboxes.reduce(0) { $0 + $1.messages.count } >= wanted
                    })
            }
            let all = inboxes.flatMap(\.texts)
            #expect(all.count == wanted)
            #expect(Set(all).count == 20)
        }
    }

    @Test(arguments: Kind.allCases)
    func `what was published before comes to a new group where the broker keeps it`(
        kind: Kind
    ) async throws {
        try await with(kind) { broker, reactor in
            for number in 0..<5 { try await broker.publish(Self.message("\(number)")) }
            let inbox = Inbox(on: reactor)
            _ = try await broker.subscribe(.init(topic: "t", group: "g"), inbox)
            try await broker.publish(Self.message("last"))
            let wanted = kind.keepsMessages ? 6 : 1
            #expect(await inbox.wait { $0.messages.count == wanted })
            #expect(inbox.texts.contains("last"))
            #expect(inbox.texts.contains("0") == kind.keepsMessages)
        }
    }

    @Test(arguments: Kind.allCases)
    func `a message that nobody takes is handed out as often as the broker does`(
        kind: Kind
    ) async throws {
        try await with(kind) { broker, reactor in
            let inbox = Inbox(on: reactor) { message in
                String(text: message.data) == "bad" ? .failed("no") : .done
            }
            _ = try await broker.subscribe(.init(topic: "t", group: "g"), inbox)
            try await broker.publish(Self.message("bad"))
            try await broker.publish(Self.message("good"))
            #expect(
                await inbox.wait { inbox in
                    inbox.texts.contains("good")
                        && inbox.texts.count { $0 == "bad" } == kind.attempts
                })
            #expect(inbox.texts.count { $0 == "good" } == 1)
        }
    }

    @Test(arguments: Kind.allCases)
    func `after a cancel nothing more is handed out, and what is being handled ends first`(
        kind: Kind
    ) async throws {
        try await with(kind) { broker, reactor in
            let inbox = Inbox(on: reactor, delay: .milliseconds(100))
            let consumer = try await broker.subscribe(.init(topic: "t", group: "g"), inbox)
            try await broker.publish(Self.message("1"))
            #expect(await inbox.wait { $0.active == 1 })
            await consumer.cancel()
            #expect(inbox.active == 0)
            try await broker.publish(Self.message("2"))
            let other = Inbox(on: reactor)
            _ = try await broker.subscribe(.init(topic: "t", group: "other"), other)
            try await broker.publish(Self.message("3"))
            #expect(await other.wait { $0.texts.contains("3") })
            #expect(inbox.texts == ["1"])
        }
    }

    @Test(arguments: Kind.allCases)
    func `after its close a broker refuses`(kind: Kind) async throws {
        try await with(kind) { broker, reactor in
            await broker.close()
            await #expect(throws: BrokerError.closed) {
                try await broker.publish(Self.message("1"))
            }
            await #expect(throws: BrokerError.closed) {
                _ = try await broker.subscribe(.init(topic: "t", group: "g"), Inbox(on: reactor))
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func `a bulk subscription gets several messages at a time`(kind: Kind) async throws {
        try await with(kind) { broker, reactor in
            let inbox = Inbox(on: reactor, delay: .milliseconds(200))
            _ = try await broker.subscribe(
                .init(topic: "t", group: "g", concurrency: 5), inbox)
            for number in 0..<5 { try await broker.publish(Self.message("\(number)")) }
            #expect(await inbox.wait { $0.messages.count == 5 && $0.active == 0 })
            #expect(inbox.mostActive > 1)
        }
    }

    @Test(arguments: [
        ("orders.*", "orders.new", true), ("orders.*", "orders.", true),
        ("orders.*", "order", false), ("*", "orders", false), ("*", "*", true),
        ("orders", "orders.new", false),
    ])
    func `a wildcard at the end of a topic stands for all that begin so`(
        pattern: String, topic: String, takes: Bool
    ) async throws {
        try await with(.memory) { broker, reactor in
            let (inbox, all) = (Inbox(on: reactor), Inbox(on: reactor))
            _ = try await broker.subscribe(.init(topic: pattern, group: "g"), inbox)
            _ = try await broker.subscribe(.init(topic: topic, group: "g"), all)
            try await broker.publish(Self.message("1", to: topic))
            #expect(await all.wait { $0.messages.count == 1 })
            #expect(await inbox.wait { ($0.messages.count == 1) == takes })
            #expect(broker.features == [.subscribeWildcards])
        }
    }

    // MARK: SQLite

    @Test func `a file's messages and offsets outlive its broker`() async throws {
        let folder = try TemporaryFolder()
        let loop = try EventLoop()
        defer { loop.stop() }
        try await loop.run { loop in
            let path = folder.path + "/m.db"
            let first = try Self.open(.sqlite, path, "", 0, on: loop)
            let inbox = Inbox(on: loop.reactor)
            _ = try await first.subscribe(.init(topic: "t", group: "g"), inbox)
            try await first.publish(Self.message("1"))
            #expect(await inbox.wait { $0.messages.count == 1 })
            await first.close()
            let second = try Self.open(.sqlite, path, "", 0, on: loop)
            try await second.publish(Self.message("2"))
            await second.close()
            let third = try Self.open(.sqlite, path, "", 0, on: loop)
            let again = Inbox(on: loop.reactor)
            _ = try await third.subscribe(.init(topic: "t", group: "g"), again)
            try await third.publish(Self.message("3"))
            #expect(await again.wait { $0.messages.count == 2 })
            #expect(again.texts == ["2", "3"])
            await third.close()
        }
    }

    @Test func `a message that finds nobody waits for somebody`() async throws {
        try await with(.sqlite) { broker, reactor in
            var isThere = false
            let inbox = Inbox(on: reactor) { _ in isThere ? .done : .unreachable("refused") }
            _ = try await broker.subscribe(.init(topic: "t", group: "g"), inbox)
            try await broker.publish(Self.message("1"))
            #expect(await inbox.wait { $0.messages.count == 2 })
            isThere = true
            try await broker.publish(Self.message("2"))
            #expect(await inbox.wait { $0.texts.contains("2") })
            #expect(inbox.texts.first == "1")
        }
    }

    @Test func `two brokers on one file exchange messages and share a group`() async throws {
        let folder = try TemporaryFolder()
        let loop = try EventLoop()
        defer { loop.stop() }
        try await loop.run { loop in
            let path = folder.path + "/m.db"
            let (one, other) = (
                try Self.open(.sqlite, path, "", 0, on: loop),
                try Self.open(.sqlite, path, "", 0, on: loop)
            )
            let inboxes = [Inbox(on: loop.reactor), Inbox(on: loop.reactor)]
            _ = try await one.subscribe(.init(topic: "t", group: "g"), inboxes[0])
            _ = try await other.subscribe(.init(topic: "t", group: "g"), inboxes[1])
            for number in 0..<10 {
                try await (number.isMultiple(of: 2) ? one : other).publish(
                    Self.message("\(number)"))
            }
            for inbox in inboxes {
                #expect(
                    await inbox.wait { _ in inboxes.reduce(0) { $0 + $1.messages.count } == 10 })
            }
            await one.close()
            await other.close()
        }
    }

    // MARK: Redis

    private static func shell(_ script: String) throws -> String {
        try ShellProcess.run(script, []).output
    }

    @Test func `streams are laid out as Dapr's`() async throws {
        let server = try RedisServer()
        let loop = try EventLoop()
        defer { loop.stop() }
        try await loop.run { loop in
            let broker = RedisBroker(
                RedisSettings(host: "127.0.0.1", port: server.port), RedisStreamSettings(),
                clock: SandboxClock(on: loop.reactor), on: loop)
            try await broker.publish(Self.message("{\"a\":1}", to: "orders", ["x": "<y>"]))
            let stored = try await OffPool.run {
                try Self.shell(
                    "redis-cli -p \(server.port) --no-raw XRANGE orders - +")
            }
            #expect(stored.contains(#""data""#) && stored.contains(#""{\"a\":1}""#), "\(stored)")
            #expect(stored.contains(#""metadata""#), "\(stored)")
            let inbox = Inbox(on: loop.reactor)
            _ = try await broker.subscribe(.init(topic: "orders", group: "app"), inbox)
            _ = try await OffPool.run {
                try Self.shell(
                    "redis-cli -p \(server.port) XADD orders '*' data '{}' metadata '{\"k\":\"v\"}'"
                )
            }
            #expect(await inbox.wait { $0.messages.count == 2 })
            #expect(Set(inbox.texts) == ["{\"a\":1}", "{}"])
            #expect(inbox.messages.contains { $0.metadata == ["k": "v"] })
            #expect(inbox.messages.contains { $0.metadata == ["x": "<y>"] })
            await broker.close()
            let pending = try await OffPool.run {
                try Self.shell("redis-cli -p \(server.port) XPENDING orders app")
            }
            #expect(pending.hasPrefix("0"), "\(pending)")
        }
    }

    @Test func `a Redis that ends and comes back is used again, its groups made anew`() async throws
    {
        let server = try RedisServer()
        let loop = try EventLoop()
        defer { loop.stop() }
        try await loop.run { loop in
            let broker = RedisBroker(
                RedisSettings(host: "127.0.0.1", port: server.port), RedisStreamSettings(),
                clock: SandboxClock(on: loop.reactor), on: loop)
            let inbox = Inbox(on: loop.reactor)
            _ = try await broker.subscribe(.init(topic: "t", group: "g"), inbox)
            try await broker.publish(Self.message("1"))
            #expect(await inbox.wait { $0.messages.count == 1 })
            try await OffPool.run { server.stop() }
            await #expect(throws: BrokerError.self) {
                try await broker.publish(Self.message("lost"))
            }
            try await OffPool.run { try server.start() }
            try await broker.publish(Self.message("2"))
            #expect(await inbox.wait { $0.texts.contains("2") })
            await broker.close()
        }
    }

    @Test func `what another run has left pending is taken over`() async throws {
        let server = try RedisServer()
        let loop = try EventLoop()
        defer { loop.stop() }
        try await loop.run { loop in
            let streams = try RedisStreamSettings(
                metadata: ["processingTimeout": "50ms", "redeliverInterval": "50"])
            _ = try await OffPool.run {
                try Self.shell(
                    """
                    redis-cli -p \(server.port) XGROUP CREATE t g 0 MKSTREAM
                    redis-cli -p \(server.port) XADD t '*' data left metadata '{}'
                    redis-cli -p \(server.port) XREADGROUP GROUP g g STREAMS t '>'
                    """)
            }
            let broker = RedisBroker(
                RedisSettings(host: "127.0.0.1", port: server.port), streams,
                clock: SandboxClock(on: loop.reactor),
                on: loop)
            let inbox = Inbox(on: loop.reactor)
            _ = try await broker.subscribe(.init(topic: "t", group: "g"), inbox)
            #expect(await inbox.wait { $0.texts == ["left"] })
            await broker.close()
        }
    }

    @Test(arguments: [
        (["processingTimeout": "2000"], "2.0 seconds"),
        (["processingTimeout": "3s"], "3.0 seconds"),
        (["PROCESSINGTIMEOUT": "0"], "nil"), ([:], "60.0 seconds"),
    ])
    func `a processing timeout is milliseconds or a duration`(
        metadata: [String: String], expected: String
    ) throws {
        let settings = try RedisStreamSettings(metadata: metadata)
        #expect(settings.processingTimeout.map { "\($0)" } ?? "nil" == expected)
    }

    @Test(arguments: [("2s", "15.0 seconds"), ("2000", "2.0 seconds"), ("0", "nil")])
    func `a redelivery interval is milliseconds alone`(text: String, expected: String) throws {
        let settings = try RedisStreamSettings(metadata: ["redeliverInterval": text])
        #expect(settings.redeliverInterval.map { "\($0)" } ?? "nil" == expected)
    }
}
