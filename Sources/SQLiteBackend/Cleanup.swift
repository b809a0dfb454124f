internal import Backends

/// One removal of expired rows, on the database's thread. The time of the last one stands in the
/// metadata table, as Dapr's does, so that of several processes only one does the work.
struct Cleanup: Sendable {
    private let rows: Rows
    private let metadataTable: String
    private let interval: Duration
    private let now: Timestamp

    init(_ settings: SQLiteSettings, now: Timestamp) {
        rows = Rows(table: settings.tableName)
        metadataTable = settings.metadataTableName
        interval = settings.cleanupInterval ?? .zero
        self.now = now
    }

    func run(in database: Database) throws(SQLiteError) {
        if try isOurs(in: database) { try rows.deleteExpired(before: now, in: database) }
    }

    private func isOurs(in database: Database) throws(SQLiteError) -> Bool {
        try database.run(
            "INSERT INTO \(metadataTable) (key, value) VALUES ('last-cleanup', ?1) "
                + "ON CONFLICT (key) DO UPDATE SET value = excluded.value "
                + "WHERE strftime('%s', excluded.value) - strftime('%s', value) >= ?2",
            [.time(now), .integer(interval.components.seconds)])
        return database.changes > 0
    }
}
