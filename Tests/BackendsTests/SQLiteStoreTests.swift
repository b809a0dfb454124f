import Backends
import Bytes
import Foundation
import TestSupport
import Testing
import Transport

@testable import SQLiteBackend

/// `state.sqlite` beyond the contract: the file that Dapr shares, locks, broken files, groups.
@Suite struct SQLiteStoreTests {
    // MARK: Layout

    /// What Dapr's own migrations make, and rows as its driver and its statements write them.
    static let madeByDapr = [
        "CREATE TABLE metadata (key text NOT NULL PRIMARY KEY, value text NOT NULL)",
        "INSERT INTO metadata (key, value) VALUES ('migrations', '1')",
        "INSERT INTO metadata (key, value) VALUES ('last-cleanup', '2026-08-21 20:12:09')",
        """
        CREATE TABLE state (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL,
        is_binary BOOLEAN NOT NULL, etag TEXT NOT NULL, expiration_time TIMESTAMP DEFAULT NULL,
        update_time TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)
        """,
        "INSERT INTO state (key, value, is_binary, etag) VALUES "
            + "('app||text', '{\"a\":\"\\u003c\"}', 0, '0e1bbe24-0e4c-4f6c-8a2a-2f9d6e1e8f11'), "
            + "('app||binary', '/wAB', 1, 'e2')",
        "INSERT INTO state (key, value, is_binary, etag, expiration_time) VALUES "
            + "('app||later', '1', 0, 'e3', '2100-01-02 03:04:05'), "
            + "('app||go', '1', 0, 'e4', '2100-01-02 03:04:05.999999999 +0000 UTC'), "
            + "('app||rfc', '1', 0, 'e5', '2100-01-02T03:04:05Z'), "
            + "('app||gone', '1', 0, 'e6', '2020-01-02 03:04:05')",
    ]

    @Test func `a database that Dapr made is read as Dapr reads it`() async throws {
        let folder = try TemporaryFolder()
        let file = "\(folder.path)/dapr.db"
        try Raw.run(Self.madeByDapr, in: file)
        try await Self.with(file) { store, _ in
            #expect(try await store.value("app||text") == #"{"a":"\u003c"}"#)
            #expect(try await store.etag("app||text") == "0e1bbe24-0e4c-4f6c-8a2a-2f9d6e1e8f11")
            #expect(try await store.item("app||binary")?.value == [0xFF, 0, 1])
            #expect(try await store.value("app||gone") == nil)
            for key in ["app||later", "app||go", "app||rfc"] {
                let item = try #require(try await store.item(key))
                #expect(item.expiry?.rfc3339 == "2100-01-02T03:04:05Z")
            }
            try await store.set("app||text", "2", etag: "0e1bbe24-0e4c-4f6c-8a2a-2f9d6e1e8f11")
            try await store.delete("app||binary", etag: "e2")
        }
        #expect(try Raw.texts("SELECT value FROM metadata ORDER BY key", in: file).count == 2)
        #expect(try Raw.texts("SELECT count(*) FROM state", in: file) == ["5"])
    }

