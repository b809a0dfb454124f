import Backends
import Bytes
import Synchronization
import TestSupport
import Testing
import Transport
import YAML

@testable import Blocks

/// Deliveries and publishing under policies (resiliency.md §4–5 of the specification).
@Suite struct GuardedDeliveryTests {
    /// An application that answers what it was told to, then the last of it for ever.
    private final class App: AppChannel {
        var isHealthy = true
        private var answers: [(status: Int, body: String)]
        private(set) var bodies: [String] = []

        init(_ answers: [(Int, String)]) { self.answers = answers.map { ($0.0, $0.1) } }

        func call(_ request: AppRequest) async throws(AppChannelError) -> AppResponse {
            if case .bytes(let body) = request.body { bodies.append(String(text: body)) }
            let answer = answers.count > 1 ? answers.removeFirst() : answers[0]
            guard answer.status > 0 else { throw .failed("connection refused") }
            let body = answer.body.replacing(ids: bodies.last ?? "")
            return AppResponse(
                status: answer.status, fields: [], body: .bytes(Array(body.utf8)[...]))
        }

        func probe(_ request: AppRequest) async throws(AppChannelError) -> AppResponse {
            try await call(request)
        }
    }

    /// A broker that keeps what it is given and fails as often as it was told to.
    private final class Broker: MessageBroker {
        let features: [BrokerFeature] = []
        private(set) var messages: [BrokerMessage] = []
        private(set) var attempts = 0
        private var failures: Int

        init(failures: Int = 0) { self.failures = failures }

        func publish(_ message: BrokerMessage) async throws(BrokerError) {
            attempts += 1
            guard failures == 0 else {
                failures -= 1
                throw .failed("no room")
            }
            messages.append(message)
        }

        func subscribe(
            _ subscription: BrokerSubscription, _ handler: any MessageHandler
        ) async throws(BrokerError) -> any BrokerConsumer { throw .closed }

        func export() async throws(BrokerError) -> [TopicContents] { [] }
        func replace(with contents: [TopicContents]) async throws(BrokerError) {}
        func close() async {}
    }

    private struct World {
        let sidecar: Sidecar
        let component: PubSubComponent
        let broker: Broker
        let app: App
    }

    private static func world(
        _ policies: String, _ targets: String, app: App, broker: Broker = Broker(),
        on loop: EventLoop
    ) -> World {
        let sandbox = Sandbox(
            on: loop, clock: SandboxClock(on: loop.reactor), random: RandomSource(seed: 1))
        let sidecar = Sidecar(appID: "me", settings: SidecarSettings(), in: sandbox)
        let text =
            "kind: Resiliency\nmetadata: {name: r}\nspec:\n  policies: \(policies)\n"
            + "  targets: {components: {ps: \(targets)}}\n"
        let resources = ResourceParser.parse(
            SourceText(name: "r.yaml", text: text),
            ResourceContext(appID: "me", environment: [:], uuid: { "" })
        ).resiliencies
        sidecar.resiliency = Resiliency(resources, in: sandbox)
        sidecar.appChannel = app
        let component = PubSubComponent(
            name: "ps", type: "pubsub.in-memory", version: "v1", broker: broker, group: "me",
            appID: "me")
        return World(sidecar: sidecar, component: component, broker: broker, app: app)
    }

    private static func subscription(
        deadLetters: String = "", bulk: Int? = nil
    ) -> Subscription {
        var limits = Subscription.Bulk()
        if let bulk {
            limits.isEnabled = true
            limits.set(messages: Double(bulk), await: 5000)
        }
        return Subscription(
            name: "s", pubsub: "ps", topic: "t", rules: [.init(match: nil, path: "/t")],
            deadLetterTopic: deadLetters, metadata: [:], bulk: limits, kind: .declarative)
    }

    private static func message(_ id: String) -> BrokerMessage {
        let event = #"{"id":"\#(id)","specversion":"1.0","type":"x","source":"y","data":1}"#
        return BrokerMessage(topic: "t", data: Array(event.utf8)[...])
    }

