internal import Bytes

/// `state.in-memory`: a dictionary on the sandbox's loop, gone with it.
///
/// As Dapr's: UUID etags, every write with an etag checked, `first-write` without one refused when
/// the key exists, transactions checked as a whole before anything is written.
package final class MemoryStateStore: StateStore {
    private struct Entry {
        var value: StoredItem
        var expiry: Timestamp?
    }

    private var entries: [StateKey: Entry] = [:]
    /// Keys that were given an expiry; some may have lost it since.
    private var expiring: Set<StateKey> = []
    private var nextSweep = Timestamp(nanoseconds: .min)
    private let clock: SandboxClock
    private let random: RandomSource

    package let features: [StateFeature] = [
        .etag, .transactional, .ttl, .deleteWithPrefix, .keysLike,
    ]

    package init(clock: SandboxClock, random: RandomSource) {
        self.clock = clock
        self.random = random
    }

    package func get(
        _ key: StateKey, consistency: Consistency?
    ) async throws(StateError) -> StoredItem? {
        live(key)
    }

    package func set(_ write: StateWrite) async throws(StateError) {
        let expiry = try expiry(of: write)
        try check(write)
        store(write, expiry: expiry)
    }

    package func setEach(_ writes: [StateWrite]) async -> [Result<Void, StateError>] {
        var results: [Result<Void, StateError>] = []
        for write in writes {
            do throws(StateError) {
                try await set(write)
                results.append(.success(()))
            } catch {
                results.append(.failure(error))
            }
        }
        return results
    }

    package func delete(_ removal: StateRemoval) async throws(StateError) {
        try check(removal)
        entries[removal.key] = nil
    }

    package func bulkGet(
        _ keys: [StateKey], parallelism: Int
    ) async throws(StateError) -> [BulkItem] {
        keys.map { BulkItem(key: $0, item: .success(live($0))) }
    }

    package func transact(_ operations: [StateOperation]) async throws(StateError) {
        var expiries: [Timestamp?] = []
        for operation in operations {
            switch operation {
            case .upsert(let write):
                expiries.append(try expiry(of: write))
                try check(write)
            case .delete(let removal):
                expiries.append(nil)
                try check(removal)
            }
        }
        for (operation, expiry) in zip(operations, expiries) {
            switch operation {
            case .upsert(let write): store(write, expiry: expiry)
            case .delete(let removal): entries[removal.key] = nil
            }
        }
    }

    package func export(_ scope: KeyScope) async throws(StateError) -> [StateEntry] {
        entries.compactMap { key, entry in
            guard scope.contains(key), !isExpired(entry) else { return nil }
            return StateEntry(
                key: key, value: entry.value.value, etag: entry.value.etag, expiry: entry.expiry)
        }.sorted { $0.key < $1.key }
    }

    package func replace(
        _ scope: KeyScope, with entries: [StateEntry]
    ) async throws(StateError) {
        for key in self.entries.keys where scope.contains(key) { self.entries[key] = nil }
        for entry in entries {
            put(entry.key, entry.value, etag: entry.etag ?? random.uuid()[...], entry.expiry)
        }
    }

    package func close() async { entries = [:] }

    // MARK: Parts

    private func live(_ key: StateKey) -> StoredItem? {
        guard let entry = entries[key], !isExpired(entry) else { return nil }
        return entry.value
    }

    private func isExpired(_ entry: Entry) -> Bool {
        guard let expiry = entry.expiry else { return false }
        return expiry <= clock.now
    }

    private func store(_ write: StateWrite, expiry: Timestamp?) {
        sweep()
        put(write.key, write.value, etag: random.uuid()[...], expiry)
    }

    private func put(_ key: StateKey, _ value: ByteSlice, etag: ETag, _ expiry: Timestamp?) {
        let item = StoredItem(value: value, etag: etag, expiry: expiry)
        entries[key] = Entry(value: item, expiry: expiry)
        if expiry != nil { expiring.insert(key) }
    }

    /// Drops what has expired, at most once a second, so that an unread key does not stay for ever.
    private func sweep() {
        guard !expiring.isEmpty, clock.now >= nextSweep else { return }
        nextSweep = clock.now.adding(seconds: 1)
        for key in expiring {
            guard let entry = entries[key], entry.expiry != nil else {
                expiring.remove(key)
                continue
            }
            guard isExpired(entry) else { continue }
            entries[key] = nil
            expiring.remove(key)
        }
    }

    private func check(_ write: StateWrite) throws(StateError) {
        try check(write.key, write.etag, write.concurrency)
    }

    private func check(_ removal: StateRemoval) throws(StateError) {
        try check(removal.key, removal.etag, removal.concurrency)
    }

    private func check(
        _ key: StateKey, _ etag: ETag?, _ concurrency: Concurrency?
    ) throws(StateError) {
        guard let etag else {
            guard concurrency == .firstWrite, live(key) != nil else { return }
            throw .etagMismatch(detail: "item already exists and no etag was passed")
        }
        guard let current = live(key)?.etag else {
            throw .etagMismatch(detail: "state not exist or expired for key=\(key.text)")
        }
        guard current != etag else { return }
        throw .etagMismatch(
            detail: "state etag not match for key=\(key.text): "
                + "current=\(String(text: current)), expect=\(String(text: etag))")
    }

    private func expiry(of write: StateWrite) throws(StateError) -> Timestamp? {
        guard let text = write.metadata["ttlInSeconds"], !text.isEmpty else { return nil }
        do throws(GoInteger.ParseError) {
            let seconds = try GoInteger.parse(text)
            return seconds > 0 ? clock.now.adding(seconds: seconds) : nil
        } catch {
            throw .failed(GoInteger.message("ParseInt", text, error))
        }
    }
}