    @Test func `what is written is what Dapr's statements find`() async throws {
        let folder = try TemporaryFolder()
        let file = "\(folder.path)/ours.db"
        try await Self.with(file, isReal: true) { store, _ in
            try await store.set("app||a", #"{"x":1}"#)
            try await store.set("app||b", "2", ttl: "1000")
            try await store.set(
                StateWrite(key: StateKey("app||c".utf8), value: [0xFF, 0x00, 0x01]))
        }
        let live =
            " FROM state WHERE (expiration_time IS NULL OR expiration_time > CURRENT_TIMESTAMP)"
        #expect(
            try Raw.texts("SELECT value\(live) ORDER BY key", in: file)
                == [#"{"x":1}"#, "2", "/wAB"])
        #expect(try Raw.texts("SELECT is_binary\(live) ORDER BY key", in: file) == ["0", "0", "1"])
        #expect(try Raw.texts("SELECT typeof(value)\(live)", in: file) == ["text", "text", "text"])
        #expect(
            try Raw.texts("SELECT value FROM metadata WHERE key = 'migrations'", in: file) == ["1"])
        let lifetime =
            "SELECT strftime('%s', expiration_time) - strftime('%s', update_time) FROM state "
            + "WHERE key = 'app||b'"
        #expect(try Raw.texts(lifetime, in: file) == ["1000"])
        let isSQLiteTime =
            "SELECT datetime(update_time) = update_time AND length(etag) = 36 FROM state"
        #expect(try Raw.texts(isSQLiteTime, in: file) == ["1", "1", "1"])
        let columns = "SELECT name || ' ' || type || ' ' || \"notnull\" || ' ' || pk"
        #expect(
            try Raw.texts(columns + " FROM pragma_table_info('state')", in: file) == [
                "key TEXT 1 1", "value TEXT 1 0", "is_binary BOOLEAN 1 0", "etag TEXT 1 0",
                "expiration_time TIMESTAMP 0 0", "update_time TIMESTAMP 1 0",
            ])
    }