    private static let inbound = "{retries: {r: {duration: 1ms, maxRetries: 3}}, timeouts: {t: 5s}}"

    // MARK: Single deliveries

    @Test(
        arguments: [
            ([(500, "")], 4, 1), ([(503, ""), (503, ""), (200, "")], 3, 0),
            ([(200, #"{"status":"RETRY"}"#)], 4, 1), ([(200, #"{"status":"DROP"}"#)], 1, 1),
            ([(404, "")], 1, 1), ([(0, "")], 4, 1), ([(200, "")], 1, 0),
            // Only what has a status can be left out by `matching`.
            ([(429, "")], 4, 1),
        ] as [([(Int, String)], Int, Int)])
    func `a delivery is tried again as the policy says, then goes to the dead letters`(
        answers: [(Int, String)], calls: Int, letters: Int
    ) async throws {
        let (madeCalls, sent) = try await onLoop { loop in
            let world = Self.world(
                Self.inbound, "{inbound: {retry: r, timeout: t}}", app: App(answers), on: loop)
            let delivery = Delivery(
                of: Self.subscription(deadLetters: "dead"), from: world.component,
                to: world.sidecar)
            #expect(await delivery.handle(Self.message("1")) == .done)
            return (world.app.bodies.count, world.broker.messages.map(\.topic))
        }
        #expect(madeCalls == calls)
        #expect(sent == Array(repeating: "dead", count: letters))
    }

    @Test(arguments: [(500, 1), (503, 4), (0, 4)])
    func `a status that does not match is not tried again, what has none is`(
        status: Int, calls: Int
    ) async throws {
        let made = try await onLoop { loop in
            let world = Self.world(
                "{retries: {r: {duration: 1ms, maxRetries: 3, matching: {httpStatusCodes: '503'}}}}",
                "{inbound: {retry: r}}", app: App([(status, "")]), on: loop)
            let delivery = Delivery(
                of: Self.subscription(), from: world.component, to: world.sidecar)
            let outcome = await delivery.handle(Self.message("1"))
            if case .done = outcome { Issue.record("\(outcome)") }
            return world.app.bodies.count
        }
        #expect(made == calls)
    }

    @Test func `without a policy there is one attempt`() async throws {
        let calls = try await onLoop { loop in
            let world = Self.world("{}", "{}", app: App([(500, "")]), on: loop)
            let delivery = Delivery(
                of: Self.subscription(), from: world.component, to: world.sidecar)
            _ = await delivery.handle(Self.message("1"))
            return world.app.bodies.count
        }
        #expect(calls == 1)
    }

    @Test func `an open breaker fails a delivery without a call`() async throws {
        let (calls, outcome) = try await onLoop { loop in
            let world = Self.world(
                "{circuitBreakers: {b: {trip: consecutiveFailures > 1}}}",
                "{inbound: {circuitBreaker: b}}", app: App([(500, "")]), on: loop)
            let delivery = Delivery(
                of: Self.subscription(), from: world.component, to: world.sidecar)
            for id in ["1", "2"] { _ = await delivery.handle(Self.message(id)) }
            return (world.app.bodies.count, await delivery.handle(Self.message("3")))
        }
        #expect(calls == 2 && outcome == .failed("circuit breaker is open"))
    }

    @Test func `a drop whose dead letter cannot be sent is tried again`() async throws {
        let (calls, letters) = try await onLoop { loop in
            let world = Self.world(
                Self.inbound, "{inbound: {retry: r}}", app: App([(404, "")]),
                broker: Broker(failures: 2), on: loop)
            let delivery = Delivery(
                of: Self.subscription(deadLetters: "dead"), from: world.component,
                to: world.sidecar)
            #expect(await delivery.handle(Self.message("1")) == .done)
            return (world.app.bodies.count, world.broker.messages.count)
        }
        #expect(calls == 3 && letters == 1)
    }

    // MARK: The journal

    @Test(
        arguments: [
            ([(503, ""), (200, "")], "retry 1, success 2"),
            ([(200, #"{"status":"DROP"}"#)], "drop 1, deadLetter"),
            ([(404, "")], "drop 1, deadLetter"),
            ([(0, "")], "unreachable 1, unreachable 2, unreachable 3, unreachable 4, deadLetter"),
            ([(200, #"{"status":"RETRY"}"#), (200, "")], "retry 1, success 2"),
        ] as [([(Int, String)], String)])
    func `each attempt is noted with its number and what became of it`(
        answers: [(Int, String)], expected: String
    ) async throws {
        let (lines, topics) = try await onLoop { loop in
            let world = Self.world(
                Self.inbound, "{inbound: {retry: r}}", app: App(answers), on: loop)
            let delivery = Delivery(
                of: Self.subscription(deadLetters: "dead"), from: world.component,
                to: world.sidecar)
            _ = await delivery.handle(Self.message("1"))
            return Self.lines(world)
        }
        #expect(lines.joined(separator: ", ") == expected)
        #expect(topics == lines.map { $0 == "deadLetter" ? "publish dead" : "deliver t" })
    }

    private static func lines(_ world: World) -> (outcomes: [String], topics: [String]) {
        let entries = world.sidecar.sandbox.journal.entries
        let outcomes = entries.map { entry in
            let attempt = entry.detail.attempt.map { " \($0)" } ?? ""
            return (entry.detail.outcome?.rawValue ?? "") + attempt
        }
        return (outcomes, entries.map { "\($0.api) \($0.message?.topic ?? "")" })
    }

    @Test func `what no application is asked about is noted with the reason`() async throws {
        let rows = [
            ("{", "unreadable", "unexpected"),
            (#"{"id":"1","expiration":"2020-01-01T00:00:00Z"}"#, "expired", "2020-01-01T00:00:00Z"),
            (#"{"id":"1"}"#, "unrouted", "`routes.default`"),
        ]
        for (event, outcome, reason) in rows {
            let (lines, hint, calls) = try await onLoop { loop in
                let world = Self.world("{}", "{}", app: App([(200, "")]), on: loop)
                let subscription = Subscription(
                    name: "s", pubsub: "ps", topic: "t", rules: [], deadLetterTopic: "",
                    metadata: [:], bulk: .init(), kind: .declarative)
                let delivery = Delivery(
                    of: subscription, from: world.component, to: world.sidecar)
                _ = await delivery.handle(
                    BrokerMessage(topic: "t", data: Array(event.utf8)[...]))
                let hint = world.sidecar.sandbox.journal.entries.last?.detail.hint ?? ""
                return (Self.lines(world).outcomes, hint, world.app.bodies.count)
            }
            #expect(lines == [outcome])
            #expect(hint.contains(reason), "\(hint)")
            #expect(calls == 0)
        }
    }

    @Test(arguments: [
        (0, "the application of me did not answer: is it running?"),
        (404, "the application of me has no POST /t: it answered 404, which drops the message"),
        (500, ""), (200, ""),
    ])
    func `a delivery that fails for want of an application has a hint`(
        status: Int, expected: String
    ) async throws {
        let hint = try await onLoop { loop in
            let world = Self.world("{}", "{}", app: App([(status, "")]), on: loop)
            let delivery = Delivery(
                of: Self.subscription(), from: world.component, to: world.sidecar)
            _ = await delivery.handle(Self.message("1"))
            return world.sidecar.sandbox.journal.entries.last?.hint ?? ""
        }
        #expect(hint == expected)
    }

    @Test func `each message of a bulk delivery is noted`() async throws {
        let lines = try await onLoop { loop in
            let world = Self.world(
                "{retries: {r: {duration: 1ms, maxRetries: 1}}}", "{inbound: {retry: r}}",
                app: App([(500, "")]), on: loop)
            let delivery = BulkDelivery(
                of: Self.subscription(bulk: 2), from: world.component, to: world.sidecar)
            let done = Waiters(on: loop.reactor)
            var left = 2
            for id in ["1", "2"] {
                loop.spawn {
                    _ = await delivery.handle(Self.message(id))
                    left -= 1
                    done.wake()
                }
            }
            let late = Reactor.monotonicNow() + Duration.seconds(50).nanoseconds
            _ = await done.wait(until: late) { left == 0 }
            return Self.lines(world).outcomes
        }
        #expect(lines == ["retry 1", "retry 1", "retry 2", "retry 2"])
    }

    // MARK: Bulk

    @Test func `of a batch only the entries that failed are sent again`() async throws {
        // The first of the entries is taken each time, the others are not.
        let answer = #"{"statuses":[{"entryId":"FIRST","status":"SUCCESS"}]}"#
        let (sizes, outcomes) = try await onLoop { loop in
            let world = Self.world(
                Self.inbound, "{inbound: {retry: r}}", app: App([(200, answer)]), on: loop)
            let delivery = BulkDelivery(
                of: Self.subscription(bulk: 3), from: world.component, to: world.sidecar)
            let collected = Collected()
            for id in ["1", "2", "3"] {
                loop.spawn { collected.add(await delivery.handle(Self.message(id))) }
            }
            while collected.outcomes.count < 3 {
                await loop.reactor.sleep(for: .milliseconds(1))
            }
            let sizes = world.app.bodies.map { $0.count(of: "entryId") }
            return (sizes, collected.outcomes)
        }
        #expect(sizes == [3, 2, 1])
        #expect(outcomes == [.done, .done, .done])
    }

    private final class Collected {
        private(set) var outcomes: [MessageOutcome] = []
        func add(_ outcome: MessageOutcome) { outcomes.append(outcome) }
    }

    // MARK: Publishing

    @Test(arguments: [(2, true, 3), (4, false, 4)])
    func `publishing is tried again`(
        failures: Int, isPublished: Bool, attempts: Int
    ) async throws {
        let (made, error) = try await onLoop { loop -> (Int, BrokerError?) in
            let broker = Broker(failures: failures)
            let world = Self.world(
                Self.inbound, "{outbound: {retry: r}}", app: App([]), broker: broker, on: loop)
            do throws(BrokerError) {
                try await world.component.publish(
                    Self.message("1"), from: world.sidecar)
                return (broker.attempts, nil)
            } catch {
                return (broker.attempts, error)
            }
        }
        #expect(made == attempts)
        #expect(error == (isPublished ? nil : .failed("no room")))
    }

    @Test func `of several messages only those that failed are published again`() async throws {
        let (attempts, topics, errors) = try await onLoop { loop in
            let broker = Broker(failures: 2)
            let world = Self.world(
                Self.inbound, "{outbound: {retry: r}}", app: App([]), broker: broker, on: loop)
            let messages = ["a", "b", "c"].map { BrokerMessage(topic: $0, data: []) }
            let errors = await world.component.publish(
                messages, from: world.sidecar)
            return (broker.attempts, broker.messages.map(\.topic), errors.compactMap { $0 })
        }
        #expect(attempts == 5)
        #expect(topics == ["c", "a", "b"])
        #expect(errors.isEmpty)
    }
}

extension String {
    /// Puts the first entry id of a batch in the place of `FIRST`.
    fileprivate func replacing(ids batch: String) -> String {
        guard let mark = range(of: "FIRST"), let start = batch.range(of: #""entryId":""#) else {
            return self
        }
        let id = batch[start.upperBound...].prefix { $0 != "\"" }
        return String(self[..<mark.lowerBound]) + id + self[mark.upperBound...]
    }

    fileprivate func range(of text: String) -> Range<Index>? {
        indices.first { self[$0...].hasPrefix(text) }.map {
            $0..<index($0, offsetBy: text.count)
        }
    }

    fileprivate func count(of text: String) -> Int {
        indices.count { self[$0...].hasPrefix(text) }
    }
}
