package import Bytes

/// An opaque version of a stored value, as text.
package typealias ETag = ByteSlice

/// What a state component stands on: keys and opaque values, etags, expiry.
///
/// Confined to the sandbox's loop; one with a thread or a connection of its own waits for it there.
/// Keys come prefixed. Stores differ where Dapr's stores do (`state.md` §12–14 of the
/// specification): each reads the metadata it knows and words its own errors.
package protocol StateStore: AnyObject {
    /// What the store can do, as Dapr's metadata lists it.
    var features: [StateFeature] { get }

    /// The value of `key`; nil when there is none or it has expired.
    func get(_ key: StateKey, consistency: Consistency?) async throws(StateError) -> StoredItem?

    /// Writes one value.
    func set(_ write: StateWrite) async throws(StateError)

    /// Writes several values, neither ordered nor atomic: one result per write, in their order.
    func setEach(_ writes: [StateWrite]) async -> [Result<Void, StateError>]

    /// Removes one key.
    func delete(_ removal: StateRemoval) async throws(StateError)

    /// Reads several keys; the order of the answer is the store's own, as in Dapr.
    ///
    /// - Parameter parallelism: how many reads at once; 0 or less for all.
    func bulkGet(_ keys: [StateKey], parallelism: Int) async throws(StateError) -> [BulkItem]

    /// Does all operations in order.
    func transact(_ operations: [StateOperation]) async throws(StateError)

    /// What lies under `scope` and has not expired, ordered by key.
    func export(_ scope: KeyScope) async throws(StateError) -> [StateEntry]

    /// Removes what lies under `scope` and puts `entries` down, all at once; conditions are not asked.
    /// An empty scope removes nothing.
    func replace(_ scope: KeyScope, with entries: [StateEntry]) async throws(StateError)

    /// Told when the sandbox's time goes otherwise than before, and when it does not go as the
    /// system's from the start.
    ///
    /// - Parameter scope: the keys that are the sandbox's own.
    func clockHasChanged(_ scope: KeyScope) async throws(StateError)

    /// Lets go of files, connections and threads.
    func close() async
}

extension StateStore {
    /// Nothing to do for a store that keeps times of day and asks the clock.
    package func clockHasChanged(_ scope: KeyScope) async throws(StateError) {}
}

/// A capability as Dapr's metadata spells it.
package enum StateFeature: String, Sendable {
    case etag = "ETAG"
    case transactional = "TRANSACTIONAL"
    case ttl = "TTL"
    case deleteWithPrefix = "DELETE_WITH_PREFIX"
    case keysLike = "KEYS_LIKE"
    case queryAPI = "QUERY_API"
}

package enum Concurrency: String, Sendable {
    case firstWrite = "first-write"
    case lastWrite = "last-write"
}

package enum Consistency: String, Sendable {
    case strong
    case eventual
}

/// Names and values of a request's metadata; names are case-sensitive and the last one wins.
package typealias Metadata = [String: String]

/// A value as it was found.
package struct StoredItem: Equatable, Sendable {
    /// The stored bytes, exactly.
    package var value: ByteSlice
    package var etag: ETag?
    /// When it expires, for stores that tell (`metadata.ttlExpireTime`).
    package var expiry: Timestamp?

    package init(value: ByteSlice, etag: ETag?, expiry: Timestamp? = nil) {
        self.value = value
        self.etag = etag
        self.expiry = expiry
    }
}

/// One value to be written.
package struct StateWrite: Sendable {
    package var key: StateKey
    package var value: ByteSlice
    /// What the stored etag must be; nil for none asked. Never empty.
    package var etag: ETag?
    package var concurrency: Concurrency?
    package var consistency: Consistency?
    package var metadata: Metadata

    package init(
        key: StateKey, value: ByteSlice, etag: ETag? = nil, concurrency: Concurrency? = nil,
        consistency: Consistency? = nil, metadata: Metadata = [:]
    ) {
        self.key = key
        self.value = value
        self.etag = etag
        self.concurrency = concurrency
        self.consistency = consistency
        self.metadata = metadata
    }
}

/// One key to be removed.
package struct StateRemoval: Sendable {
    package var key: StateKey
    /// What the stored etag must be; nil for none asked. Never empty.
    package var etag: ETag?
    package var concurrency: Concurrency?
    package var consistency: Consistency?

    package init(
        key: StateKey, etag: ETag? = nil, concurrency: Concurrency? = nil,
        consistency: Consistency? = nil
    ) {
        self.key = key
        self.etag = etag
        self.concurrency = concurrency
        self.consistency = consistency
    }
}

/// One step of a transaction.
package enum StateOperation: Sendable {
    case upsert(StateWrite)
    case delete(StateRemoval)
}

/// One answer of a bulk read.
package struct BulkItem: Sendable {
    /// The key, prefixed; nil for the empty items that SQLite answers to a key asked twice.
    package var key: StateKey?
    package var item: Result<StoredItem?, StateError>

    package init(key: StateKey?, item: Result<StoredItem?, StateError>) {
        self.key = key
        self.item = item
    }
}

/// Why a store did not do what it was asked; the texts are those of Dapr's stores.
package enum StateError: Error, Equatable {
    /// The etag did not fit: 409 on save and delete. The detail is the store's own, if it has any.
    case etagMismatch(detail: String?)
    /// The etag cannot be one of this store's: 400.
    case etagInvalid(detail: String?)
    /// Anything else: 500.
    case failed(String)
}
