import Bytes
import Testing
import Transport

@testable import Backends

/// What the broker in memory keeps for applications that were started together with the publisher.
@Suite(.timeLimit(.minutes(1))) struct AwaitedAppsTests {
    private typealias Inbox = BrokerContractTests.Inbox

    private static func with(
        _ body: @Sendable @escaping (MemoryBroker, AwaitedApps, Reactor) async throws -> Void
    ) async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        try await loop.run { loop in
            let awaited = AwaitedApps()
            let broker = MemoryBroker(on: loop, awaited: awaited)
            try await body(broker, awaited, loop.reactor)
            await broker.close()
        }
    }

    private static func publish(_ text: String, to topic: String = "t", _ broker: MemoryBroker)
        async throws
    {
        try await broker.publish(BrokerMessage(topic: topic, data: Array(text.utf8)[...]))
    }

    @Test func `who is awaited gets what was published before, then the rest, in order`()
        async throws
    {
        try await Self.with { broker, awaited, reactor in
            awaited.add("a")
            for text in ["1", "2"] { try await Self.publish(text, broker) }
            try await Self.publish("x", to: "other", broker)
            let inbox = Inbox(on: reactor)
            _ = try await broker.subscribe(.init(topic: "t", group: "a"), inbox)
            try await Self.publish("3", broker)
            #expect(await inbox.wait { $0.messages.count == 3 })
            #expect(inbox.texts == ["1", "2", "3"])
        }
    }

    @Test func `nothing is kept once nobody is awaited`() async throws {
        try await Self.with { broker, awaited, reactor in
            for name in ["a", "b"] { awaited.add(name) }
            try await Self.publish("1", broker)
            for name in ["a", "b"] { awaited.remove(name) }
            try await Self.publish("2", broker)
            let inbox = Inbox(on: reactor)
            _ = try await broker.subscribe(.init(topic: "t", group: "a"), inbox)
            try await Self.publish("3", broker)
            #expect(await inbox.wait { $0.messages.count == 1 })
            #expect(inbox.texts == ["3"])
        }
    }

    @Test func `who subscribes again while others are awaited gets nothing twice`() async throws {
        try await Self.with { broker, awaited, reactor in
            for name in ["a", "b"] { awaited.add(name) }
            try await Self.publish("1", broker)
            let inbox = Inbox(on: reactor)
            let first = try await broker.subscribe(.init(topic: "t", group: "a"), inbox)
            #expect(await inbox.wait { $0.messages.count == 1 })
            await first.cancel()
            _ = try await broker.subscribe(.init(topic: "t", group: "a"), inbox)
            try await Self.publish("2", broker)
            #expect(await inbox.wait { $0.messages.count == 2 })
            #expect(inbox.texts == ["1", "2"])
        }
    }

    @Test func `as many are kept as a subscription may have waiting`() async throws {
        try await Self.with { broker, awaited, reactor in
            awaited.add("a")
            for number in 0..<MemoryBroker.queueLimit + 5 {
                try await Self.publish("\(number)", broker)
            }
            let inbox = Inbox(on: reactor)
            _ = try await broker.subscribe(.init(topic: "t", group: "a"), inbox)
            #expect(await inbox.wait { $0.messages.count == MemoryBroker.queueLimit })
            #expect(inbox.texts.last == "\(MemoryBroker.queueLimit - 1)")
        }
    }
}
