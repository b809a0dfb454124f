package import Bytes

/// One key of a store with all that belongs to it, as it is taken out and put back.
package struct StateEntry: Sendable, Equatable {
    /// With its component's prefix.
    package var key: StateKey
    package var value: ByteSlice
    /// nil lets the store make one.
    package var etag: ETag?
    /// On the sandbox's clock; nil for what does not expire.
    package var expiry: Timestamp?
    /// Whether the key was last written `first-write`, which Redis remembers.
    package var isFirstWrite: Bool

    package init(
        key: StateKey, value: ByteSlice, etag: ETag? = nil, expiry: Timestamp? = nil,
        isFirstWrite: Bool = false
    ) {
        self.key = key
        self.value = value
        self.etag = etag
        self.expiry = expiry
        self.isFirstWrite = isFirstWrite
    }
}
