import Backends
import Bytes
import TestSupport
import Testing
import Transport

@testable import Blocks

/// What a reset does to deliveries that are under way.
@Suite(.timeLimit(.minutes(2))) struct SandboxResetTests {
    /// An application that answers when it is let go.
    private final class HeldApp: AppChannel {
        var isHealthy = true
        private(set) var events: [String] = []
        private(set) var answered = 0
        private let changes: Waiters
        private var isOpen: Bool
        private let status: Int

        init(isOpen: Bool = false, status: Int = 200, on loop: EventLoop) {
            changes = Waiters(on: loop.reactor)
            self.isOpen = isOpen
            self.status = status
        }

        func call(_ request: AppRequest) async throws(AppChannelError) -> AppResponse {
            if case .bytes(let body) = request.body { events.append(String(text: body)) }
            changes.wake()
            while !isOpen { _ = await changes.wait(until: .max) { isOpen } }
            answered += 1
            changes.wake()
            return AppResponse(status: status, fields: [], body: .bytes([]))
        }

        func probe(_ request: AppRequest) async throws(AppChannelError) -> AppResponse {
            try await call(request)
        }

        func letGo() {
            isOpen = true
            changes.wake()
        }

        func wait(_ condition: () -> Bool) async {
            let deadline = Reactor.monotonicNow() + Duration.seconds(50).nanoseconds
            while !condition(), Reactor.monotonicNow() < deadline {
                _ = await changes.wait(until: deadline) { condition() }
            }
        }
    }

    private struct World {
        let sandbox: Sandbox
        let broker: MemoryBroker
        let subscriptions: Subscriptions
    }

    private static func world(
        _ app: HeldApp, deadLetters: String = "", on loop: EventLoop
    ) async -> World {
        let sandbox = Sandbox(
            on: loop, clock: SandboxClock(on: loop.reactor), random: RandomSource(seed: 1))
        var settings = SidecarSettings()
        settings.asksForSubscriptions = false
        let sidecar = Sidecar(appID: "me", settings: settings, in: sandbox)
        sidecar.appChannel = app
        let broker = MemoryBroker(on: loop)
        sidecar.add(
            PubSubComponent(
                name: "ps", type: "pubsub.in-memory", version: "v1", broker: broker, group: "me",
                appID: "me"))
        let topics = ["t"] + (deadLetters.isEmpty ? [] : [deadLetters])
        let subscriptions = Subscriptions(
            of: sidecar,
            declared: topics.map { topic in
                Subscription(
                    name: topic, pubsub: "ps", topic: topic,
                    rules: [.init(match: nil, path: "/\(topic)")],
                    deadLetterTopic: topic == "t" ? deadLetters : "", metadata: [:],
                    bulk: Subscription.Bulk(), kind: .declarative)
            })
        sidecar.subscriptions = subscriptions
        await subscriptions.appIsReady()
        return World(sandbox: sandbox, broker: broker, subscriptions: subscriptions)
    }

    private static func event(_ id: String) -> BrokerMessage {
        let event = #"{"id":"\#(id)","specversion":"1.0","type":"x","source":"y","data":1}"#
        return BrokerMessage(topic: "t", data: Array(event.utf8)[...])
    }

    @Test func `it waits for the delivery under way and drops those that wait`() async throws {
        try await onLoop { loop in
            let app = HeldApp(on: loop)
            let world = await Self.world(app, on: loop)
            for id in ["1", "2", "3"] { try await world.broker.publish(Self.event(id)) }
            await app.wait { app.events.count == 1 }
            loop.reactor.after(.milliseconds(30)) { app.letGo() }
            let report = try await world.sandbox.reset()
            #expect(report.abandonedDeliveries == 0)
            #expect(app.answered == 1)
            #expect(world.sandbox.journal.entries.isEmpty)
            // Subscribed again, to what comes now.
            try await world.broker.publish(Self.event("4"))
            await app.wait { app.events.count == 2 }
            #expect(app.events.last?.contains(#""id":"4""#) == true)
            await app.wait { world.sandbox.journal.total >= 1 && app.answered == 2 }
            await world.subscriptions.stop()
        }
    }

    @Test func `an answer that comes too late counts for nothing`() async throws {
        try await onLoop { loop in
            let app = HeldApp(status: 500, on: loop)
            let world = await Self.world(app, deadLetters: "dead", on: loop)
            try await world.broker.publish(Self.event("1"))
            await app.wait { app.events.count == 1 }
            let begin = Reactor.monotonicNow()
            let report = try await world.sandbox.reset()
            #expect(report.abandonedDeliveries == 1)
            #expect(Reactor.monotonicNow() - begin < Duration.seconds(50).nanoseconds)
            app.letGo()
            await app.wait { app.answered == 1 }
            // No dead letter, no entry: nothing of before reaches what comes after.
            try await world.broker.publish(Self.event("2"))
            await app.wait { app.answered == 3 }
            let ids = app.events.map { $0.contains(#""id":"1""#) ? 1 : 2 }
            #expect(ids == [1, 2, 2])
            await app.wait { world.sandbox.journal.entries.count >= 3 }
            for entry in world.sandbox.journal.entries {
                #expect(!String(text: entry.requestBody).contains(#""id":"1""#))
            }
            await world.subscriptions.stop()
        }
    }

    @Test func `a part that is not the topics leaves deliveries alone`() async throws {
        try await onLoop { loop in
            let app = HeldApp(on: loop)
            let world = await Self.world(app, on: loop)
            for id in ["1", "2"] { try await world.broker.publish(Self.event(id)) }
            await app.wait { app.events.count == 1 }
            _ = try await world.sandbox.reset([.state, .journal])
            app.letGo()
            await app.wait { app.answered == 2 }
            #expect(app.answered == 2)
            await world.subscriptions.stop()
        }
    }

    @Test func `resets at the same time take turns`() async throws {
        try await onLoop { loop in
            let app = HeldApp(isOpen: true, on: loop)
            let world = await Self.world(app, on: loop)
            var done = 0
            for _ in 0..<10 {
                loop.spawn {
                    _ = try? await world.sandbox.reset()
                    done += 1
                    app.letGo()
                }
            }
            await app.wait { done == 10 }
            #expect(done == 10)
            try await world.broker.publish(Self.event("1"))
            await app.wait { app.answered == 1 }
            #expect(app.events.count == 1)
            await world.subscriptions.stop()
        }
    }
}

/// What is left of a sandbox that was closed.
@Suite struct ClosedSandboxTests {
    @Test func `nothing holds a closed sandbox`() async throws {
        try await onLoop { loop in
            weak var held: Sandbox?
            weak var sidecar: Sidecar?
            do {
                let sandbox = Sandbox(
                    on: loop, clock: SandboxClock(on: loop.reactor), random: RandomSource())
                let made = Sidecar(appID: "me", settings: SidecarSettings(), in: sandbox)
                let subscriptions = Subscriptions(of: made, declared: [])
                made.subscriptions = subscriptions
                await subscriptions.appIsReady()
                _ = try await sandbox.reset()
                held = sandbox
                sidecar = made
                await sandbox.close()
            }
            #expect(held == nil)
            #expect(sidecar == nil)
        }
    }

    @Test func `a random source with a seed begins anew, another one goes on`() {
        let seeded = RandomSource(seed: 7)
        let first = seeded.uuid()
        seeded.restart()
        #expect(seeded.uuid() == first)
        let other = RandomSource()
        let one = other.uuid()
        other.restart()
        #expect(other.uuid() != one)
    }
}
