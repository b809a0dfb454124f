internal import Backends
internal import Bytes
internal import Transport

/// One subscription to a topic of a file: fetches some messages, hands them out in order, notes how far
/// it has come.
///
/// Confined to the sandbox's loop.
final class SQLiteConsumer: BrokerConsumer {
    private let member: MessageTable.Member
    private let concurrency: Int
    private let thread: SQLiteThread
    private let clock: SandboxClock
    private let handler: any MessageHandler
    private let onEnd: (SQLiteConsumer) -> Void
    private let tasks: ConsumerTasks
    private var isPoked = false
    private var isHandling = false

    /// Messages fetched at a time.
    private static let batch: Int64 = 64
    /// How often the file is looked at when nobody pokes: another process may have published.
    private static let poll = Duration.milliseconds(100)
    /// How long after a failure a message is handed out again; after the last time it is given up.
    private static let pauses: [Duration] = [
        .milliseconds(100), .milliseconds(400), .seconds(1), .seconds(2),
    ]

    init(
        _ member: MessageTable.Member, concurrency: Int, _ thread: SQLiteThread,
        _ clock: SandboxClock, _ handler: any MessageHandler, on loop: EventLoop,
        onEnd: @escaping (SQLiteConsumer) -> Void
    ) {
        self.member = member
        self.concurrency = max(1, concurrency)
        self.thread = thread
        self.clock = clock
        self.handler = handler
        self.onEnd = onEnd
        tasks = ConsumerTasks(on: loop)
    }

    func start() {
        tasks.spawn { await self.run() }
        tasks.spawn { await self.renew() }
    }

    func poke() {
        isPoked = true
        tasks.wake()
    }

    func cancel() async {
        guard !tasks.isCancelled else { return }
        tasks.cancel()
        onEnd(self)
        await tasks.join()
        let member = member
        thread.post { (database) throws(SQLiteError) in
            try MessageTable.release(member, in: database)
        }
    }

    /// Leases go by the system's time, which the members of a group in other processes share.
    private var now: Int64 { RealClock().now.nanoseconds / 1_000_000 }

    // MARK: Handing out

    private func run() async {
        while !tasks.isCancelled {
            isPoked = false
            let rows = await fetch()
            if rows.isEmpty {
                await tasks.pause(Self.poll) { isPoked }
            } else if concurrency > 1 {
                await together(rows)
            } else {
                for row in rows where !tasks.isCancelled { await handOut(row) }
            }
        }
    }

    private func fetch() async -> [MessageTable.Row] {
        let work = clock.work.begin()
        defer { clock.work.end(work) }
        let (member, time) = (member, now)
        // Looking takes no lock that a writer wants.
        let look = await thread.perform(isWrite: false) {
            (database) throws(SQLiteError) -> Result<Bool, StateError> in
            .success(try MessageTable.hasNext(member, in: database))
        }
        guard (try? look.get()) == true else { return [] }
        let count = concurrency > 1 ? Int64(concurrency) : Self.batch
        let result = await thread.perform(isWrite: true) {
            (database) throws(SQLiteError) -> Result<[MessageTable.Row], StateError> in
            .success(try MessageTable.next(member, atMost: count, time: time, in: database))
        }
        return (try? result.get()) ?? []
    }

    /// Several at a time, for a bulk subscription; the offset moves when all were handled.
    private func together(_ rows: [MessageTable.Row]) async {
        isHandling = true
        defer { isHandling = false }
        var left = rows.count
        for row in rows {
            tasks.spawn {
                _ = await self.handler.handle(self.message(row))
                left -= 1
                self.tasks.wake()
            }
        }
        await tasks.settle { left == 0 }
        if let last = rows.last { advance(to: last.number) }
    }

    /// Until it was handled, or has failed too often; one that found no application waits for it.
    private func handOut(_ row: MessageTable.Row) async {
        isHandling = true
        defer { isHandling = false }
        var message = message(row)
        var failures = 0
        while !tasks.isCancelled {
            switch await handler.handle(message) {
            case .done: return advance(to: row.number)
            case .unreachable: await tasks.pause(.milliseconds(500))
            case .failed:
                guard failures < Self.pauses.count else { return advance(to: row.number) }
                await tasks.pause(Self.pauses[failures], by: clock)
                failures += 1
            }
            message.attempt += 1
        }
    }

    private func message(_ row: MessageTable.Row) -> BrokerMessage {
        BrokerMessage(
            topic: member.topic, data: row.data[...], metadata: StringMap.parse(row.metadata[...]))
    }

    private func advance(to number: Int64) {
        let member = member
        thread.post { (database) throws(SQLiteError) in
            try MessageTable.advance(member, to: number, in: database)
        }
    }

    // MARK: The lease

    /// A slow application must not cost the lease.
    private func renew() async {
        let interval = Duration.milliseconds(MessageTable.leaseMilliseconds / 3)
        while !tasks.isCancelled {
            await tasks.pause(interval)
            guard !tasks.isCancelled else { return }
            guard isHandling else { continue }
            let (member, time) = (member, now)
            _ = await thread.perform(isWrite: true) {
                (database) throws(SQLiteError) -> Result<Bool, StateError> in
                .success(try MessageTable.hold(member, time: time, in: database))
            }
        }
    }
}
