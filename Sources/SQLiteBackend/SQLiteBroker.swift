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
    private let clock: any SandboxClock
    private let random: RandomSource
    private let loop: EventLoop
    private var consumers: [ObjectIdentifier: SQLiteConsumer] = [:]
    private var published = 0
    private var isClosed = false
    /// Called after a message was published here, for other processes that have the file open.
    package var onPublish: (() -> Void)?

    /// Opens the file and makes its tables when they are missing.
    package init(
        path: String, clock: any SandboxClock, random: RandomSource, on loop: EventLoop
    ) throws(SQLiteOpenError) {
        self.clock = clock
        self.random = random
        self.loop = loop
        let settings = SQLiteSettings(path: path)
        let database: Database
        do throws(SQLiteError) {
            database = try Database(path: settings.uri)
            database.setBusyTimeout(milliseconds: 2_000)
            try MessageTable.create(in: database)
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
        let time = clock.now.nanoseconds / 1_000_000
        published += 1
        let prunes = published % Self.pruneEvery == 0
        let result = await thread.perform(isWrite: true) {
            (database) throws(SQLiteError) -> Result<Void, StateError> in
            try MessageTable.insert(message, time: time, in: database)
            if prunes { try MessageTable.prune(time: time, in: database) }
            return .success(())
        }
        if case .failure(let error) = result { throw .failed(error.brokerText) }
        poke()
        onPublish?()
    }

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
        let result = await thread.perform(isWrite: true) {
            (database) throws(SQLiteError) -> Result<Void, StateError> in
            try MessageTable.join(member, in: database)
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
