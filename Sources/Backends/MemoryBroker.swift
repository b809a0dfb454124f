package import Transport

/// Messages in memory: every subscriber of the sandbox gets each one, in the order of publishing.
///
/// Nothing is kept for who subscribes later, and a delivery that failed is not repeated, as in Dapr's
/// `pubsub.in-memory`; unlike there, the messages reach every app of the sandbox, those included that
/// were started together with the publisher and subscribe a moment later. Confined to its loop.
package final class MemoryBroker: MessageBroker {
    private let loop: EventLoop
    private let awaited: AwaitedApps
    private var consumers: [MemoryConsumer] = []
    /// What was published while applications are awaited.
    private var kept: [BrokerMessage] = []
    /// Who had a subscription and ended it: what was kept is nothing new to them.
    private var former: Set<Place> = []
    /// What was put down for subscriptions that are not there yet.
    private var restored: [Place: [BrokerMessage]] = [:]
    private var isClosed = false

    /// Messages that wait for one subscription at most; who publishes more waits for space.
    package static let queueLimit = 10_000

    /// - Parameter awaited: the applications that messages are kept for until they have subscribed.
    package init(on loop: EventLoop, awaited: AwaitedApps = AwaitedApps()) {
        self.loop = loop
        self.awaited = awaited
        awaited.onEmpty { [weak self] in self?.forgetKept() }
    }

    private func forgetKept() {
        kept = []
        former = []
    }

    package var features: [BrokerFeature] { [.subscribeWildcards] }

    package func publish(_ message: BrokerMessage) async throws(BrokerError) {
        guard !isClosed else { throw .closed }
        if !awaited.isEmpty, kept.count < Self.queueLimit { kept.append(message) }
        // A list of its own: while one is waited for others may come and go.
        for consumer in consumers where consumer.takes(message.topic) {
            await consumer.put(message)
        }
    }

    package func subscribe(
        _ subscription: BrokerSubscription, _ handler: any MessageHandler
    ) async throws(BrokerError) -> any BrokerConsumer {
        guard !isClosed else { throw .closed }
        let place = Place(group: subscription.group, topic: subscription.topic)
        let consumer = MemoryConsumer(subscription, handler, on: loop) { [weak self] consumer in
            guard let self else { return }
            self.consumers.removeAll { $0 === consumer }
            if !self.awaited.isEmpty { self.former.insert(place) }
        }
        let unseen = former.contains(place) ? [] : kept.filter { consumer.takes($0.topic) }
        consumer.begin(with: (restored.removeValue(forKey: place) ?? []) + unseen)
        consumers.append(consumer)
        return consumer
    }

    /// Where a subscription stands.
    private struct Place: Hashable {
        let group: String
        let topic: String
    }

    /// Each subscription's own, those too that are not there yet: nothing else is kept.
    package func export() async throws(BrokerError) -> [TopicContents] {
        var contents: [TopicContents] = []
        for consumer in consumers where consumer.count > 0 {
            let place = Place(
                group: consumer.subscription.group, topic: consumer.subscription.topic)
            contents.append(Self.contents(of: place, consumer.waitingMessages))
        }
        for (place, messages) in restored where !messages.isEmpty {
            contents.append(Self.contents(of: place, messages[...]))
        }
        return contents.sorted {
            ($0.topic, $0.groups.first?.name ?? "") < ($1.topic, $1.groups.first?.name ?? "")
        }
    }

    private static func contents(
        of place: Place, _ messages: ArraySlice<BrokerMessage>
    ) -> TopicContents {
        let kept = messages.suffix(TopicContents.limit)
        return TopicContents(
            topic: place.topic, messages: Array(kept),
            groups: [.init(name: place.group, pending: kept.count)])
    }

    package func replace(with contents: [TopicContents]) async throws(BrokerError) {
        kept = []
        former = []
        restored = [:]
        for topic in contents {
            for group in topic.groups {
                restored[Place(group: group.name, topic: topic.topic), default: []] +=
                    topic.messages.suffix(group.pending)
            }
        }
    }

    package func close() async {
        isClosed = true
        for consumer in consumers { await consumer.cancel() }
    }
}

/// One subscription: its queue, and tasks that hand out what is in it.
private final class MemoryConsumer: BrokerConsumer {
    let subscription: BrokerSubscription
    private let topic: String
    private let isPrefix: Bool
    private let handler: any MessageHandler
    private let onEnd: (MemoryConsumer) -> Void
    private let tasks: ConsumerTasks
    private var queue: [BrokerMessage] = []
    /// Where the queue begins: what is before was handed out.
    private var head = 0
    private var waiting: [Suspension<Void>] = []
    /// Publishers that wait for space in the queue.
    private let publishers: Waiters

    init(
        _ subscription: BrokerSubscription, _ handler: any MessageHandler, on loop: EventLoop,
        onEnd: @escaping (MemoryConsumer) -> Void
    ) {
        self.subscription = subscription
        // A wildcard stands at the end and is not all there is.
        isPrefix = subscription.topic.hasSuffix("*") && subscription.topic.utf8.count > 1
        topic = isPrefix ? String(subscription.topic.dropLast()) : subscription.topic
        self.handler = handler
        self.onEnd = onEnd
        tasks = ConsumerTasks(on: loop)
        publishers = Waiters(on: loop.reactor)
        for _ in 0..<max(1, subscription.concurrency) { tasks.spawn { await self.run() } }
    }

    func takes(_ topic: String) -> Bool {
        isPrefix ? topic.hasPrefix(self.topic) : topic == self.topic
    }

    var count: Int { queue.count - head }

    var waitingMessages: ArraySlice<BrokerMessage> { queue[head...] }

    /// Before anything else is put: at most as many as there is space for.
    func begin(with messages: [BrokerMessage]) {
        queue = messages
        for _ in queue { waiting.popLast()?.resume() }
    }

    func put(_ message: BrokerMessage) async {
        while count >= MemoryBroker.queueLimit, !tasks.isCancelled {
            _ = await publishers.wait(until: .max) {
                count < MemoryBroker.queueLimit || tasks.isCancelled
            }
        }
        guard !tasks.isCancelled else { return }
        queue.append(message)
        waiting.popLast()?.resume()
    }

    private func take() -> BrokerMessage? {
        guard head < queue.count else { return nil }
        let message = queue[head]
        head += 1
        if head == queue.count {
            queue.removeAll(keepingCapacity: queue.count < 1024)
            head = 0
        } else if head >= 1024 {
            queue.removeFirst(head)
            head = 0
        }
        publishers.wakeFirst()
        return message
    }

    private func run() async {
        while !tasks.isCancelled {
            if let message = take() {
                _ = await handler.handle(message)
            } else {
                await Suspension<Void>.suspend { suspension in
                    if tasks.isCancelled || count > 0 {
                        suspension.resume()
                    } else {
                        waiting.append(suspension)
                    }
                }
            }
        }
    }

    func cancel() async {
        tasks.cancel()
        publishers.wake()
        onEnd(self)
        let idle = waiting
        waiting = []
        for suspension in idle { suspension.resume() }
        await tasks.join()
    }
}
