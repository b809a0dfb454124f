package import Backends
internal import Bytes
package import Transport

/// `state.sqlite`: one database file on a thread of its own.
///
/// The loop makes etags and reads the clock; the thread runs statements in group commits. Layout and
/// behaviour are those of Dapr's store, so that one file serves both.
package final class SQLiteStateStore: StateStore {
    private let thread: SQLiteThread
    private let rows: Rows
    private let clock: SandboxClock
    private let random: RandomSource
    private let reactor: Reactor
    private var isClosed = false

    package let features: [StateFeature] = [.etag, .transactional, .ttl, .keysLike]

    /// Opens the database, makes its tables when they are missing, and starts its thread.
    package convenience init(
        _ settings: SQLiteSettings, clock: SandboxClock, random: RandomSource,
        on reactor: Reactor
    ) throws(SQLiteOpenError) {
        try self.init(
            settings, clock: clock, random: random, on: reactor, beforeStatement: nil)
    }

    /// - Parameter beforeStatement: for tests, called on the thread before each statement.
    init(
        _ settings: SQLiteSettings, clock: SandboxClock, random: RandomSource,
        on reactor: Reactor, beforeStatement: StatementHook?
    ) throws(SQLiteOpenError) {
        self.clock = clock
        self.random = random
        rows = Rows(table: settings.tableName)
        self.reactor = reactor
        let database = try Self.open(settings, beforeStatement: beforeStatement)
        do throws(SystemError) {
            thread = try SQLiteThread(database, on: reactor)
        } catch {
            throw SQLiteOpenError(
                database: settings.connectionString, reason: .system(error.reason))
        }
        if let interval = settings.cleanupInterval { cleanUp(every: interval, settings) }
    }

    private static func open(
        _ settings: SQLiteSettings, beforeStatement: StatementHook?
    ) throws(SQLiteOpenError) -> sending Database {
        let database: Database
        do throws(SQLiteError) {
            database = try Database(path: settings.uri)
        } catch {
            throw SQLiteOpenError(database: settings.connectionString, reason: .sqlite(error))
        }
        try Schema(settings: settings).prepare(database)
        database.beforeStatement = beforeStatement
        return database
    }

    // MARK: StateStore

    package func get(
        _ key: StateKey, consistency: Consistency?
    ) async throws(StateError) -> StoredItem? {
        let (rows, now) = (rows, clock.now)
        return try await perform(isWrite: false) { (database) throws(SQLiteError) in
            Result<StoredItem?, StateError>.success(
                try rows.get(key.bytes, now: now, from: database))
        }.get()
    }

    package func set(_ write: StateWrite) async throws(StateError) {
        try await perform(.upsert(write)).get()
    }

    package func setEach(_ writes: [StateWrite]) async -> [Result<Void, StateError>] {
        let prepared = writes.map { prepare(.upsert($0)) }
        let rows = rows
        let result = await perform(isWrite: true) {
            (database) throws(SQLiteError) -> Result<[Result<Void, StateError>], StateError> in
            var results: [Result<Void, StateError>] = []
            for step in prepared { results.append(try Self.run(step, rows, database)) }
            return .success(results)
        }
        switch result {
        case .success(let results): return results
        case .failure(let error): return writes.map { _ in .failure(error) }
        }
    }

    package func delete(_ removal: StateRemoval) async throws(StateError) {
        try await perform(.delete(removal)).get()
    }

    package func bulkGet(
        _ keys: [StateKey], parallelism: Int
    ) async throws(StateError) -> [BulkItem] {
        let (rows, now) = (rows, clock.now)
        let answers = await perform(isWrite: false) {
            (database) throws(SQLiteError) -> Result<[BulkItem], StateError> in
            var found: [(key: StateKey, item: StoredItem)] = []
            for start in stride(from: 0, to: keys.count, by: Self.keysPerStatement) {
                let part = keys[start..<min(start + Self.keysPerStatement, keys.count)]
                found += try rows.get(part, now: now, from: database)
            }
            return .success(Self.answers(found, to: keys))
        }
        return try answers.get()
    }

    package func transact(_ operations: [StateOperation]) async throws(StateError) {
        guard operations.count > 1 else {
            if let only = operations.first { try await perform(only).get() }
            return
        }
        let steps = operations.map { prepare($0) }
        let rows = rows
        try await perform(isWrite: true) {
            (database) throws(SQLiteError) -> Result<Void, StateError> in
            try database.run("SAVEPOINT api")
            for step in steps {
                let result = try Self.run(step, rows, database)
                guard case .failure = result else { continue }
                try database.run("ROLLBACK TO api")
                try database.run("RELEASE api")
                return result
            }
            try database.run("RELEASE api")
            return .success(())
        }.get()
    }

    package func export(_ scope: KeyScope) async throws(StateError) -> [StateEntry] {
        let (rows, now) = (rows, clock.now)
        return try await perform(isWrite: false) { (database) throws(SQLiteError) in
            Result<[StateEntry], StateError>.success(
                try rows.all(scope, now: now, from: database))
        }.get()
    }

    package func replace(
        _ scope: KeyScope, with entries: [StateEntry]
    ) async throws(StateError) {
        let (rows, now) = (rows, clock.now)
        let new = entries.map { entry in
            Rows.NewRow(
                write: StateWrite(key: entry.key, value: entry.value),
                etag: entry.etag.map { Array($0) } ?? random.uuid(), expiry: entry.expiry,
                now: now)
        }
        try await perform(isWrite: true) {
            (database) throws(SQLiteError) -> Result<Void, StateError> in
            try rows.deleteAll(scope, in: database)
            for row in new { _ = try rows.set(row, in: database) }
            return .success(())
        }.get()
    }

    package func close() async {
        guard !isClosed else { return }
        isClosed = true
        await thread.close()
    }

    /// Removes expired rows again and again, in real time, until the store is closed.
    private func cleanUp(every interval: Duration, _ settings: SQLiteSettings) {
        reactor.after(interval) { [weak self] in
            guard let self, !self.isClosed else { return }
            let cleanup = Cleanup(settings, now: self.clock.now)
            self.thread.post { (database) throws(SQLiteError) in try cleanup.run(in: database) }
            self.cleanUp(every: interval, settings)
        }
    }

    // MARK: Steps

    /// An operation with what the loop alone knows: its etag, its times.
    private enum Step: Sendable {
        case set(Rows.NewRow)
        case delete(StateRemoval)
        case refused(StateError)
    }

    private func perform(_ operation: StateOperation) async -> Result<Void, StateError> {
        let (step, rows) = (prepare(operation), rows)
        return await perform(isWrite: true) { (database) throws(SQLiteError) in
            try Self.run(step, rows, database)
        }
    }

    private func perform<Value: Sendable>(
        isWrite: Bool,
        _ work: @escaping @Sendable (Database) throws(SQLiteError) -> Result<Value, StateError>
    ) async -> Result<Value, StateError> {
        guard !isClosed else { return .failure(.failed("sql: database is closed")) }
        return await clock.work.during { await thread.perform(isWrite: isWrite, work) }
    }

    private func prepare(_ operation: StateOperation) -> Step {
        switch operation {
        case .delete(let removal): return .delete(removal)
        case .upsert(let write):
            do throws(StateError) {
                let now = clock.now
                let ttl = try SQLiteTTL.seconds(write.metadata["ttlInSeconds"])
                return .set(
                    Rows.NewRow(
                        write: write, etag: random.uuid(),
                        expiry: ttl.map { now.adding(seconds: $0) }, now: now))
            } catch {
                return .refused(error)
            }
        }
    }

    private static func run(
        _ step: Step, _ rows: Rows, _ database: Database
    ) throws(SQLiteError) -> Result<Void, StateError> {
        let held: Bool
        switch step {
        case .set(let row): held = try rows.set(row, in: database)
        case .delete(let removal): held = try rows.delete(removal, in: database)
        case .refused(let error): return .failure(error)
        }
        return held ? .success(()) : .failure(.etagMismatch(detail: nil))
    }

    // MARK: Bulk

    /// Below SQLite's default of 32,766 parameters.
    private static let keysPerStatement = 1000

    /// Dapr's order: found rows as the database gave them, then missing keys as they were asked for;
    /// a key asked twice leaves an empty item at the end.
    private static func answers(
        _ found: [(key: StateKey, item: StoredItem)], to keys: [StateKey]
    ) -> [BulkItem] {
        let known = Set(found.map(\.key))
        var answers = found.map { BulkItem(key: $0.key, item: .success($0.item)) }
        answers += keys.filter { !known.contains($0) }.map {
            BulkItem(key: $0, item: .success(nil))
        }
        while answers.count < keys.count { answers.append(BulkItem(key: nil, item: .success(nil))) }
        return answers
    }
}

/// `ttlInSeconds` as Dapr's SQLite store reads it.
enum SQLiteTTL {
    /// nil for no expiry.
    static func seconds(_ text: String?) throws(StateError) -> Int64? {
        guard let text, !text.isEmpty else { return nil }
        let complaint = "error parsing TTL: incorrect value for metadata 'ttlInSeconds': "
        let seconds: Int64
        do throws(GoInteger.ParseError) { seconds = try GoInteger.parse(text) } catch {
            throw .failed(complaint + GoInteger.message("ParseInt", text, error))
        }
        guard seconds >= -1, seconds <= Int64(Int32.max) else {
            throw .failed(complaint + "must be -1 or greater")
        }
        return seconds > 0 ? seconds : nil
    }
}
