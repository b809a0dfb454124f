import Backends
import Bytes
import Testing
import Transport

@testable import Blocks

/// What is subscribed to while the application, its resources and the broker come and go.
@Suite struct SubscriptionsTests {
    /// A broker that fails as often as it was told to, and counts who is subscribed.
    private final class Broker: MessageBroker {
        let features: [BrokerFeature] = []
        private(set) var topics: [String] = []
        private(set) var attempts = 0
        private var failures: Int
        private let pause: Duration
        private let loop: EventLoop

        init(failures: Int = 0, pause: Duration = .zero, on loop: EventLoop) {
            self.failures = failures
            self.pause = pause
            self.loop = loop
        }

        func publish(_ message: BrokerMessage) async throws(BrokerError) {}

        func subscribe(
            _ subscription: BrokerSubscription, _ handler: any MessageHandler
        ) async throws(BrokerError) -> any BrokerConsumer {
            attempts += 1
            if pause > .zero { await loop.reactor.sleep(for: pause) }
            guard failures == 0 else {
                failures -= 1
                throw .failed("not there yet")
            }
            topics.append(subscription.topic)
            return Consumer(of: self, subscription.topic)
        }

        func export() async throws(BrokerError) -> [TopicContents] { [] }
        func replace(with contents: [TopicContents]) async throws(BrokerError) {}
        func close() async {}

        func forget(_ topic: String) {
            if let index = topics.firstIndex(of: topic) { topics.remove(at: index) }
        }
    }

    private final class Consumer: BrokerConsumer {
        private let broker: Broker
        private let topic: String

        init(of broker: Broker, _ topic: String) {
            self.broker = broker
            self.topic = topic
        }

        func cancel() async { broker.forget(topic) }
    }

    private static func subscription(_ topic: String) -> Subscription {
        Subscription(
            name: topic, pubsub: "ps", topic: topic, rules: [.init(match: nil, path: "/t")],
            deadLetterTopic: "", metadata: [:], bulk: Subscription.Bulk(), kind: .declarative)
    }

    private static func subscriptions(
        _ broker: Broker, _ topics: [String], on loop: EventLoop
    ) -> Subscriptions {
        let sandbox = Sandbox(
            on: loop, clock: SandboxClock(on: loop.reactor), random: RandomSource(seed: 1))
        var settings = SidecarSettings()
        settings.asksForSubscriptions = false
        let sidecar = Sidecar(appID: "me", settings: settings, in: sandbox)
        sidecar.add(
            PubSubComponent(
                name: "ps", type: "pubsub.in-memory", version: "v1", broker: broker, group: "me",
                appID: "me"))
        return Subscriptions(of: sidecar, declared: topics.map(subscription))
    }

    /// Longer than the first pause before a broker is asked again.
    private static let nextAttempt = Duration.milliseconds(350)

    @Test func `an attempt of before the application was away does not subscribe twice`()
        async throws
    {
        let loop = try EventLoop()
        defer { loop.stop() }
        let topics = await loop.run { loop in
            let broker = Broker(failures: 1, on: loop)
            let subscriptions = Self.subscriptions(broker, ["a"], on: loop)
            await subscriptions.appIsReady()
            await subscriptions.appIsUnhealthy()
            await subscriptions.appIsReady()
            await loop.reactor.sleep(for: Self.nextAttempt)
            return broker.topics
        }
        #expect(topics == ["a"])
    }

    @Test func `a subscription that was replaced is not attempted again`() async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        let topics = await loop.run { loop in
            let broker = Broker(failures: 1, on: loop)
            let subscriptions = Self.subscriptions(broker, ["a"], on: loop)
            await subscriptions.appIsReady()
            await subscriptions.replace(declared: [Self.subscription("b")])
            await loop.reactor.sleep(for: Self.nextAttempt)
            return broker.topics
        }
        #expect(topics == ["b"])
    }

    @Test func `of replacements at the same time the last one counts`() async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        let topics = await loop.run { loop in
            let broker = Broker(pause: .milliseconds(5), on: loop)
            let subscriptions = Self.subscriptions(broker, ["a"], on: loop)
            await subscriptions.appIsReady()
            var done = 0
            for topic in ["b", "c", "d"] {
                loop.spawn {
                    await subscriptions.replace(
                        declared: [Self.subscription(topic), Self.subscription("x")])
                    done += 1
                }
            }
            while done < 3 { await loop.reactor.sleep(for: .milliseconds(1)) }
            return broker.topics
        }
        #expect(topics == ["d", "x"])
    }
}
