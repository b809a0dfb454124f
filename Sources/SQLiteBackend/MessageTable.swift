internal import Backends
internal import Bytes

/// The tables of `pubsub.sqlite` and the statements on them. Runs on the database's thread.
///
/// Messages have numbers that only grow; each group of consumers keeps, per topic, the number of the
/// last message it has handled, and who of its members holds the lease to go on.
struct MessageTable: Sendable {
    struct Row: Sendable {
        let number: Int64
        let data: [UInt8]
        let metadata: [UInt8]
    }

    /// A consumer: one subscription of one process.
    struct Member: Sendable {
        let topic: String
        let group: String
        /// Tells it from the group's other members.
        let owner: String
    }

    /// Messages that a file keeps at most, the latest ones.
    static let keptMessages: Int64 = 100_000
    /// How long a message that every group has handled stays, in milliseconds: for groups that are
    /// made a little later, by an application that starts slowly.
    static let graceMilliseconds: Int64 = 600_000
    /// How long a lease holds without being renewed, in milliseconds.
    static let leaseMilliseconds: Int64 = 5_000

    /// - Parameter syncs: whether the file outlives its sandbox.
    static func create(in database: Database, syncs: Bool) throws(SQLiteError) {
        // Before the mode, whose change is synced itself.
        let synchronous = syncs ? "NORMAL" : "OFF"
        try database.run("PRAGMA synchronous = \(synchronous)", isKept: false)
        // Its answer is a row.
        try database.run("PRAGMA journal_mode = WAL", isKept: false)
        try database.run("BEGIN IMMEDIATE", isKept: false)
        try database.run(
            """
            CREATE TABLE IF NOT EXISTS fakedapr_messages (
                number INTEGER PRIMARY KEY AUTOINCREMENT,
                topic TEXT NOT NULL,
                data BLOB NOT NULL,
                metadata TEXT NOT NULL,
                time INTEGER NOT NULL
            )
            """, isKept: false)
        try database.run(
            "CREATE INDEX IF NOT EXISTS fakedapr_messages_topic "
                + "ON fakedapr_messages (topic, number)", isKept: false)
        try database.run(
            """
            CREATE TABLE IF NOT EXISTS fakedapr_groups (
                topic TEXT NOT NULL,
                name TEXT NOT NULL,
                last INTEGER NOT NULL,
                owner TEXT NOT NULL DEFAULT '',
                lease INTEGER NOT NULL DEFAULT 0,
                PRIMARY KEY (topic, name)
            )
            """, isKept: false)
        try database.run("COMMIT", isKept: false)
    }

    static func insert(
        _ message: BrokerMessage, time: Int64, in database: Database
    ) throws(SQLiteError) {
        try database.run(
            "INSERT INTO fakedapr_messages (topic, data, metadata, time) VALUES (?1, ?2, ?3, ?4)",
            [
                text(message.topic), .text(message.data),
                .text(StringMap.json(message.metadata)[...]), .integer(time),
            ])
    }

    /// A new group begins with the oldest message that is kept and follows the one numbered `floor`.
    static func join(
        _ member: Member, after floor: Int64, in database: Database
    ) throws(SQLiteError) {
        try database.run(
            "INSERT INTO fakedapr_groups (topic, name, last) VALUES (?1, ?2, ?3) "
                + "ON CONFLICT (topic, name) DO NOTHING",
            [text(member.topic), text(member.group), .integer(floor)])
    }

    /// Whether there are messages that the group has not handled.
    static func hasNext(_ member: Member, in database: Database) throws(SQLiteError) -> Bool {
        var isThere = false
        try database.run(
            "SELECT 1 FROM fakedapr_messages WHERE topic = ?1 AND number > "
                + "(SELECT last FROM fakedapr_groups WHERE topic = ?1 AND name = ?2) LIMIT 1",
            [text(member.topic), text(member.group)]
        ) { _ in
            isThere = true
        }
        return isThere
    }

    /// The next messages, for the member that holds the lease or can take it.
    static func next(
        _ member: Member, atMost count: Int64, time: Int64, in database: Database
    ) throws(SQLiteError) -> [Row] {
        guard try hold(member, time: time, in: database) else { return [] }
        var rows: [Row] = []
        try database.run(
            "SELECT number, data, metadata FROM fakedapr_messages WHERE topic = ?1 AND number > "
                + "(SELECT last FROM fakedapr_groups WHERE topic = ?1 AND name = ?2) "
                + "ORDER BY number LIMIT ?3",
            [text(member.topic), text(member.group), .integer(count)]
        ) { row in
            rows.append(
                Row(
                    number: row.integer(0), data: row.bytes(1) ?? [], metadata: row.bytes(2) ?? []))
        }
        return rows
    }

    /// Takes or renews the lease: whether it is the member's.
    static func hold(
        _ member: Member, time: Int64, in database: Database
    ) throws(SQLiteError) -> Bool {
        try database.run(
            "UPDATE fakedapr_groups SET owner = ?3, lease = ?4 "
                + "WHERE topic = ?1 AND name = ?2 AND (owner = ?3 OR lease < ?5)",
            [
                text(member.topic), text(member.group), text(member.owner),
                .integer(time + leaseMilliseconds), .integer(time),
            ])
        return database.changes > 0
    }

    /// Notes that all messages up to `number` were handled; one who has lost the lease notes nothing.
    static func advance(
        _ member: Member, to number: Int64, in database: Database
    ) throws(SQLiteError) {
        try database.run(
            "UPDATE fakedapr_groups SET last = max(last, ?4) "
                + "WHERE topic = ?1 AND name = ?2 AND owner = ?3",
            [
                text(member.topic), text(member.group), text(member.owner), .integer(number),
            ])
    }

    static func release(_ member: Member, in database: Database) throws(SQLiteError) {
        try database.run(
            "UPDATE fakedapr_groups SET lease = 0 WHERE topic = ?1 AND name = ?2 AND owner = ?3",
            [text(member.topic), text(member.group), text(member.owner)])
    }

    /// Removes what nobody will ask for again.
    static func prune(time: Int64, in database: Database) throws(SQLiteError) {
        try database.run(
            "DELETE FROM fakedapr_messages WHERE time < ?1 AND number <= "
                + "(SELECT min(last) FROM fakedapr_groups "
                + "WHERE fakedapr_groups.topic = fakedapr_messages.topic)",
            [.integer(time - graceMilliseconds)])
        try database.run(
            "DELETE FROM fakedapr_messages WHERE number <= "
                + "(SELECT max(number) FROM fakedapr_messages) - ?1", [.integer(keptMessages)])
    }

    static func text(_ text: String) -> Binding { .text(Array(text.utf8)[...]) }
}
