package import Backends
internal import Bytes
package import Transport

/// `state.redis`: hashes with `data` and `version`, written by scripts, as Dapr's store lays them out.
///
/// Confined to the sandbox's loop, one pipelined connection.
package final class RedisStateStore: StateStore {
    let connection: RedisConnection
    private let settings: RedisSettings
    let clock: SandboxClock
    /// What stands before every key of a sandbox that is not the default one.
    let prefix: [UInt8]
    /// The keys that were written, so that a sandbox's are found without looking through a Redis that
    /// may be large; nil when that says nothing: others write the default sandbox's, or they are too
    /// many.
    var written: Set<StateKey>?
    private var digests: (set: ByteSlice, delete: ByteSlice)?
    private var replicas = 0

    package let features: [StateFeature] = [.etag, .transactional, .ttl, .keysLike]

    package init(
        _ settings: RedisSettings, keyPrefix: String = "", clock: SandboxClock, on loop: EventLoop
    ) {
        self.settings = settings
        self.clock = clock
        prefix = Array(keyPrefix.utf8)
        written = prefix.isEmpty ? nil : []
        connection = RedisConnection(settings, work: clock.work, on: loop)
    }

    /// Asks whether Redis is there and lets us in.
    package func ping() async throws(RedisError) {
        if case .error(let text) = try await connection.send(RedisCommand(.init(utf8: "PING"))) {
            throw .refused(text)
        }
    }

    /// Closes the connection. The keys of a sandbox that is not the default one go with it: the Redis
    /// may be somebody's own.
    package func close() async {
        if !prefix.isEmpty { await removeAll() }
        connection.close()
    }

    // MARK: Reading

    package func get(
        _ key: StateKey, consistency: Consistency?
    ) async throws(StateError) -> StoredItem? {
        let reply = try await send(RedisCommand(Names.hgetall, stored(key)))
        switch reply {
        case .array(let fields): return try item(fields)
        case .error(let text) where text.hasPrefix("WRONGTYPE"):
            return try await plainValue(of: key)
        case .error(let text): throw .failed(text)
        default: return nil
        }
    }

    /// A value that is no hash: somebody else wrote it; it has no etag.
    func plainValue(of key: StateKey) async throws(StateError) -> StoredItem? {
        switch try await send(RedisCommand(Names.get, stored(key))) {
        case .bulk(let value): return StoredItem(value: value[...], etag: nil)
        case .error(let text): throw .failed(text)
        default: return nil
        }
    }

    func item(_ fields: [RedisReply]) throws(StateError) -> StoredItem? {
        guard !fields.isEmpty else { return nil }
        var (data, version): ([UInt8]?, [UInt8]?)
        for index in stride(from: 0, to: fields.count - 1, by: 2) {
            guard let name = fields[index].bytes else { continue }
            if name[...].equals("data") { data = fields[index + 1].bytes }
            if name[...].equals("version") { version = fields[index + 1].bytes }
        }
        // Looked at by every clock: an earlier run may have left it. Two or three fields are usual.
        if fields.count > 4, let deadline = Self.deadline(in: fields), deadline <= clock.now {
            return nil
        }
        guard let data, let version else {
            throw .failed("required hash field 'data' or 'version' was not found")
        }
        return StoredItem(value: data[...], etag: version[...])
    }

    /// All at once, whatever parallelism was asked for: they travel down one connection anyway.
    package func bulkGet(
        _ keys: [StateKey], parallelism: Int
    ) async throws(StateError) -> [BulkItem] {
        let command = RedisCommand(batch: keys.map { [Names.hgetall, stored($0)] })
        let replies: [RedisReply]
        do throws(RedisError) {
            replies = try await connection.send(command, replies: keys.count)
        } catch {
            // Each key has its own error; the answer as a whole is a success.
            let failure = StateError.failed(error.text)
            return keys.map { BulkItem(key: $0, item: .failure(failure)) }
        }
        var items: [BulkItem] = []
        for (key, reply) in zip(keys, replies) {
            items.append(BulkItem(key: key, item: await item(of: key, reply)))
        }
        return items
    }

    private func item(
        of key: StateKey, _ reply: RedisReply
    ) async -> Result<StoredItem?, StateError> {
        do throws(StateError) {
            switch reply {
            case .array(let fields): return .success(try item(fields))
            case .error(let text) where text.hasPrefix("WRONGTYPE"):
                return .success(try await plainValue(of: key))
            case .error(let text): throw .failed(text)
            default: return .success(nil)
            }
        } catch {
            return .failure(error)
        }
    }

    // MARK: Writing

    package func set(_ write: StateWrite) async throws(StateError) {
        note(write.key)
        let set = try PreparedSet(write, key: stored(write.key), ttl: ttl(of: write))
        let reply: RedisReply
        do throws(StateError) {
            reply = try await evaluate(
                RedisScripts.set, { $0.set }, set.key,
                set.arguments + [now, deadline(set.ttl)])
        } catch {
            guard case .failed(let text) = error else { throw error }
            throw set.failure(text)
        }
        if case .error(let text) = reply { throw set.failure(text) }
        if let ttl = set.ttl, clock.mode == .real { try await expire(set.key, after: ttl) }
        if write.consistency == .strong { try await waitForReplicas() }
    }

    /// All scripts leave in one write, and then all expiries.
    package func setEach(_ writes: [StateWrite]) async -> [Result<Void, StateError>] {
        let tasks = writes.map { write in
            let result = Waiting()
            connection.loop.spawn {
                do throws(StateError) {
                    try await self.set(write)
                    result.end(.success(()))
                } catch {
                    result.end(.failure(error))
                }
            }
            return result
        }
        var results: [Result<Void, StateError>] = []
        for task in tasks { results.append(await task.result()) }
        return results
    }

    package func delete(_ removal: StateRemoval) async throws(StateError) {
        let reply: RedisReply
        do throws(StateError) {
            // Unlike a write's, a removal's etag is no number to Dapr, and last-write is not asked.
            reply = try await evaluate(
                RedisScripts.delete, { $0.delete }, stored(removal.key),
                [removal.etag ?? Names.zero, now])
        } catch {
            // Dapr wraps every failure of a removal in an etag mismatch, a lost connection too.
            guard case .failed(let text) = error else { throw error }
            throw .etagMismatch(detail: text)
        }
        if case .error(let text) = reply { throw .etagMismatch(detail: text) }
    }

    private func expire(_ key: ByteSlice, after ttl: Int64) async throws(StateError) {
        let name = String(text: key)
        let what = ttl > 0 ? "failed to set key \(name) ttl" : "failed to persist key \(name)"
        do throws(RedisError) {
            let reply = try await connection.send(RedisCommand(Self.expiry(key, ttl)))
            if case .error(let text) = reply { throw .refused(text) }
        } catch {
            throw .failed("\(what): \(error.text)")
        }
    }

    /// Nothing above zero means that the value is to stay.
    private static func expiry(_ key: ByteSlice, _ ttl: Int64) -> [ByteSlice] {
        ttl > 0 ? [Names.expire, key, ByteSlice(decimal: ttl)] : [Names.persist, key]
    }

    private func waitForReplicas() async throws(StateError) {
        guard replicas > 0 else { return }
        let count = ByteSlice(decimal: Int64(replicas))
        let reply = try await send(RedisCommand(Names.wait, count, ByteSlice(decimal: 1000)))
        if case .error(let text) = reply {
            throw .failed(
                "redis waiting for \(replicas) replicas to acknowledge write, err: \(text)")
        }
    }

    // MARK: Transactions

    package func transact(_ operations: [StateOperation]) async throws(StateError) {
        var batch: [[ByteSlice]] = []
        for operation in operations { batch += try commands(operation) }
        try await run(batch)
    }

    /// Runs commands as one transaction.
    func run(_ commands: [[ByteSlice]]) async throws(StateError) {
        let batch = [[Names.multi]] + commands + [[Names.exec]]
        let replies: [RedisReply]
        do throws(RedisError) {
            replies = try await connection.send(RedisCommand(batch: batch), replies: batch.count)
        } catch {
            throw .failed(error.text)
        }
        switch replies.last {
        case .array(let results):
            for case .error(let text) in results { throw .failed(text) }
        case .error(let text): throw .failed(text)
        default: throw .failed("redis: transaction failed")
        }
    }

    /// As in Dapr, a transaction does not record that a write was a first write.
    private func commands(_ operation: StateOperation) throws(StateError) -> [[ByteSlice]] {
        switch operation {
        case .upsert(let write):
            note(write.key)
            let set = try PreparedSet(write, key: stored(write.key), ttl: ttl(of: write))
            // The third one: no first write.
            let script = [
                Names.eval, RedisScripts.set, Names.one, set.key, set.etag, write.value, Names.one,
                now, deadline(set.ttl),
            ]
            guard let ttl = set.ttl, clock.mode == .real else { return [script] }
            return [script, Self.expiry(set.key, ttl)]
        case .delete(let removal):
            return [
                [
                    Names.eval, RedisScripts.delete, Names.one, stored(removal.key),
                    removal.etag ?? Names.zero, now,
                ]
            ]
        }
    }

    // MARK: Parts

    func stored(_ key: StateKey) -> ByteSlice {
        prefix.isEmpty ? key.bytes[...] : (prefix + key.bytes)[...]
    }

    private func send(_ command: RedisCommand) async throws(StateError) -> RedisReply {
        do throws(RedisError) { return try await connection.send(command) } catch {
            throw .failed(error.text)
        }
    }

    /// Runs a script by its digest; a server that does not know it (any more) is sent the text.
    private func evaluate(
        _ script: ByteSlice,
        _ digest: ((set: ByteSlice, delete: ByteSlice)) -> ByteSlice,
        _ key: ByteSlice, _ arguments: [ByteSlice]
    ) async throws(StateError) -> RedisReply {
        let digests = try await loadedDigests()
        let reply = try await send(
            RedisCommand([Names.evalsha, digest(digests), Names.one, key] + arguments))
        guard case .error(let text) = reply, text.hasPrefix("NOSCRIPT") else { return reply }
        // Nothing was done, so it may be sent again.
        return try await send(RedisCommand([Names.eval, script, Names.one, key] + arguments))
    }

    private func loadedDigests() async throws(StateError) -> (set: ByteSlice, delete: ByteSlice) {
        if let digests { return digests }
        let set = try await load(RedisScripts.set)
        let delete = try await load(RedisScripts.delete)
        try await countReplicas()
        digests = (set, delete)
        return (set, delete)
    }

    private func load(_ script: ByteSlice) async throws(StateError) -> ByteSlice {
        switch try await send(RedisCommand(Names.script, Names.load, script)) {
        case .bulk(let digest): return digest[...]
        case .error(let text): throw .failed(text)
        default: throw .failed("redis: unexpected reply to SCRIPT LOAD")
        }
    }

    private func countReplicas() async throws(StateError) {
        let info = try await send(RedisCommand(Names.info, Names.replication))
        guard let text = info.bytes.map({ String(text: $0) }) else { return }
        for line in text.split(whereSeparator: \.isNewline)
        where line.hasPrefix("connected_slaves:") {
            replicas = Int(line.dropFirst("connected_slaves:".count)) ?? 0
        }
    }

    private func ttl(of write: StateWrite) throws(StateError) -> Int64? {
        guard let text = write.metadata["ttlInSeconds"], !text.isEmpty else {
            return settings.ttlInSeconds
        }
        do throws(GoInteger.ParseError) { return try GoInteger.parse(text) } catch {
            let why = GoInteger.message("ParseInt", text, error)
            throw .failed("failed to parse ttl from metadata: \(why)")
        }
    }
}

