internal import Backends
internal import Bytes
internal import JSON
internal import Matching
package import YAML

/// Reads seeds and snapshots, JSON or YAML. Pure.
package struct SeedReader {
    /// The keys of a seed.
    package static let keys = ["state", "topics", "stubs", "faults"]

    private let source: SourceText

    package init(_ source: SourceText) { self.source = source }

    /// - Parameter reader: of a mapping with `state`, `topics`, `stubs`, `faults`; other keys are its owner's.
    package func seed(_ reader: KeyedReader) throws(Diagnostic) -> Seed {
        var seed = Seed()
        seed.state = try state(reader)
        if let stubs = reader["stubs"] {
            seed.stubs = try StubReader(source: source).descriptions(stubs)
        }
        if let faults = reader["faults"] {
            seed.faults = try FaultReader(source: source).faults(faults)
        }
        for component in try reader.members("topics") ?? [] {
            for topic in try source.members(component.value) {
                seed.topics.append(
                    Seed.Topic(
                        pubsub: component.name, topic: topic.name,
                        events: try source.list(topic.value).map { json($0) }))
            }
        }
        return seed
    }

    /// The same for a snapshot, whose topics hold messages as brokers keep them.
    package func snapshot(_ reader: KeyedReader) throws(Diagnostic) -> Snapshot {
        var snapshot = Snapshot(time: Timestamp(seconds: 0))
        snapshot.state = try state(reader)
        for component in try reader.members("topics") ?? [] {
            for node in try source.list(component.value) {
                snapshot.topics.append((component.name, try contents(node)))
            }
        }
        return snapshot
    }

    // MARK: State

    private func state(_ reader: KeyedReader) throws(Diagnostic) -> [SeededKey] {
        var keys: [SeededKey] = []
        for store in try reader.members("state") ?? [] {
            if let list = store.value.sequence {
                for node in list { keys.append(try key(node, of: store.name)) }
            } else {
                for member in try source.members(store.value) {
                    keys.append(
                        SeededKey(
                            store: store.name, key: Array(member.name.utf8)[...],
                            value: json(member.value)))
                }
            }
        }
        return keys
    }

    private func key(_ node: YAMLNode, of store: String) throws(Diagnostic) -> SeededKey {
        let reader = try KeyedReader(
            node, in: source,
            keys: ["app", "key", "value", "valueBase64", "etag", "ttl", "firstWrite"])
        let name = Array(try source.string(try reader.required("key")).utf8)
        var key = SeededKey(store: store, key: name[...], value: try value(reader, "value"))
        key.appID = try reader.string("app")
        key.etag = reader["etag"]?.text.map { Array($0.utf8)[...] }
        key.ttl = try ttl(reader["ttl"])
        key.isFirstWrite = try reader.bool("firstWrite") ?? false
        return key
    }

    private func ttl(_ node: YAMLNode?) throws(Diagnostic) -> Duration? {
        guard let node, !node.isNull else { return nil }
        if let seconds = node.double, seconds > 0, seconds < 1e9 { return .seconds(seconds) }
        guard let text = node.text, let duration = GoDuration.parse(text), duration > .zero else {
            throw source.error(
                "not a time to live", at: node, hint: "write seconds or a duration such as 10m")
        }
        return duration
    }

    private func value(_ reader: KeyedReader, _ name: String) throws(Diagnostic) -> ByteSlice {
        guard let node = reader["\(name)Base64"] else { return json(try reader.required(name)) }
        guard let bytes = Base64.decode(Array(try source.string(node).utf8)[...]) else {
            throw source.error("no Base64", at: node)
        }
        return bytes[...]
    }

    /// A value as JSON: where it is written so, byte for byte.
    private func json(_ node: YAMLNode) -> ByteSlice {
        let written = source.bytes[node.span.start.offset..<node.span.end.offset]
        if let scanned = try? JSONScanner.wholeValue(of: written, maxDepth: 100) {
            return Array(written[scanned.range])[...]
        }
        return Array(JSONValue(node).text.utf8)[...]
    }

    // MARK: Topics

    private func contents(_ node: YAMLNode) throws(Diagnostic) -> TopicContents {
        let reader = try KeyedReader(node, in: source, keys: ["topic", "messages", "groups"])
        var contents = TopicContents(
            topic: try source.string(try reader.required("topic")), messages: [])
        for node in try reader.list("messages") ?? [] {
            let message = try KeyedReader(
                node, in: source, keys: ["data", "dataBase64", "metadata"])
            contents.messages.append(
                BrokerMessage(
                    topic: contents.topic, data: try value(message, "data"),
                    metadata: try metadata(message)))
        }
        for node in try reader.list("groups") ?? [] {
            let group = try KeyedReader(node, in: source, keys: ["name", "pending"])
            contents.groups.append(
                .init(
                    name: try source.string(try group.required("name")),
                    pending: try source.int(
                        try group.required("pending"), in: 0...contents.messages.count)))
        }
        return contents
    }

    private func metadata(_ reader: KeyedReader) throws(Diagnostic) -> Metadata {
        var metadata: Metadata = [:]
        for member in try reader.members("metadata") ?? [] {
            metadata[member.name] = try source.string(member.value)
        }
        return metadata
    }
}
