package import Backends

/// A state store as a sidecar names it: a back end behind a component.
///
/// Confined to the sandbox's loop.
package final class StateComponent {
    /// How the store's family words and formats what families differ in.
    package enum Family: Sendable {
        case memory
        case sqlite
        case redis
    }

    package let name: String
    /// The component's type, as its resource names it: `state.redis`.
    package let type: String
    package let version: String
    package let family: Family
    package let store: any StateStore
    package let keyPrefix: KeyPrefix
    /// The name as requests spell it.
    let nameBytes: [UInt8]

    package init(
        name: String, type: String, version: String, family: Family, store: any StateStore,
        keyPrefix: KeyPrefix
    ) {
        self.name = name
        self.type = type
        self.version = version
        self.family = family
        self.store = store
        self.keyPrefix = keyPrefix
        nameBytes = Array(name.utf8)
    }
}
