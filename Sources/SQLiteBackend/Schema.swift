internal import Backends

/// Why a database cannot be used.
package struct SQLiteOpenError: Error, Equatable {
    package enum Reason: Equatable, Sendable {
        case sqlite(SQLiteError)
        /// The tables are of a level that this program does not know.
        case migration(found: String)
        case system(String)
    }

    /// As the settings spell it.
    package let database: String
    package let reason: Reason

    /// *what failed: why — how to mend*.
    package var text: String {
        switch reason {
        case .sqlite(let error):
            "cannot use the SQLite database \(database): \(error.message)\(hint(error))"
        case .migration(let found):
            "cannot use the SQLite database \(database): its tables are at level \(found), "
                + "this fakedapr knows level \(Schema.level): use a newer fakedapr or another file"
        case .system(let why): "cannot use the SQLite database \(database): \(why)"
        }
    }

    private func hint(_ error: SQLiteError) -> String {
        switch error.code {
        case 26: ": move the file away, or name another one with --data-dir"
        case 14: ": check that the path names a file, and that its folder exists and may be written"
        case 8: ": check that the file may be written"
        case 10: ": check the disk"
        case 11: ": restore it from a copy, or move it away to begin afresh"
        case 5, 6: ": another process holds it: stop that one, or name another file"
        default: ""
        }
    }
}

/// The tables as Dapr's `state.sqlite` makes them (state.md §14 of the specification), so that
/// either opens what the other has written.
struct Schema {
    static let level = "1"

    let settings: SQLiteSettings

    /// Makes what is missing and checks what is there.
    func prepare(_ database: Database) throws(SQLiteOpenError) {
        let found: String?
        do throws(SQLiteError) { found = try prepareTables(database) } catch {
            throw refused(.sqlite(error))
        }
        if let found, found != Self.level { throw refused(.migration(found: found)) }
    }

    /// - Returns: the level that was found; nil when the tables are new.
    private func prepareTables(_ database: Database) throws(SQLiteError) -> String? {
        try configure(database)
        if settings.isReadOnly { return try migrationLevel(database) }
        try database.run("BEGIN IMMEDIATE", isKept: false)
        try createMetadata(database)
        let found = try migrationLevel(database)
        if found == nil { try createState(database) }
        try database.run("COMMIT", isKept: false)
        return found
    }

    private func refused(_ reason: SQLiteOpenError.Reason) -> SQLiteOpenError {
        SQLiteOpenError(database: settings.connectionString, reason: reason)
    }

    private func configure(_ database: Database) throws(SQLiteError) {
        let milliseconds =
            settings.busyTimeout.components.seconds * 1000
            + settings.busyTimeout.components.attoseconds / 1_000_000_000_000_000
        database.setBusyTimeout(milliseconds: Int32(clamping: milliseconds))
        if settings.isReadOnly { return }
        let mode = settings.disablesWAL ? "DELETE" : "WAL"
        // Before the mode, whose change is synced itself.
        if settings.isThrowaway { try database.run("PRAGMA synchronous = OFF", isKept: false) }
        try database.run("PRAGMA journal_mode = \(mode)", isKept: false)
        guard !settings.isThrowaway else { return }
        // With WAL a commit survives the death of the process without a sync; only a crash of the
        // whole machine could lose the last ones, which is no matter for tests.
        try database.run("PRAGMA synchronous = NORMAL", isKept: false)
    }

    private func createMetadata(_ database: Database) throws(SQLiteError) {
        try database.run(
            "CREATE TABLE IF NOT EXISTS \(settings.metadataTableName) "
                + "(key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL)", isKept: false)
    }

    private func migrationLevel(_ database: Database) throws(SQLiteError) -> String? {
        var level: String?
        try database.run(
            "SELECT value FROM \(settings.metadataTableName) WHERE key = 'migrations'",
            isKept: false
        ) { row in
            level = row.bytes(0).map { String(decoding: $0, as: UTF8.self) }
        }
        return level
    }

    private func createState(_ database: Database) throws(SQLiteError) {
        try database.run(
            """
            CREATE TABLE IF NOT EXISTS \(settings.tableName) (
                key TEXT NOT NULL PRIMARY KEY,
                value TEXT NOT NULL,
                is_binary BOOLEAN NOT NULL,
                etag TEXT NOT NULL,
                expiration_time TIMESTAMP DEFAULT NULL,
                update_time TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
            )
            """, isKept: false)
        try database.run(
            "INSERT INTO \(settings.metadataTableName) (key, value) "
                + "VALUES ('migrations', '\(Self.level)')", isKept: false)
    }
}
