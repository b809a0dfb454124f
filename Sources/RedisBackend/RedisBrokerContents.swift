package import Backends
internal import Bytes

/// The streams that a sandbox has used, taken out and put back. Groups of others keep what they have.
extension RedisBroker {
    package func export() async throws(BrokerError) -> [TopicContents] {
        var contents: [TopicContents] = []
        for topic in topics.keys.sorted() {
            let found = try await read(topic)
            if !found.messages.isEmpty { contents.append(found) }
        }
        return contents
    }

    package func replace(with contents: [TopicContents]) async throws(BrokerError) {
        for topic in contents {
            topics[topic.topic, default: []].formUnion(topic.groups.map(\.name))
        }
        for (topic, groups) in topics { floors[topic] = try await empty(topic, of: groups) }
        for topic in contents { try await put(topic) }
    }

    // MARK: Reading

    private func read(_ topic: String) async throws(BrokerError) -> TopicContents {
        let replies = try await send(
            [
                .init(utf8: "XREVRANGE"), stream(topic), .init(utf8: "+"),
                [UInt8(ascii: "(")] + (floors[topic] ?? .init(utf8: "0")),
                .init(utf8: "COUNT"), .init(decimal: Int64(TopicContents.limit)),
            ], [.init(utf8: "XINFO"), .init(utf8: "GROUPS"), stream(topic)])
        var (messages, ids): ([BrokerMessage], [StreamID]) = ([], [])
        for case .array(let parts) in replies[0].elements.reversed() where parts.count == 2 {
            guard let id = parts[0].bytes, case .array(let fields) = parts[1] else { continue }
            messages.append(RedisConsumer.message(fields, of: topic))
            ids.append(StreamID(id[...]))
        }
        let groups = replies[1].elements.compactMap { reply -> TopicContents.Group? in
            guard let name = reply.member("name"), let last = reply.member("last-delivered-id")
            else { return nil }
            return .init(
                name: String(text: name), pending: ids.count { $0 > StreamID(last) })
        }
        return TopicContents(topic: topic, messages: messages, groups: groups)
    }

    // MARK: Writing

    /// - Returns: after which entry new groups begin.
    private func empty(
        _ topic: String, of groups: Set<String>
    ) async throws(BrokerError) -> ByteSlice {
        let stream = stream(topic)
        let replies = try await send(
            [.init(utf8: "XINFO"), .init(utf8: "GROUPS"), stream],
            [
                .init(utf8: "XREVRANGE"), stream, .init(utf8: "+"), .init(utf8: "-"),
                .init(utf8: "COUNT"), .init(utf8: "1"),
            ])
        let names = replies[0].elements.compactMap { $0.member("name").map { String(text: $0) } }
        var last = ByteSlice(utf8: "0")
        if case .array(let parts)? = replies[1].elements.first, let id = parts.first?.bytes {
            last = id[...]
        }
        // With a group goes what it has read and not finished.
        var commands: [[ByteSlice]] = groups.map { group in
            [.init(utf8: "XGROUP"), .init(utf8: "DESTROY"), stream, .init(utf8: group)]
        }
        if groups.isSuperset(of: names) {
            commands.append([.init(utf8: "XTRIM"), stream, .init(utf8: "MAXLEN"), .init(utf8: "0")])
        }
        // Errors are those of a stream that is not there.
        _ = try await send(commands)
        return last
    }

    private func put(_ contents: TopicContents) async throws(BrokerError) {
        let stream = stream(contents.topic)
        let replies = try await send(
            contents.messages.map { [.init(utf8: "XADD"), stream] + Self.fields($0) })
        var ids = [floors[contents.topic] ?? ByteSlice(utf8: "0")]
        for reply in replies {
            guard case .bulk(let id) = reply else {
                throw .failed("redis streams: unexpected reply to XADD")
            }
            ids.append(id[...])
        }
        _ = try await send(
            contents.groups.map { group in
                [
                    .init(utf8: "XGROUP"), .init(utf8: "CREATE"), stream, .init(utf8: group.name),
                    ids[max(0, contents.messages.count - group.pending)], .init(utf8: "MKSTREAM"),
                ]
            })
    }

    private func send(_ commands: [ByteSlice]...) async throws(BrokerError) -> [RedisReply] {
        try await send(commands)
    }

    private func send(_ commands: [[ByteSlice]]) async throws(BrokerError) -> [RedisReply] {
        guard !commands.isEmpty else { return [] }
        do throws(RedisError) {
            return try await connection.send(
                RedisCommand(batch: commands), replies: commands.count)
        } catch {
            throw .unavailable("redis streams: \(error.text)")
        }
    }
}

/// `1790000000000-3`, as streams number their entries.
private struct StreamID: Comparable {
    private let time: UInt64
    private let number: UInt64

    init(_ text: ByteSlice) {
        let parts = text.split(separator: UInt8(ascii: "-")).map { UInt64(String(text: $0)) ?? 0 }
        time = parts.first ?? 0
        number = parts.dropFirst().first ?? 0
    }

    static func < (a: StreamID, b: StreamID) -> Bool {
        (a.time, a.number) < (b.time, b.number)
    }
}

extension RedisReply {
    fileprivate var elements: [RedisReply] {
        if case .array(let elements) = self { elements } else { [] }
    }

    /// The value behind a name in a list of both.
    fileprivate func member(_ name: String) -> ByteSlice? {
        let elements = elements
        for index in stride(from: 0, to: elements.count - 1, by: 2)
        where elements[index].bytes?.elementsEqual(name.utf8) == true {
            return elements[index + 1].bytes?[...]
        }
        return nil
    }
}
