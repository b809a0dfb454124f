internal import Backends

/// A topic of the table taken out and put back. Runs on the database's thread.
extension MessageTable {
    /// What follows the message numbered `floor`.
    static func contents(
        _ topic: String, after floor: Int64, in database: Database
    ) throws(SQLiteError) -> TopicContents {
        var found: [(number: Int64, message: BrokerMessage)] = []
        try database.run(
            "SELECT number, data, metadata FROM fakedapr_messages WHERE topic = ?1 AND number > ?2 "
                + "ORDER BY number DESC LIMIT ?3",
            [text(topic), .integer(floor), .integer(Int64(TopicContents.limit))], isKept: false
        ) { row in
            let message = BrokerMessage(
                topic: topic, data: (row.bytes(1) ?? [])[...],
                metadata: StringMap.parse((row.bytes(2) ?? [])[...]))
            found.append((row.integer(0), message))
        }
        found.reverse()
        var groups: [TopicContents.Group] = []
        try database.run(
            "SELECT name, last FROM fakedapr_groups WHERE topic = ?1 ORDER BY name", [text(topic)],
            isKept: false
        ) { row in
            let (name, last) = (row.bytes(0) ?? [], row.integer(1))
            groups.append(
                .init(
                    name: String(decoding: name, as: UTF8.self),
                    pending: found.count { $0.number > last }))
        }
        return TopicContents(topic: topic, messages: found.map(\.message), groups: groups)
    }

    /// Moves `groups` behind all messages, which are removed unless other groups may want them.
    ///
    /// - Returns: the number of the last message there was.
    static func empty(
        _ topic: String, of groups: Set<String>, in database: Database
    ) throws(SQLiteError) -> Int64 {
        let last = try last(of: topic, in: database)
        for group in groups {
            // Whoever held the lease does so no longer.
            try database.run(
                "UPDATE fakedapr_groups SET last = ?3, owner = '', lease = 0 "
                    + "WHERE topic = ?1 AND name = ?2",
                [text(topic), text(group), .integer(last)])
        }
        var hasOthers = false
        try database.run(
            "SELECT name FROM fakedapr_groups WHERE topic = ?1 AND last < ?2",
            [text(topic), .integer(last)]
        ) { _ in
            hasOthers = true
        }
        if !hasOthers {
            try database.run("DELETE FROM fakedapr_messages WHERE topic = ?1", [text(topic)])
        }
        return last
    }

    /// Puts messages on an emptied topic, each group behind those that it has had.
    static func put(
        _ contents: TopicContents, time: Int64, in database: Database
    ) throws(SQLiteError) {
        var numbers = [try last(of: contents.topic, in: database)]
        for message in contents.messages {
            try insert(message, time: time, in: database)
            numbers.append(try last(of: contents.topic, in: database))
        }
        for group in contents.groups {
            let had = max(0, contents.messages.count - group.pending)
            try database.run(
                "INSERT INTO fakedapr_groups (topic, name, last) VALUES (?1, ?2, ?3) "
                    + "ON CONFLICT (topic, name) DO UPDATE SET last = excluded.last",
                [text(contents.topic), text(group.name), .integer(numbers[had])])
        }
    }

    /// The number of a topic's last message; 0 when it has none.
    private static func last(of topic: String, in database: Database) throws(SQLiteError) -> Int64 {
        var number: Int64 = 0
        try database.run(
            "SELECT max(number) FROM fakedapr_messages WHERE topic = ?1", [text(topic)]
        ) { row in
            number = row.integer(0)
        }
        return number
    }
}
