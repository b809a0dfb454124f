package import Backends
internal import Bytes
internal import JSON

/// What a sandbox's stores and topics held at a time. A value: it outlives its sandbox and can be
/// loaded into another.
package struct Snapshot: Sendable {
    /// On the clock of the sandbox that it is of.
    package let time: Timestamp
    package var state: [SeededKey] = []
    /// By the component's name.
    package var topics: [(pubsub: String, contents: TopicContents)] = []

    package init(time: Timestamp) { self.time = time }

    /// The form in which it is handed out and read again.
    package func json(named name: String) -> [UInt8] {
        var writer = JSONWriter(reserving: 1024, escapesHTML: false)
        writer.beginObject()
        writer.member("name", name)
        writer.member("time", time.rfc3339)
        writer.key("state")
        writer.groups(state, by: \.store) { key, writer in key.write(to: &writer) }
        writer.key("topics")
        writer.groups(topics, by: \.pubsub) { topic, writer in
            Self.write(topic.contents, to: &writer)
        }
        writer.endObject()
        writer.newline()
        return writer.bytes
    }

    private static func write(_ contents: TopicContents, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("topic", contents.topic)
        writer.key("messages")
        writer.beginArray()
        for message in contents.messages {
            writer.beginObject()
            writer.value(message.data, named: "data")
            if !message.metadata.isEmpty {
                writer.key("metadata")
                writer.raw(StringMap.json(message.metadata))
            }
            writer.endObject()
        }
        writer.endArray()
        writer.key("groups")
        writer.beginArray()
        for group in contents.groups {
            writer.beginObject()
            writer.member("name", group.name)
            writer.key("pending")
            writer.number(group.pending)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }

    /// Bytes that it counts for.
    var cost: Int {
        let keys = state.reduce(0) { $0 + $1.key.count + $1.value.count + 128 }
        return topics.reduce(keys) { sum, topic in
            topic.contents.messages.reduce(sum + 128) { $0 + $1.data.count + 128 }
        }
    }
}

extension JSONWriter {
    /// An object with a list for each name.
    mutating func groups<Element>(
        _ elements: [Element], by name: (Element) -> String,
        _ write: (Element, inout JSONWriter) -> Void
    ) {
        let groups = Dictionary(grouping: elements, by: name).sorted { $0.key < $1.key }
        beginObject()
        for (name, elements) in groups {
            key(name)
            beginArray()
            for element in elements { write(element, &self) }
            endArray()
        }
        endObject()
    }
}

extension Sandbox {
    /// What stores and topics hold now.
    package func snapshot() async throws(ContentsFailure) -> Snapshot {
        try await changes.take { () async throws(ContentsFailure) -> Snapshot in
            var snapshot = Snapshot(time: clock.now)
            snapshot.state = try await seededKeys()
            for own in ownBrokers {
                let contents: [TopicContents]
                do throws(BrokerError) { contents = try await own.broker.export() } catch {
                    throw ContentsFailure(
                        "cannot read the topics of \(own.component): \(error.text)")
                }
                snapshot.topics += contents.map { (own.component, $0) }
            }
            return snapshot
        }
    }

    /// Puts a snapshot in the place of all that stores and topics hold. Times to live begin anew with
    /// what was left of them.
    package func load(_ snapshot: Snapshot) async throws(ContentsFailure) {
        _ = try await changes.take { () async throws(ContentsFailure) in
            let brokers = ownBrokers
            for topic in snapshot.topics
            where !brokers.contains(where: { $0.component == topic.pubsub }) {
                throw ContentsFailure(
                    unknown("pub/sub component", topic.pubsub, brokers.map(\.component)),
                    isRequest: true)
            }
            let entries = try entries(of: snapshot.state)
            return try await pausingDeliveries { () async throws(ContentsFailure) in
                for (own, entries) in entries {
                    try await put(entries, in: own, removing: own.scope)
                }
                for own in brokers {
                    let topics = snapshot.topics.filter { $0.pubsub == own.component }
                    try await put(topics.map(\.contents), on: own)
                }
            }
        }
    }
}
