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
    ///
    /// - Parameter retryFor: how long another process may hold the database.
    init(_ database: sending Database, retryFor: Duration, on reactor: Reactor) throws(SystemError)
    {
        self.reactor = reactor
        let (queue, box) = (queue, Handover(database))
        try Thread.start {
            guard let database = box.take() else { return }
            let groups = Groups(database: database, retryFor: retryFor)
            var isOpen = true
            while isOpen {
                let jobs = queue.take(atMost: Self.groupSize)
                groups.run(jobs)
                isOpen = !jobs.contains { $0 is ClosingJob }
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
    let retryFor: Duration

    func run(_ jobs: [any Job]) {
        do throws(SQLiteError) {
            try together(jobs)
        } catch {
            rollBack()
            for job in jobs { alone(job) }
        }
    }

    private func together(_ jobs: [any Job]) throws(SQLiteError) {
        guard jobs.count > 1 || jobs.contains(where: \.isWrite) else {
            return try jobs[0].run(on: database)
        }
        try begin(jobs.contains(where: \.isWrite) ? "BEGIN IMMEDIATE" : "BEGIN")
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

    /// Begins, again and again while another process holds the database.
    private func begin(_ statement: String) throws(SQLiteError) {
        let deadline = Reactor.monotonicNow() + retryFor.nanoseconds
        while true {
            do throws(SQLiteError) {
                return try database.run(statement)
            } catch {
                guard error.isBusy, Reactor.monotonicNow() < deadline else { throw error }
            }
        }
    }

    private func rollBack() {
        if !database.isAutocommit { try? database.run("ROLLBACK") }
    }
}
