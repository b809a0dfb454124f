internal import Bytes

/// A key as a store holds it, prefix included: bytes, because Dapr's keys are bytes and Swift's
/// `String` would take canonically equivalent spellings for one.
package struct StateKey: Hashable, Comparable, Sendable {
    /// The key's bytes, storage of its own.
    package let bytes: [UInt8]

    package init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package func hash(into hasher: inout Hasher) {
        // Safe: the hasher reads the array's own bytes; element-wise hashing is ten times slower.
        unsafe bytes.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    }

    package static func < (a: StateKey, b: StateKey) -> Bool {
        a.bytes.lexicographicallyPrecedes(b.bytes)
    }

    /// The key to show a person.
    package var text: String { String(text: bytes) }
}