    @Test func `a database of a later level is left alone`() throws {
        let folder = try TemporaryFolder()
        let file = "\(folder.path)/later.db"
        try Raw.run(Self.madeByDapr, in: file)
        try Raw.run(["UPDATE metadata SET value = '2' WHERE key = 'migrations'"], in: file)
        let error = #expect(throws: SQLiteOpenError.self) {
            try Self.open(SQLiteSettings(path: file))
        }
        #expect(
            error?.text == "cannot use the SQLite database \(file): its tables are at level 2, "
                + "this fakedapr knows level 1: use a newer fakedapr or another file")
    }

    // MARK: Expired rows

    @Test func `expired rows are removed every cleanupInterval and noted as Dapr notes it`()
        async throws
    {
        let folder = try TemporaryFolder()
        let file = "\(folder.path)/state.db"
        let settings = try SQLiteSettings(
            metadata: ["connectionString": file, "cleanupInterval": "10ms"])
        try await Self.with(settings) { store, clock in
            try await store.set("short", ttl: "1")
            try await store.set("long", ttl: "1000")
            clock.move(by: .seconds(5))
            let deadline = Deadline.after(.seconds(20))
            // Nothing but time has to pass: no request asks for the removal.
            while try Raw.texts("SELECT key FROM state", in: file) != ["long"] {
                try #require(Reactor.monotonicNow() < deadline)
                await Task.yield()
            }
        }
        #expect(
            try Raw.texts("SELECT value FROM metadata WHERE key = 'last-cleanup'", in: file).count
                == 1)
    }

    @Test func `expired rows stay without cleanupInterval, and nobody reads them`() async throws {
        let folder = try TemporaryFolder()
        let file = "\(folder.path)/state.db"
        try await Self.with(file) { store, clock in
            try await store.set("k", ttl: "1")
            clock.move(by: .seconds(5))
            #expect(try await store.value("k") == nil)
            try await store.set("other")
        }
        #expect(try Raw.texts("SELECT key FROM state ORDER BY key", in: file) == ["k", "other"])
    }

    // MARK: Settings

    @Test func `a component's settings are read by their names, whatever their case`() throws {
        let settings = try SQLiteSettings(metadata: [
            "CONNECTIONSTRING": "a.db", "tablename": "t", "MetadataTableName": "m",
            "busyTimeout": "800ms", "cleanupInterval": "2h", "disableWAL": "true", "timeout": "30",
        ])
        #expect(settings.connectionString == "a.db")
        #expect(settings.tableName == "t")
        #expect(settings.metadataTableName == "m")
        #expect(settings.busyTimeout == .milliseconds(800))
        #expect(settings.cleanupInterval == .seconds(7200))
        #expect(settings.disablesWAL)
    }

    @Test func `what is not said is as in Dapr`() throws {
        let settings = try SQLiteSettings(metadata: ["url": "a.db", "cleanupInterval": "0"])
        #expect(settings.tableName == "state")
        #expect(settings.metadataTableName == "metadata")
        #expect(settings.busyTimeout == .seconds(2))
        #expect(settings.cleanupInterval == nil)
        #expect(!settings.disablesWAL)
    }

    struct BadSettings: CustomTestStringConvertible {
        let metadata: [String: String]
        let text: String
        var testDescription: String { "\(metadata)" }
    }

    static let badSettings: [BadSettings] = [
        BadSettings(
            metadata: [:],
            text: "missing connection string: set the metadata `connectionString` to a file's path"),
        BadSettings(
            metadata: ["url": "a.db", "tableName": "a;b"],
            text: "invalid tableName `a;b`: only letters, digits and _ are allowed"),
        BadSettings(
            metadata: ["url": "a.db", "metadataTableName": "é"],
            text: "invalid metadataTableName `é`: only letters, digits and _ are allowed"),
        BadSettings(
            metadata: ["url": "a.db", "busyTimeout": "soon"],
            text: "invalid busyTimeout `soon`: write a duration such as `2s` or `500ms`"),
        BadSettings(
            metadata: ["url": "a.db", "timeout": "1x"],
            text: "invalid timeout `1x`: write a duration such as `2s` or `500ms`"),
        BadSettings(
            metadata: ["url": "a.db?_pragma=busy_timeout(50)"],
            text: "found forbidden option '_pragma=busy_timeout' in the connection string: "
                + "use the metadata `busyTimeout` and `disableWAL`"),
        BadSettings(
            metadata: ["url": "a.db", "primaryEncryptionKey": "c2VjcmV0"],
            text: "the setting primaryEncryptionKey is not supported by fakedapr, which stores "
                + "values as they are: remove it, or map the type with --map"),
    ]

    @Test(arguments: badSettings)
    func `a setting that cannot be obeyed is refused`(bad: BadSettings) {
        let error = #expect(throws: SQLiteSettings.Problem.self) {
            try SQLiteSettings(metadata: bad.metadata)
        }
        #expect(error?.text == bad.text)
    }

    @Test func `tables may have other names, and two stores share one file`() async throws {
        let folder = try TemporaryFolder()
        let file = "\(folder.path)/shared.db"
        for (table, metadata) in [("one", "one_meta"), ("two", "two_meta")] {
            let settings = try SQLiteSettings(metadata: [
                "connectionString": file, "tableName": table, "metadataTableName": metadata,
            ])
            try await Self.with(settings) { store, _ in
                #expect(try await store.value("k") == nil)
                try await store.set("k", table)
                #expect(try await store.value("k") == table)
            }
        }
        #expect(
            try Raw.texts("SELECT value FROM one UNION ALL SELECT value FROM two", in: file)
                == ["one", "two"])
    }

    @Test(arguments: [(false, "wal"), (true, "delete")])
    func `the write-ahead log is used unless disableWAL`(disables: Bool, mode: String) async throws
    {
        let folder = try TemporaryFolder()
        let file = "\(folder.path)/state.db"
        let settings = try SQLiteSettings(
            metadata: ["connectionString": file, "disableWAL": String(disables)])
        try await Self.with(settings) { store, _ in
            try await store.set("k")
            #expect(try Raw.texts("PRAGMA journal_mode", in: file) == [mode])
            #expect(try Raw.texts("SELECT value FROM state", in: file) == ["1"])
        }
    }

    @Test(arguments: ["odd name?#%41.db", "ünïcode.db"])
    func `a path is taken as it is`(name: String) async throws {
        let folder = try TemporaryFolder()
        try await Self.with("\(folder.path)/\(name)") { store, _ in try await store.set("k") }
        #expect(FileContents.names(in: folder.path) == [name])
    }

    @Test func `a connection string may be a file URI with SQLite's parameters`() async throws {
        let folder = try TemporaryFolder()
        let file = "\(folder.path)/state.db"
        for string in ["file:\(file)", "\(file)?mode=rw", "file:\(file)?cache=private"] {
            try await Self.with(try SQLiteSettings(metadata: ["connectionString": string])) {
                store, _ in
                try await store.set(string)
            }
        }
        #expect(try Raw.texts("SELECT count(*) FROM state", in: file) == ["3"])
    }

    @Test func `a database opened for reading is read, and a write says why not`() async throws {
        let folder = try TemporaryFolder()
        let file = "\(folder.path)/dapr.db"
        try Raw.run(Self.madeByDapr, in: file)
        let settings = try SQLiteSettings(metadata: ["connectionString": "\(file)?mode=ro"])
        try await Self.with(settings) { store, _ in
            let etag = try await store.etag("app||later")
            #expect(etag == "e3")
            await #expect(
                throws: StateError.failed("attempt to write a readonly database")
            ) { try await store.set("k") }
        }
    }

    @Test func `a database in memory needs no file`() async throws {
        try await Self.with(try SQLiteSettings(metadata: ["connectionString": ":memory:"])) {
            store, _ in
            try await store.set("k")
            #expect(try await store.value("k") == "1")
        }
        #expect(!FileContents.exists(":memory:"))
    }

    // MARK: Files that cannot be used

    @Test func `a file that is no database is told as such`() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("state.db", String(repeating: "no database at all ", count: 99))
        Self.expectRefusal(
            of: file,
            "file is not a database: move the file away, or name another one with "
                + "--data-dir")
    }

    @Test func `a folder that is not there is told as such`() throws {
        let folder = try TemporaryFolder()
        Self.expectRefusal(
            of: "\(folder.path)/none/state.db",
            "unable to open database file: check that the path names a file, and that its folder "
                + "exists and may be written")
    }

    @Test func `a folder in a file's place is told as such`() throws {
        let folder = try TemporaryFolder()
        Self.expectRefusal(
            of: folder.path,
            "unable to open database file: check that the path names a file, and that its folder "
                + "exists and may be written")
    }

    @Test func `a damaged database is told as such`() throws {
        let folder = try TemporaryFolder()
        let file = "\(folder.path)/state.db"
        try Raw.run(Self.madeByDapr, in: file)
        var bytes = try FileContents.read(file)
        // The schema's page, behind the file's header of 100 bytes.
        for index in 100..<2000 { bytes[index] = 0xFF }
        try FileContents.write(bytes, to: file)
        Self.expectRefusal(
            of: file,
            "database disk image is malformed: restore it from a copy, or move it away "
                + "to begin afresh")
    }

    private static func expectRefusal(of file: String, _ why: String) {
        let error = #expect(throws: SQLiteOpenError.self) { try open(SQLiteSettings(path: file)) }
        #expect(error?.text == "cannot use the SQLite database \(file): \(why)")
    }

    // MARK: Locks

    @Test func `a database that another process holds fails writes after busyTimeout, once`()
        async throws
    {
        let folder = try TemporaryFolder()
        let file = "\(folder.path)/state.db"
        let settings = try SQLiteSettings(
            metadata: ["connectionString": file, "busyTimeout": "50ms"])
        let statements = Statements()
        try await Self.with(settings, statements: statements) { store, _ in
            try await store.set("before")
            let other = try Raw(file)
            try other.run("BEGIN IMMEDIATE")
            // Each key is a write of its own; together they wait once.
            statements.hold()
            let outcomes = await Together.outcomes(of: 40, on: store) { number in
                if number == 39 { statements.letGo() }
                try await store.set("k\(number)")
            }
            #expect(outcomes.allSatisfy { $0 == .failed })
            #expect(statements.count(of: "BEGIN IMMEDIATE") <= 4)
            #expect(try await store.value("before") == "1")
            await #expect(throws: StateError.failed("database is locked")) {
                try await store.set("k")
            }
            try other.run("COMMIT")
            try await store.set("after")
        }
    }

    @Test func `a database held while it is opened says who is in the way`() throws {
        let folder = try TemporaryFolder()
        let file = "\(folder.path)/state.db"
        let other = try Raw(file)
        try other.run("BEGIN EXCLUSIVE")
        let settings = try SQLiteSettings(
            metadata: ["connectionString": file, "busyTimeout": "10ms"])
        let error = #expect(throws: SQLiteOpenError.self) { try Self.open(settings) }
        #expect(
            error?.text == "cannot use the SQLite database \(file): database is locked: another "
                + "process holds it: stop that one, or name another file")
    }

    // MARK: Groups

    @Test func `writes that wait together share a transaction, at most 64`() async throws {
        let folder = try TemporaryFolder()
        let statements = Statements()
        try await Self.with(SQLiteSettings(path: "\(folder.path)/s.db"), statements: statements) {
            store, _ in
            statements.hold()
            let outcomes = await Together.outcomes(of: 129, on: store) { number in
                // The last one lets the thread go on: all the others have queued up by then.
                if number == 128 { statements.letGo() }
                try await store.set("k\(number)")
            }
            #expect(outcomes.allSatisfy { $0 == .done })
            // The one that found the thread idle, then two groups of 64.
            #expect(statements.count(of: "COMMIT") <= 4)
        }
        #expect(try Raw.texts("SELECT count(*) FROM state", in: "\(folder.path)/s.db") == ["129"])
    }

    @Test func `one write that cannot be done does not harm its group`() async throws {
        let folder = try TemporaryFolder()
        let file = "\(folder.path)/s.db"
        let statements = Statements()
        try await Self.with(SQLiteSettings(path: file), statements: statements) { store, _ in
            try Raw.run(
                [
                    "CREATE TRIGGER t BEFORE INSERT ON state WHEN new.key = 'k7' "
                        + "BEGIN SELECT raise(ABORT, 'not this one'); END"
                ], in: file)
            statements.hold()
            let outcomes = await Together.outcomes(of: 20, on: store) { number in
                if number == 19 { statements.letGo() }
                try await store.set("k\(number)")
            }
            for (number, outcome) in outcomes.enumerated() {
                #expect(outcome == (number == 7 ? .failed : .done))
            }
        }
        #expect(try Raw.texts("SELECT count(*) FROM state", in: file) == ["19"])
    }

    // MARK: Anomalies

    /// Whichever statement fails, and however many after it: what was acknowledged is there, what was
    /// refused is not, and the store goes on.
    @Test(arguments: 1...3)
    func `whatever statement fails, an acknowledged write is there and a refused one is not`(
        burst: Int
    ) async throws {
        var failing = 1
        while try await Self.runs(failing: failing, burst: burst) { failing += 1 }
        #expect(failing > 10)
    }

    /// - Returns: whether the statement was reached.
    private static func runs(failing: Int, burst: Int) async throws -> Bool {
        let folder = try TemporaryFolder()
        let file = "\(folder.path)/s.db"
        let statements = Statements(failing: failing..<(failing + burst))
        try await with(SQLiteSettings(path: file), statements: statements) { store, _ in
            var expected: [String: String] = [:]
            for (key, value) in [("a", "1"), ("b", "1"), ("a", "2")] {
                if await Outcome.of({ try await store.set(key, value) }) == .done {
                    expected[key] = value
                }
            }
            let pair = await Outcome.of {
                try await store.transact([.upsert(.text("b", "3")), .upsert(.text("c", "3"))])
            }
            if pair == .done { (expected["b"], expected["c"]) = ("3", "3") }
            if await Outcome.of({ try await store.delete("a") }) == .done { expected["a"] = nil }
            statements.mend()
            for key in ["a", "b", "c"] {
                #expect(
                    try await store.value(key) == expected[key],
                    "key \(key), statement \(failing), burst \(burst)")
            }
            try await store.set("after")
        }
        return statements.hasFailed
    }

    // MARK: Parts

    private static func open(_ settings: SQLiteSettings) throws {
        _ = try SQLiteStateStore(
            settings, clock: SandboxClock(on: try Reactor()), random: RandomSource(),
            on: try Reactor())
    }

    private static func with(
        _ file: String, isReal: Bool = false,
        _ body: @Sendable (SQLiteStateStore, SandboxClock) async throws -> Void
    ) async throws {
        try await onLoop { loop in
            let clock = SandboxClock(
                isReal ? .real : .manual, at: World.start, on: loop.reactor)
            let store = try SQLiteStateStore(
                SQLiteSettings(path: file), clock: clock, random: RandomSource(), on: loop.reactor)
            try await closing(store) { try await body(store, clock) }
        }
    }

    private static func with(
        _ settings: SQLiteSettings, statements: Statements? = nil,
        _ body: @Sendable (SQLiteStateStore, SandboxClock) async throws -> Void
    ) async throws {
        try await onLoop { loop in
            let clock = SandboxClock(.manual, at: World.start, on: loop.reactor)
            let store = try SQLiteStateStore(
                settings, clock: clock, random: RandomSource(), on: loop.reactor,
                beforeStatement: statements?.hook)
            try await closing(store) { try await body(store, clock) }
        }
    }
}

