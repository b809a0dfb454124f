package import Backends
internal import Bytes
package import Transport

/// `pubsub.sqlite`, a broker of our own: messages in a file, so that they outlive a restart without a
/// Redis, and reach every process that has the file open.
///
/// At least once: a group's offset moves when a message was handled. In order: one message of a group
/// and topic at a time. Confined to the sandbox's loop; the file to its thread.
package final class SQLiteBroker: MessageBroker {
    private let thread: SQLiteThread
    private let clock: SandboxClock
    /// The topics that were published or subscribed to, and the groups that took part.
    private var topics: [String: Set<String>] = [:]
    /// Where groups begin that a topic does not have yet: what was before is forgotten.
    private var floors: [String: Int64] = [:]
    private let random: RandomSource
    private let loop: EventLoop
    private var consumers: [ObjectIdentifier: SQLiteConsumer] = [:]
    private var published = 0
    private var isClosed = false
    /// Called after a message was published here, for other processes that have the file open.
    package var onPublish: (() -> Void)?

    /// Opens the file and makes its tables when they are missing.
    ///
    /// - Parameter isThrowaway: whether the file is gone with its sandbox.
    package init(
        path: String, isThrowaway: Bool = false, clock: SandboxClock, random: RandomSource,
        on loop: EventLoop
    ) throws(SQLiteOpenError) {
        self.clock = clock
        self.random = random
        self.loop = loop
        let settings = SQLiteSettings(path: path)
        let database: Database
        do throws(SQLiteError) {
            database = try Database(path: settings.uri)
            database.setBusyTimeout(milliseconds: 2_000)
            try MessageTable.create(in: database, syncs: !isThrowaway)
        } catch {
            throw SQLiteOpenError(database: path, reason: .sqlite(error))
        }
        do throws(SystemError) { thread = try SQLiteThread(database, on: loop.reactor) } catch {
            throw SQLiteOpenError(database: path, reason: .system(error.reason))
        }
    }

    package var features: [BrokerFeature] { [] }

    package func publish(_ message: BrokerMessage) async throws(BrokerError) {
        guard !isClosed else { throw .closed }
        let time = time
        topics[message.topic, default: []].formUnion([])
        published += 1
        let prunes = published % Self.pruneEvery == 0
        let (thread, work) = (thread, clock.work.begin())
        let result = await thread.perform(isWrite: true) {
            (database) throws(SQLiteError) -> Result<Void, StateError> in
            try MessageTable.insert(message, time: time, in: database)
            if prunes { try MessageTable.prune(time: time, in: database) }
            return .success(())
        }
        clock.work.end(work)
        if case .failure(let error) = result { throw .failed(error.brokerText) }
        poke()
        onPublish?()
    }

    /// In milliseconds since 1970.
    /// The system's time: other processes, with clocks of their own, prune by it too.
    private var time: Int64 { RealClock().now.nanoseconds / 1_000_000 }

    private static let pruneEvery = 256

    /// Lets every subscription look for messages now: another process has published some.
    package func poke() { for consumer in consumers.values { consumer.poke() } }

    package func subscribe(
        _ subscription: BrokerSubscription, _ handler: any MessageHandler
    ) async throws(BrokerError) -> any BrokerConsumer {
        guard !isClosed else { throw .closed }
        let member = MessageTable.Member(
            topic: subscription.topic, group: subscription.group,
            owner: String(text: random.uuid()))
        topics[member.topic, default: []].insert(member.group)
        let floor = floors[member.topic] ?? 0
        let result = await thread.perform(isWrite: true) {
            (database) throws(SQLiteError) -> Result<Void, StateError> in
            try MessageTable.join(member, after: floor, in: database)
            return .success(())
        }
        if case .failure(let error) = result { throw .failed(error.brokerText) }
        let consumer = SQLiteConsumer(
            member, concurrency: subscription.concurrency, thread, clock, handler, on: loop
        ) { [weak self] consumer in
            self?.consumers[ObjectIdentifier(consumer)] = nil
        }
        consumers[ObjectIdentifier(consumer)] = consumer
        consumer.start()
        return consumer
    }

    package func export() async throws(BrokerError) -> [TopicContents] {
        guard !isClosed else { throw .closed }
        let (names, floors) = (topics.keys.sorted(), floors)
        let result = await thread.perform(isWrite: false) {
            (database) throws(SQLiteError) -> Result<[TopicContents], StateError> in
            var contents: [TopicContents] = []
            for name in names {
                contents.append(
                    try MessageTable.contents(name, after: floors[name] ?? 0, in: database))
            }
            return .success(contents.filter { !$0.messages.isEmpty })
        }
        do throws(StateError) { return try result.get() } catch {
            throw .failed(error.brokerText)
        }
    }

    package func replace(with contents: [TopicContents]) async throws(BrokerError) {
        guard !isClosed else { throw .closed }
        for topic in contents {
            topics[topic.topic, default: []].formUnion(topic.groups.map(\.name))
        }
        let (topics, time) = (topics, time)
        let result = await thread.perform(isWrite: true) {
            (database) throws(SQLiteError) -> Result<[String: Int64], StateError> in
            var floors: [String: Int64] = [:]
            for (topic, groups) in topics {
                floors[topic] = try MessageTable.empty(topic, of: groups, in: database)
            }
            for topic in contents { try MessageTable.put(topic, time: time, in: database) }
            return .success(floors)
        }
        switch result {
        case .success(let floors): self.floors = floors
        case .failure(let error): throw .failed(error.brokerText)
        }
        onPublish?()
    }

    package func close() async {
        guard !isClosed else { return }
        isClosed = true
        for consumer in consumers.values { await consumer.cancel() }
        await thread.close()
    }
}

extension StateError {
    fileprivate var brokerText: String {
        switch self {
        case .failed(let text): text
        case .etagMismatch, .etagInvalid: "unexpected answer of the database"
        }
    }
}
