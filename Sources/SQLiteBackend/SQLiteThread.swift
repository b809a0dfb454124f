internal import Backends
internal import Transport

/// One thing for the thread to do, and the task on the loop that waits for it.
private protocol Job: AnyObject, Sendable {
    var isWrite: Bool { get }
    /// On the thread: does the work and keeps its result. May be called again after a rollback.
    func run(on database: Database) throws(SQLiteError)
    /// On the thread: replaces the result.
    func fail(_ error: SQLiteError)
    /// On the loop: lets the waiting task go on.
    func complete()
}

/// The thread that a database is confined to.
///
/// Whatever has queued up shares one transaction, at most `groupSize` operations, and is answered
/// once that is committed. A group in which a statement fails is rolled back and done again one by
/// one, so that only the guilty operation fails.
final class SQLiteThread: Sendable {
    /// Operations that share a transaction at most.
    static let groupSize = 64

    private let queue = WorkQueue<any Job>()
    private let reactor: Reactor

    /// Starts the thread.
    init(_ database: sending Database, on reactor: Reactor) throws(SystemError) {
        self.reactor = reactor
        let (queue, box) = (queue, Handover(database))
        try Thread.start {
            var groups = box.take().map { Groups(database: $0) }
            while groups != nil {
                let jobs = queue.take(atMost: Self.groupSize)
                groups?.run(jobs)
                // The file is closed before anyone hears of it.
                if jobs.contains(where: { $0 is ClosingJob }) { groups = nil }
                // One hop back for the whole group.
                reactor.post { for job in jobs { job.complete() } }
            }
        }
    }

    /// Runs `work` on the thread and waits for it on the loop.
    func perform<Value: Sendable>(
        isWrite: Bool,
        _ work: @escaping @Sendable (Database) throws(SQLiteError) -> Result<Value, StateError>
    ) async -> Result<Value, StateError> {
        await Suspension.suspend {
            queue.add(Operation(isWrite: isWrite, work: work, suspension: $0))
        }
    }

    /// Runs `work` on the thread when its turn comes; a failure is nobody's.
    func post(_ work: @escaping @Sendable (Database) throws(SQLiteError) -> Void) {
        queue.add(PostedJob(work: work))
    }

    /// Finishes what is queued, closes the database and ends the thread.
    func close() async {
        await Suspension<Void>.suspend { queue.add(ClosingJob(suspension: $0)) }
    }

    /// Sendable unchecked: the queue's lock and the post order the thread's and the loop's accesses.
    private final class Operation<Value: Sendable>: Job, @unchecked Sendable {
        let isWrite: Bool
        private let work: @Sendable (Database) throws(SQLiteError) -> Result<Value, StateError>
        private let suspension: Suspension<Result<Value, StateError>>
        private var result: Result<Value, StateError> = .failure(.failed("not run"))

        init(
            isWrite: Bool,
            work: @escaping @Sendable (Database) throws(SQLiteError) -> Result<Value, StateError>,
            suspension: Suspension<Result<Value, StateError>>
        ) {
            self.isWrite = isWrite
            self.work = work
            self.suspension = suspension
        }

        func run(on database: Database) throws(SQLiteError) { result = try work(database) }
        func fail(_ error: SQLiteError) { result = .failure(.failed(error.message)) }
        func complete() { suspension.resume(returning: result) }
    }

    private final class PostedJob: Job {
        let isWrite = true
        private let work: @Sendable (Database) throws(SQLiteError) -> Void

        init(work: @escaping @Sendable (Database) throws(SQLiteError) -> Void) { self.work = work }

        func run(on database: Database) throws(SQLiteError) { try work(database) }
        func fail(_ error: SQLiteError) {}
        func complete() {}
    }

    private final class ClosingJob: Job {
        let isWrite = false
        private let suspension: Suspension<Void>

        init(suspension: Suspension<Void>) { self.suspension = suspension }

        func run(on database: Database) {}
        func fail(_ error: SQLiteError) {}
        func complete() { suspension.resume() }
    }

    /// Carries the database to the thread, which takes it once.
    private final class Handover: @unchecked Sendable {
        private var database: Database?
        init(_ database: sending Database) { self.database = database }
        func take() -> Database? {
            defer { database = nil }
            return database
        }
    }
}

/// Transactions round groups of jobs. Lives on the thread.
private struct Groups {
    let database: Database

    func run(_ jobs: [any Job]) {
        do throws(SQLiteError) {
            try together(jobs)
        } catch {
            rollBack()
            // Another process holds the database, and SQLite has waited as long as it should: every
            // write of the group has waited then. Reads need no lock that a writer holds.
            for job in jobs {
                if error.isBusy, job.isWrite { job.fail(error) } else { alone(job) }
            }
        }
    }

    private func together(_ jobs: [any Job]) throws(SQLiteError) {
        guard jobs.count > 1 || jobs.contains(where: \.isWrite) else {
            return try jobs[0].run(on: database)
        }
        try database.run(jobs.contains(where: \.isWrite) ? "BEGIN IMMEDIATE" : "BEGIN")
        for job in jobs { try job.run(on: database) }
        try database.run("COMMIT")
    }

    private func alone(_ job: any Job) {
        do throws(SQLiteError) {
            try together([job])
        } catch {
            rollBack()
            job.fail(error)
        }
    }

    private func rollBack() {
        if !database.isAutocommit { try? database.run("ROLLBACK") }
    }
}