/// The database as another program sees it.
final class Raw {
    private let database: Database

    init(_ file: String) throws { database = try Database(path: SQLiteSettings(path: file).uri) }

    func run(_ sql: String) throws { try database.run(sql, isKept: false) }

    static func run(_ statements: [String], in file: String) throws {
        let raw = try Raw(file)
        for statement in statements { try raw.run(statement) }
    }

    /// The first column of every row.
    static func texts(_ sql: String, in file: String) throws -> [String] {
        let database = try Raw(file).database
        database.setBusyTimeout(milliseconds: 5000)
        var texts: [String] = []
        try database.run(sql, isKept: false) { row in
            texts.append(String(decoding: row.bytes(0) ?? [], as: UTF8.self))
        }
        return texts
    }
}

/// The statements a store runs: counted, held up, made to fail.
final class Statements: @unchecked Sendable {
    private let condition = NSCondition()
    private var seen: [String] = []
    private var isHeld = false
    private var failing: Range<Int>
    private(set) var hasFailed = false

    /// - Parameter failing: the numbers, from 1, of statements that fail.
    init(failing: Range<Int> = 0..<0) { self.failing = failing }

    var hook: StatementHook {
        { [self] sql throws(SQLiteError) in
            guard passes(sql) else { throw SQLiteError(code: 10, message: "disk I/O error") }
        }
    }

