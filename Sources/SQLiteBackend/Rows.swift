internal import Backends
internal import Bytes

/// The statements on the state table, and what their rows mean. Runs on the database's thread.
struct Rows: Sendable {
    private let table: String

    init(table: String) { self.table = table }

    // MARK: Reading

    func get(
        _ key: [UInt8], now: Timestamp, from database: Database
    ) throws(SQLiteError) -> StoredItem? {
        var found: StoredItem?
        try database.run(
            "SELECT value, is_binary, etag, expiration_time FROM \(table) "
                + "WHERE key = ?1 AND (expiration_time IS NULL OR expiration_time > ?2)",
            [.text(key[...]), .time(now)]
        ) { row in
            found = item(row, from: 0)
        }
        return found
    }

    /// The rows of `keys`, in the database's order.
    func get(
        _ keys: ArraySlice<StateKey>, now: Timestamp, from database: Database
    ) throws(SQLiteError) -> [(key: StateKey, item: StoredItem)] {
        let places = (0..<keys.count).map { "?\($0 + 2)" }.joined(separator: ",")
        var found: [(StateKey, StoredItem)] = []
        try database.run(
            "SELECT value, is_binary, etag, expiration_time, key FROM \(table) "
                + "WHERE key IN (\(places)) "
                + "AND (expiration_time IS NULL OR expiration_time > ?1)",
            [.time(now)] + keys.map { .text($0.bytes[...]) }, isKept: false
        ) { row in
            if let item = item(row, from: 0) { found.append((StateKey(row.bytes(4) ?? []), item)) }
        }
        return found
    }

    private func item(_ row: borrowing Database.Row, from column: Int32) -> StoredItem? {
        guard let stored = row.bytes(column) else { return nil }
        let isBinary = row.integer(column + 1) != 0
        let value = isBinary ? Base64.decode(stored[...]) ?? stored : stored
        let expiry = row.bytes(column + 3).flatMap { SQLiteTime.parse($0) }
        return StoredItem(value: value[...], etag: row.bytes(column + 2)?[...], expiry: expiry)
    }

    // MARK: Writing

    /// What one write puts into its row.
    struct NewRow: Sendable {
        let write: StateWrite
        let etag: [UInt8]
        let expiry: Timestamp?
        let now: Timestamp
    }

    /// - Returns: whether the write's conditions held.
    func set(_ row: NewRow, in database: Database) throws(SQLiteError) -> Bool {
        let value = row.write.value
        let isText = String(validating: value, as: UTF8.self) != nil
        var bindings: [Binding] = [
            .text(row.write.key.bytes[...]), .text(isText ? value : Base64.encode(value)[...]),
            .integer(isText ? 0 : 1), .text(row.etag[...]),
            row.expiry.map { .time($0) } ?? .null, .time(row.now),
        ]
        if let etag = row.write.etag {
            bindings.append(.text(etag))
            try database.run(
                "UPDATE \(table) SET value = ?2, is_binary = ?3, etag = ?4, expiration_time = ?5, "
                    + "update_time = ?6 WHERE key = ?1 AND etag = ?7 "
                    + "AND (expiration_time IS NULL OR expiration_time > ?6)", bindings)
        } else {
            try database.run(
                row.write.concurrency == .firstWrite ? upsert + whereExpired : upsert, bindings)
        }
        return database.changes > 0
    }

    private var upsert: String {
        "INSERT INTO \(table) (key, value, is_binary, etag, expiration_time, update_time) "
            + "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (key) DO UPDATE SET "
            + "value = excluded.value, is_binary = excluded.is_binary, etag = excluded.etag, "
            + "expiration_time = excluded.expiration_time, update_time = excluded.update_time"
    }

    /// A first write takes the place of an expired row only.
    private var whereExpired: String {
        " WHERE \(table).expiration_time IS NOT NULL AND \(table).expiration_time <= ?6"
    }

    /// - Returns: whether the removal's condition held.
    func delete(_ removal: StateRemoval, in database: Database) throws(SQLiteError) -> Bool {
        let key = Binding.text(removal.key.bytes[...])
        guard let etag = removal.etag else {
            try database.run("DELETE FROM \(table) WHERE key = ?1", [key])
            return true
        }
        try database.run("DELETE FROM \(table) WHERE key = ?1 AND etag = ?2", [key, .text(etag)])
        return database.changes > 0
    }

    // MARK: Contents

    /// The rows of a scope, by key.
    func all(
        _ scope: KeyScope, now: Timestamp, from database: Database
    ) throws(SQLiteError) -> [StateEntry] {
        var entries: [StateEntry] = []
        for range in ranges(of: scope) {
            try database.run(
                "SELECT value, is_binary, etag, expiration_time, key FROM \(table) "
                    + "WHERE \(range.condition) "
                    + "AND (expiration_time IS NULL OR expiration_time > ?3)",
                range.bindings + [.time(now)], isKept: false
            ) { row in
                guard let item = item(row, from: 0) else { return }
                entries.append(
                    StateEntry(
                        key: StateKey(row.bytes(4) ?? []), value: item.value, etag: item.etag,
                        expiry: item.expiry))
            }
        }
        return entries.sorted { $0.key < $1.key }
    }

    func deleteAll(_ scope: KeyScope, in database: Database) throws(SQLiteError) {
        for range in ranges(of: scope) {
            try database.run(
                "DELETE FROM \(table) WHERE \(range.condition)", range.bindings, isKept: false)
        }
    }

    /// Keys as SQLite compares them: by their bytes.
    private func ranges(of scope: KeyScope) -> [(condition: String, bindings: [Binding])] {
        Set(scope.prefixes).map { prefix in
            guard let last = prefix.last else {
                // The parameters are there all the same: the third keeps its number.
                return (
                    "instr(key, ?1) = 0 AND ?2 IS NULL", [.text(KeyScope.separator[...]), .null]
                )
            }
            return (
                "key >= ?1 AND key < ?2",
                [.text(prefix[...]), .text((prefix.dropLast() + [last &+ 1])[...])]
            )
        }
    }

    func deleteExpired(before now: Timestamp, in database: Database) throws(SQLiteError) {
        try database.run(
            "DELETE FROM \(table) WHERE expiration_time IS NOT NULL AND expiration_time < ?1",
            [.time(now)])
    }
}

extension Binding {
    /// A time as SQLite's own functions write it: UTC, whole seconds.
    static func time(_ time: Timestamp) -> Binding { .text(SQLiteTime.format(time)[...]) }
}

/// `2026-08-21 20:12:09`, as SQLite's date functions write a time.
enum SQLiteTime {
    static func format(_ time: Timestamp) -> [UInt8] {
        let civil = CivilTime(seconds: time.seconds)
        return Array("\(civil.date) \(civil.time)".utf8)
    }

    static func parse(_ text: [UInt8]) -> Timestamp? {
        let numbers = text.split(whereSeparator: { !$0.isDigit }).prefix(6).compactMap {
            Int(String(text: $0))
        }
        guard numbers.count == 6 else { return nil }
        return CivilTime.seconds(
            year: numbers[0], month: numbers[1], day: numbers[2], hour: numbers[3],
            minute: numbers[4], second: numbers[5]
        ).map { Timestamp(seconds: $0) }
    }
}
