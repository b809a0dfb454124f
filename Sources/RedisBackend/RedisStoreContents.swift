package import Backends
internal import Bytes

/// All that a sandbox keeps in Redis, taken out and put back. What others keep there is not touched.
extension RedisStateStore {
    /// Keys that are remembered at most.
    private static let remembered = 100_000
    /// Keys that are asked for together.
    private static let together = 500

    /// Remembers a key that is about to be written.
    func note(_ key: StateKey) {
        guard written != nil else { return }
        written?.insert(key)
        if written?.count ?? 0 > Self.remembered { written = nil }
    }

    package func export(_ scope: KeyScope) async throws(StateError) -> [StateEntry] {
        let keys = try await keys(of: scope)
        var entries: [StateEntry] = []
        for start in stride(from: 0, to: keys.count, by: Self.together) {
            entries += try await read(keys[start..<min(start + Self.together, keys.count)])
        }
        return entries.sorted { $0.key < $1.key }
    }

    package func replace(
        _ scope: KeyScope, with entries: [StateEntry]
    ) async throws(StateError) {
        var commands = removal(of: scope)
        for entry in entries { commands += try putting(entry) }
        guard !commands.isEmpty else { return }
        // Before it is sent: what is written meanwhile comes after it.
        let removed = written?.filter { scope.contains($0) } ?? []
        written?.subtract(removed)
        for entry in entries { note(entry.key) }
        do throws(StateError) { try await run(commands) } catch {
            written?.formUnion(removed)
            throw error
        }
    }

    /// The whole sandbox; a Redis that has gone keeps it.
    func removeAll() async { _ = try? await run([clear([], sparesOthers: false)]) }

    // MARK: Finding

    func keys(of scope: KeyScope) async throws(StateError) -> [StateKey] {
        if let written { return written.filter { scope.contains($0) } }
        var keys: Set<StateKey> = []
        for prefix in Set(scope.prefixes) { keys.formUnion(try await scan(pattern(prefix))) }
        return keys.filter { scope.contains($0) }
    }

    private func scan(_ pattern: ByteSlice) async throws(StateError) -> [StateKey] {
        var keys: [StateKey] = []
        var cursor = ByteSlice(utf8: "0")
        repeat {
            let command = RedisCommand(
                .init(utf8: "SCAN"), cursor, .init(utf8: "MATCH"), pattern, .init(utf8: "COUNT"),
                .init(utf8: "1000"))
            let reply: RedisReply
            do throws(RedisError) { reply = try await connection.send(command) } catch {
                throw .failed(error.text)
            }
            guard case .array(let parts) = reply, parts.count == 2, let next = parts[0].bytes,
                case .array(let found) = parts[1]
            else { throw .failed("redis: unexpected reply to SCAN") }
            keys += found.compactMap { $0.bytes.map { StateKey($0.dropFirst(prefix.count)) } }
            cursor = next[...]
        } while !cursor.elementsEqual("0".utf8)
        return keys
    }

    /// What begins so, as SCAN matches it.
    private func pattern(_ begin: [UInt8]) -> ByteSlice {
        let special = Array("*?[]^-\\".utf8)
        let escaped = (prefix + begin).flatMap {
            special.contains($0) ? [UInt8(ascii: "\\"), $0] : [$0]
        }
        return (escaped + [UInt8(ascii: "*")])[...]
    }

    // MARK: Reading

    private func read(_ keys: ArraySlice<StateKey>) async throws(StateError) -> [StateEntry] {
        let commands = keys.flatMap { key -> [[ByteSlice]] in
            [[.init(utf8: "HGETALL"), stored(key)], [.init(utf8: "PTTL"), stored(key)]]
        }
        let (now, replies): (Timestamp, [RedisReply])
        do throws(RedisError) {
            replies = try await connection.send(
                RedisCommand(batch: commands), replies: commands.count)
            now = RealClock().now
        } catch {
            throw .failed(error.text)
        }
        var entries: [StateEntry] = []
        for (index, key) in keys.enumerated() {
            guard var entry = try await entry(key, replies[2 * index]) else { continue }
            if case .integer(let rest) = replies[2 * index + 1], rest >= 0 {
                entry.expiry = now.adding(.milliseconds(rest))
            }
            entries.append(entry)
        }
        return entries
    }

    /// nil for what is no value or has gone meanwhile.
    private func entry(
        _ key: StateKey, _ reply: RedisReply
    ) async throws(StateError) -> StateEntry? {
        switch reply {
        case .array(let fields):
            guard let item = try? item(fields) else { return nil }
            let names = stride(from: 0, to: fields.count, by: 2).map { fields[$0].bytes }
            return StateEntry(
                key: key, value: item.value, etag: item.etag, expiry: Self.deadline(in: fields),
                isFirstWrite: names.contains(Array("first-write".utf8)))
        case .error where KeyScope([[]]).contains(key): return nil
        case .error:
            return try await plainValue(of: key).map { StateEntry(key: key, value: $0.value) }
        default: return nil
        }
    }

    // MARK: Writing

    private func removal(of scope: KeyScope) -> [[ByteSlice]] {
        guard let written else {
            return Set(scope.prefixes).map { clear($0, sparesOthers: $0.isEmpty) }
        }
        let keys = written.filter { scope.contains($0) }
        return keys.isEmpty ? [] : [[.init(utf8: "UNLINK")] + keys.map { stored($0) }]
    }

    private func clear(_ begin: [UInt8], sparesOthers: Bool) -> [ByteSlice] {
        [
            .init(utf8: "EVAL"), RedisScripts.clear, .init(utf8: "0"), pattern(begin),
            .init(utf8: sparesOthers ? "1" : "0"),
        ]
    }

    private func putting(_ entry: StateEntry) throws(StateError) -> [[ByteSlice]] {
        let key = stored(entry.key)
        let version = entry.etag ?? ByteSlice(utf8: "1")
        guard Int64(String(text: version)) != nil else {
            throw .etagInvalid(detail: "an etag of Redis is a number: \(String(text: version))")
        }
        var fields: [ByteSlice] = [
            .init(utf8: "data"), entry.value, .init(utf8: "version"), version,
        ]
        if entry.isFirstWrite { fields += [.init(utf8: "first-write"), .init(utf8: "0")] }
        var commands = [[.init(utf8: "DEL"), key], [.init(utf8: "HSET"), key] + fields]
        if let expiry = entry.expiry {
            guard clock.mode == .real else {
                let time = Self.milliseconds(expiry)
                return commands + [[.init(utf8: "HSET"), key, .init(utf8: "deadline"), time]]
            }
            let rest = max(1, expiry.nanoseconds(since: RealClock().now) / 1_000_000)
            commands.append([.init(utf8: "PEXPIRE"), key, .init(decimal: rest)])
        }
        return commands
    }
}
