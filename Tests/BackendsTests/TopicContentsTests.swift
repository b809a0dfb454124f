import Bytes
import TestSupport
import Testing
import Transport

@testable import Backends

/// What every broker gives out and takes back as a whole.
@Suite(.timeLimit(.minutes(2))) struct TopicContentsTests {
    typealias Kind = BrokerContractTests.Kind
    typealias Inbox = BrokerContractTests.Inbox

    private func with(
        _ kind: Kind, _ body: @Sendable (any MessageBroker, Reactor) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let prefix = "contents-\(UInt64.random(in: 0 ... .max)):"
        let port = RedisServer.shared.port
        try await onLoop { loop in
            let broker = try BrokerContractTests.open(
                kind, folder.path + "/messages.db", prefix, port, on: loop)
            do { try await body(broker, loop.reactor) } catch {
                await broker.close()
                throw error
            }
            await broker.close()
        }
    }

    private static func message(_ text: String, to topic: String = "t") -> BrokerMessage {
        BrokerMessage(topic: topic, data: Array(text.utf8)[...], metadata: ["a": text])
    }

    private static func texts(_ contents: [TopicContents]) -> [String] {
        contents.flatMap { $0.messages.map { String(text: $0.data) } }
    }

    @Test func `what was put down in memory for a group that is not there yet is given out`()
        async throws
    {
        let contents = [
            TopicContents(
                topic: "t", messages: [Self.message("1"), Self.message("2")],
                groups: [.init(name: "g", pending: 2)])
        ]
        try await with(.memory) { broker, _ in
            try await broker.replace(with: contents)
            let out = try await broker.export()
            #expect(Self.texts(out) == ["1", "2"])
            #expect(out.map(\.topic) == ["t"] && out[0].groups.map(\.name) == ["g"])
        }
    }

    @Test(arguments: [Kind.sqlite, .redis])
    func `messages that wait for a group are taken out and come back to it`(
        kind: Kind
    ) async throws {
        try await with(kind) { broker, reactor in
            let inbox = Inbox(on: reactor)
            let consumer = try await broker.subscribe(.init(topic: "t", group: "g"), inbox)
            try await broker.publish(Self.message("1"))
            #expect(await inbox.wait { $0.messages.count == 1 })
            await consumer.cancel()
            try await broker.publish(Self.message("2"))
            try await broker.publish(Self.message("3"))
            let contents = try await broker.export()
            #expect(Self.texts(contents) == ["1", "2", "3"])
            #expect(contents.first?.groups == [.init(name: "g", pending: 2)])
            #expect(contents.first?.messages.last?.metadata == ["a": "3"])

            try await broker.replace(with: [])
            #expect(try await broker.export() == [])
            try await broker.replace(with: contents)
            #expect(try await broker.export() == contents)
            let (same, new) = (Inbox(on: reactor), Inbox(on: reactor))
            _ = try await broker.subscribe(.init(topic: "t", group: "g"), same)
            _ = try await broker.subscribe(.init(topic: "t", group: "new"), new)
            #expect(await same.wait { $0.texts.sorted() == ["2", "3"] })
            #expect(await new.wait { $0.texts.sorted() == ["1", "2", "3"] })
        }
    }

    @Test(arguments: Kind.allCases)
    func `an emptied topic hands out nothing of before, to new groups neither`(
        kind: Kind
    ) async throws {
        try await with(kind) { broker, reactor in
            let first = Inbox(on: reactor)
            let consumer = try await broker.subscribe(.init(topic: "t", group: "g"), first)
            try await broker.publish(Self.message("handled"))
            #expect(await first.wait { $0.messages.count == 1 })
            await consumer.cancel()
            try await broker.publish(Self.message("left"))
            try await broker.replace(with: [])
            let (same, new) = (Inbox(on: reactor), Inbox(on: reactor))
            _ = try await broker.subscribe(.init(topic: "t", group: "g"), same)
            _ = try await broker.subscribe(.init(topic: "t", group: "new"), new)
            try await broker.publish(Self.message("after"))
            #expect(await same.wait { $0.messages.count == 1 })
            #expect(await new.wait { $0.messages.count == 1 })
            #expect(same.texts == ["after"])
            #expect(new.texts == ["after"])
        }
    }

    @Test func `in memory what waits in a subscription's queue is taken out`() async throws {
        try await with(.memory) { broker, reactor in
            let slow = Inbox(on: reactor, delay: .milliseconds(20))
            let consumer = try await broker.subscribe(.init(topic: "t*", group: "g"), slow)
            for number in 1...3 { try await broker.publish(Self.message("\(number)", to: "t1")) }
            #expect(await slow.wait { $0.active == 1 })
            let contents = try await broker.export()
            #expect(Self.texts(contents) == ["2", "3"])
            await consumer.cancel()
            try await broker.replace(with: contents)
            let inbox = Inbox(on: reactor)
            _ = try await broker.subscribe(.init(topic: "t*", group: "other"), inbox)
            _ = try await broker.subscribe(.init(topic: "t*", group: "g"), inbox)
            #expect(await inbox.wait { $0.texts == ["2", "3"] })
            #expect(inbox.messages.map(\.topic) == ["t1", "t1"])
        }
    }

    /// The default sandbox's topics are shared with other programs.
    @Test(arguments: [Kind.sqlite, .redis])
    func `a topic that another program reads keeps its messages for it`(kind: Kind) async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/messages.db"
        let prefix = "contents-\(UInt64.random(in: 0 ... .max)):"
        let port = RedisServer.shared.port
        try await onLoop { loop in
            let ours = try BrokerContractTests.open(kind, path, prefix, port, on: loop)
            let theirs = try BrokerContractTests.open(kind, path, prefix, port, on: loop)
            let idle = Inbox(on: loop.reactor)
            await (try theirs.subscribe(.init(topic: "t", group: "theirs"), idle)).cancel()
            await (try ours.subscribe(.init(topic: "t", group: "ours"), idle)).cancel()
            try await ours.publish(Self.message("1"))
            try await ours.replace(with: [])
            let (mine, other) = (Inbox(on: loop.reactor), Inbox(on: loop.reactor))
            _ = try await ours.subscribe(.init(topic: "t", group: "ours"), mine)
            _ = try await theirs.subscribe(.init(topic: "t", group: "theirs"), other)
            #expect(await other.wait { $0.texts == ["1"] })
            try await ours.publish(Self.message("2"))
            #expect(await mine.wait { $0.texts == ["2"] })
            #expect(try await ours.export().first?.messages.map { String(text: $0.data) } == ["2"])
            await ours.close()
            await theirs.close()
        }
    }
}
