internal import Backends
internal import Bytes
internal import JSON

/// How two snapshots differ, key by key. Pure.
package struct SnapshotDiff {
    private var added: [SeededKey] = []
    private var removed: [SeededKey] = []
    private var changed: [(before: SeededKey, after: SeededKey)] = []
    /// Written anew with the same value: the etag is another.
    private var rewritten: [SeededKey] = []
    private var topics: [Topic] = []

    /// A topic whose messages are others.
    private struct Topic {
        let pubsub: String
        let topic: String
        let added: [ByteSlice]
        let removed: [ByteSlice]
    }

    private struct Name: Hashable {
        let store: String
        let appID: String?
        let key: ByteSlice
    }

    package init(from before: Snapshot, to after: Snapshot) {
        compareState(before.state, after.state)
        compareTopics(before, after)
    }

    /// Whether both hold the same values and messages.
    package var isEmpty: Bool {
        added.isEmpty && removed.isEmpty && changed.isEmpty && topics.isEmpty
    }

    private mutating func compareState(_ before: [SeededKey], _ after: [SeededKey]) {
        let namesApps = (before + after).allSatisfy { $0.appID != nil }
        func byName(_ keys: [SeededKey]) -> [Name: SeededKey] {
            Dictionary(
                keys.map {
                    (Name(store: $0.store, appID: namesApps ? $0.appID : nil, key: $0.key), $0)
                }, uniquingKeysWith: { $1 })
        }
        let (old, new) = (byName(before), byName(after))
        let names = Set(old.keys).union(new.keys).sorted {
            ($0.store, $0.appID ?? "", String(text: $0.key))
                < ($1.store, $1.appID ?? "", String(text: $1.key))
        }
        for name in names {
            switch (old[name], new[name]) {
            case (nil, let key?): added.append(key)
            case (let key?, nil): removed.append(key)
            case (let before?, let after?):
                if !before.hasValue(of: after) {
                    changed.append((before, after))
                } else if let old = before.etag, let new = after.etag, old != new {
                    rewritten.append(after)
                }
            case (nil, nil): break
            }
        }
    }

    private mutating func compareTopics(_ before: Snapshot, _ after: Snapshot) {
        func messages(_ snapshot: Snapshot) -> [[String]: [ByteSlice]] {
            Dictionary(
                snapshot.topics.map {
                    ([$0.pubsub, $0.contents.topic], $0.contents.messages.map(\.data))
                }, uniquingKeysWith: +)
        }
        let (old, new) = (messages(before), messages(after))
        let names = Set(old.keys).union(new.keys).sorted { $0.lexicographicallyPrecedes($1) }
        for name in names {
            let (old, new) = (old[name] ?? [], new[name] ?? [])
            let topic = Topic(
                pubsub: name[0], topic: name[1], added: Self.excess(new, over: old),
                removed: Self.excess(old, over: new))
            if !topic.added.isEmpty || !topic.removed.isEmpty { topics.append(topic) }
        }
    }

    /// What `messages` hold more than `others`.
    private static func excess(_ messages: [ByteSlice], over others: [ByteSlice]) -> [ByteSlice] {
        var counts = Dictionary(others.map { ($0, 1) }, uniquingKeysWith: +)
        return messages.filter { message in
            guard let count = counts[message], count > 0 else { return true }
            counts[message] = count - 1
            return false
        }
    }

    // MARK: JSON

    private enum Kind: String {
        case added, removed, changed, rewritten
    }

    package var json: [UInt8] {
        var writer = JSONWriter(reserving: 1024, escapesHTML: false)
        writer.beginObject()
        writer.key("identical")
        writer.bool(isEmpty)
        writer.key("state")
        writer.beginObject()
        for (kind, keys) in [
            (Kind.added, added), (.removed, removed), (.rewritten, rewritten),
        ] {
            writer.key(kind.rawValue)
            writer.groups(keys, by: \.store) { key, writer in key.write(to: &writer) }
        }
        writer.key(Kind.changed.rawValue)
        writer.groups(changed, by: \.after.store) { Self.write($0, to: &$1) }
        writer.endObject()
        writer.key("topics")
        writer.groups(topics, by: \.pubsub) { Self.write($0, to: &$1) }
        writer.endObject()
        writer.newline()
        return writer.bytes
    }

    private static func write(
        _ change: (before: SeededKey, after: SeededKey), to writer: inout JSONWriter
    ) {
        writer.beginObject()
        if let app = change.after.appID ?? change.before.appID { writer.member("app", app) }
        writer.key("key")
        writer.string(change.after.key)
        writer.value(change.before.value, named: "before")
        writer.value(change.after.value, named: "after")
        writer.endObject()
    }

    private static func write(_ topic: Topic, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("topic", topic.topic)
        for (kind, messages) in [(Kind.added, topic.added), (.removed, topic.removed)] {
            writer.key(kind.rawValue)
            writer.beginArray()
            for message in messages {
                writer.beginObject()
                writer.value(message, named: "data")
                writer.endObject()
            }
            writer.endArray()
        }
        writer.endObject()
    }
}