    /// The next statement waits for `letGo`.
    func hold() { condition.withLock { isHeld = true } }

    func letGo() {
        condition.withLock {
            isHeld = false
            condition.broadcast()
        }
    }

    func mend() { condition.withLock { failing = 0..<0 } }

    func count(of sql: String) -> Int { condition.withLock { seen.count { $0 == sql } } }

    private func passes(_ sql: String) -> Bool {
        condition.withLock {
            seen.append(sql)
            let number = seen.count
            while isHeld { condition.wait() }
            guard failing.contains(number) else { return true }
            hasFailed = true
            return false
        }
    }
}

/// Several operations at once, on the caller's loop.
enum Together {
    private final class Box {
        var outcomes: [Outcome?]
        var missing: Int
        var waiter: Suspension<Void>?

        init(_ count: Int) {
            outcomes = Array(repeating: nil, count: count)
            missing = count
        }
    }

    /// Runs `body` for 0..<count, all begun in one pass of the loop; what each came to.
    static func outcomes(
        of count: Int, on store: SQLiteStateStore, isolation: isolated (any Actor)? = #isolation,
        _ body: @escaping (Int) async throws -> Void
    ) async -> [Outcome] {
        guard let loop = isolation as? EventLoop else { return [] }
        let box = Box(count)
        for number in 0..<count {
            loop.spawn {
                box.outcomes[number] = await Outcome.of { try await body(number) }
                box.missing -= 1
                if box.missing == 0 { box.waiter?.resume() }
            }
        }
        await Suspension<Void>.suspend { box.waiter = $0 }
        return box.outcomes.map { $0 ?? .failed }
    }
}