/// One write as the script wants it.
private struct PreparedSet {
    let key: ByteSlice
    let etag: ByteSlice
    /// Seconds; nil when nothing was said about them.
    let ttl: Int64?
    private let write: StateWrite

    init(_ write: StateWrite, key: ByteSlice, ttl: Int64?) throws(StateError) {
        self.write = write
        self.key = key
        self.ttl = ttl
        etag = try Self.number(write.concurrency == .lastWrite ? nil : write.etag)
    }

    var arguments: [ByteSlice] {
        [etag, write.value, write.concurrency == .firstWrite ? Names.zero : Names.one]
    }

    /// As Dapr: whatever fails a write that had an etag is taken for a mismatch.
    func failure(_ text: String) -> StateError {
        guard write.etag == nil else { return .etagMismatch(detail: text) }
        return .failed("failed to set key \(String(text: key)): \(text)")
    }

    private static func number(_ etag: ETag?) throws(StateError) -> ByteSlice {
        guard let etag else { return Names.zero }
        let text = String(text: etag)
        do throws(GoInteger.ParseError) {
            return ByteSlice(decimal: try GoInteger.parse(text))
        } catch {
            throw .etagInvalid(detail: GoInteger.message("Atoi", text, error))
        }
    }
}

/// What one of several writes came to, for whoever waits for all. Confined to the loop.
private final class Waiting {
    private var ended: Result<Void, StateError>?
    private var waiter: Suspension<Result<Void, StateError>>?

    func end(_ result: Result<Void, StateError>) {
        ended = result
        waiter?.resume(returning: result)
        waiter = nil
    }

    func result() async -> Result<Void, StateError> {
        await Suspension.suspend { suspension in
            if let ended { return suspension.resume(returning: ended) }
            waiter = suspension
        }
    }
}

/// The words of commands, made once.
private enum Names {
    static let hgetall = ByteSlice(utf8: "HGETALL")
    static let get = ByteSlice(utf8: "GET")
    static let eval = ByteSlice(utf8: "EVAL")
    static let evalsha = ByteSlice(utf8: "EVALSHA")
    static let script = ByteSlice(utf8: "SCRIPT")
    static let load = ByteSlice(utf8: "LOAD")
    static let expire = ByteSlice(utf8: "EXPIRE")
    static let persist = ByteSlice(utf8: "PERSIST")
    static let wait = ByteSlice(utf8: "WAIT")
    static let multi = ByteSlice(utf8: "MULTI")
    static let exec = ByteSlice(utf8: "EXEC")
    static let info = ByteSlice(utf8: "INFO")
    static let replication = ByteSlice(utf8: "replication")
    static let zero = ByteSlice(utf8: "0")
    static let one = ByteSlice(utf8: "1")
}
