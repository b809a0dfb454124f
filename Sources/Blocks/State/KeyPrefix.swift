internal import Backends
internal import Bytes

/// What a state component puts before every key (component metadata `keyPrefix`).
package struct KeyPrefix: Equatable, Sendable {
    /// The prefix and its separator; empty for the strategy `none`.
    let bytes: [UInt8]

    /// Why a strategy is refused: its literal holds the separator.
    package struct IllegalPrefix: Error, Equatable {
        package let prefix: String
    }

    /// - Parameters:
    ///   - strategy: the component's `keyPrefix`, nil when it has none; compared in lower case.
    ///   - namespace: the environment's `NAMESPACE`.
    package init(
        strategy: String?, appID: String, component: String, namespace: String?
    ) throws(IllegalPrefix) {
        let prefix: String
        switch strategy?.lowercased() ?? "" {
        case "", "appid": prefix = appID
        case "name": prefix = component
        case "namespace":
            // Dapr falls back to the app id when NAMESPACE is empty.
            prefix = namespace.flatMap { $0.isEmpty ? nil : "\($0).\(appID)" } ?? appID
        case "none":
            bytes = []
            return
        case let literal: prefix = literal
        }
        guard !prefix.contains("||") else { throw IllegalPrefix(prefix: prefix) }
        bytes = Array("\(prefix)||".utf8)
    }

    /// The key as the store holds it.
    func stored(_ key: ByteSlice) -> StateKey { StateKey(bytes + key) }

    /// The key as the caller knows it.
    func bare(_ key: StateKey) -> ByteSlice { key.bytes[bytes.count...] }

    /// Whether a caller's key holds the separator, which every strategy refuses, `none` too.
    static func isIllegal(_ key: ByteSlice) -> Bool {
        guard let bar = key.firstIndex(of: UInt8(ascii: "|")) else { return false }
        return zip(key[bar...], key[bar...].dropFirst()).contains {
            $0 == UInt8(ascii: "|") && $1 == UInt8(ascii: "|")
        }
    }
}
