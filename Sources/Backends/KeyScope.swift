/// Which keys of a store belong to a sandbox: a store may be shared with Dapr and other programs, and
/// what is theirs is neither looked at nor removed. Pure.
package struct KeyScope: Sendable, Equatable {
    /// What components put before their keys. An empty one (`keyPrefix: none`) stands for the keys
    /// without a prefix, never for those with one of another component.
    package let prefixes: [[UInt8]]

    package init(_ prefixes: [[UInt8]]) { self.prefixes = prefixes }

    package func contains(_ key: StateKey) -> Bool {
        prefixes.contains { prefix in
            prefix.isEmpty ? !Self.hasPrefix(key) : key.bytes.starts(with: prefix)
        }
    }

    /// Ends every prefix; callers' keys may not hold it.
    package static let separator = Array("||".utf8)

    private static func hasPrefix(_ key: StateKey) -> Bool {
        zip(key.bytes, key.bytes.dropFirst()).contains { $0 == separator[0] && $1 == separator[1] }
    }
}
