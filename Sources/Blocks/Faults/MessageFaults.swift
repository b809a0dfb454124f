internal import Backends
internal import Bytes
internal import Transport

/// Messages that are lost, come twice, late, or in another order; brokers that are away.
extension Faults {
    /// Hands a message to its broker as the rules want it.
    func publish(
        _ message: BrokerMessage, to component: PubSubComponent, from sidecar: Sidecar
    ) async throws(BrokerError) {
        var subject = FaultSubject(api: .publish, app: sidecar.appID)
        subject.component = component.name
        subject.topic = message.topic
        if case .unavailable(let text)? = pick(.component, subject).first?.fault.kind {
            throw .unavailable(text)
        }
        var copies = 1
        let standing = pick(.message, subject).first
        switch standing?.fault.kind {
        case .drop: return
        case .duplicate(let count): copies = count
        case .delay(let delay):
            return held.hold(message, on: component.broker, for: standing?.sample(delay) ?? .zero)
        case .reorder(let limit):
            return held.hold(message, on: component.broker, for: limit, untilNext: true)
        default: break
        }
        try await component.broker.publish(message)
        await held.follow(message.topic, on: component.broker)
        if copies > 1 { held.repeat(message, on: component.broker, times: copies - 1) }
    }
}

/// Messages that were not handed to their broker yet, though their publishers were told so.
///
/// Confined to the sandbox's loop.
final class HeldMessages {
    private struct Held {
        let id: Int
        let message: BrokerMessage
        let broker: any MessageBroker
        /// Whether the next message of its topic lets it go.
        let waitsForNext: Bool
        let alarm: ClockAlarm
    }

    private unowned let sandbox: Sandbox
    private var all: [Held] = []
    private var lastID = 0

    init(on sandbox: Sandbox) { self.sandbox = sandbox }

    func hold(
        _ message: BrokerMessage, on broker: any MessageBroker, for duration: Duration,
        untilNext: Bool = false
    ) {
        lastID += 1
        let id = lastID
        let alarm = sandbox.setTimer(after: duration) { [weak self] in self?.expire(id) }
        all.append(
            Held(
                id: id, message: message, broker: broker, waitsForNext: untilNext, alarm: alarm))
    }

    /// Hands on further copies of a message whose publisher is answered already: how long a broker
    /// takes for them must not decide what the journal notes first.
    func `repeat`(_ message: BrokerMessage, on broker: any MessageBroker, times: Int) {
        let work = sandbox.clock.work.begin()
        sandbox.loop.spawn {
            for _ in 0..<times { try? await broker.publish(message) }
            self.sandbox.clock.work.end(work)
        }
    }

    private func expire(_ id: Int) {
        guard let index = all.firstIndex(where: { $0.id == id }) else { return }
        let due = all.remove(at: index)
        sandbox.loop.spawn { try? await due.broker.publish(due.message) }
    }

    /// Hands on what waited for a message of this topic.
    func follow(_ topic: String, on broker: any MessageBroker) async {
        let waiting = all.filter {
            $0.waitsForNext && $0.broker === broker && $0.message.topic == topic
        }
        all.removeAll { held in waiting.contains { $0.id == held.id } }
        for held in waiting {
            sandbox.cancel(held.alarm)
            try? await broker.publish(held.message)
        }
    }

    /// Hands all on now, in their order.
    func release() {
        let waiting = all
        forget()
        guard !waiting.isEmpty else { return }
        sandbox.loop.spawn {
            for held in waiting { try? await held.broker.publish(held.message) }
        }
    }

    /// Loses all.
    func forget() {
        for held in all { sandbox.cancel(held.alarm) }
        all = []
    }
}

/// Deliveries that the rules have something to say of; with no rules it merely hands on.
final class FaultyHandler: MessageHandler {
    private let handler: any MessageHandler
    private let sidecar: Sidecar
    private let pubsub: String

    init(_ handler: any MessageHandler, _ pubsub: String, of sidecar: Sidecar) {
        self.handler = handler
        self.pubsub = pubsub
        self.sidecar = sidecar
    }

    func handle(_ message: BrokerMessage) async -> MessageOutcome {
        let faults = sidecar.sandbox.faults
        guard !faults.isIdle else { return await handler.handle(message) }
        return await faults.scope { scope in await self.handle(message, faults, scope) }
    }

    private func handle(
        _ message: BrokerMessage, _ faults: Faults, _ scope: FaultScope
    ) async -> MessageOutcome {
        var subject = FaultSubject(api: .deliver, app: sidecar.appID)
        subject.component = pubsub
        subject.topic = message.topic
        let standing = faults.pick(.message, subject).first
        switch standing?.fault.kind {
        case .drop:
            record(message, fault: scope.take())
            return .done
        case .duplicate(let copies):
            for _ in 1..<copies { _ = await handler.handle(message) }
        case .delay(let delay):
            if let standing { await faults.wait(delay, of: standing) }
        default: break
        }
        return await handler.handle(message)
    }

    /// A delivery that did not come to its application.
    private func record(_ message: BrokerMessage, fault: String?) {
        var detail = JournalDetail(
            message: MessageRecord(pubsub: pubsub, topic: message.topic))
        detail.outcome = .drop
        detail.fault = fault
        sidecar.note(.deliver, detail, request: message.data)
    }
}
