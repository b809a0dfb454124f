internal import Backends
internal import Bytes

/// The query of a request, read as Go's `url.ParseQuery` does: pairs that do not decode, and those
/// with a semicolon, are dropped.
struct Query {
    private var pairs: [(name: ByteSlice, value: ByteSlice)] = []

    init(_ query: ByteSlice?) {
        guard let query, !query.isEmpty else { return }
        for part in query.split(separator: UInt8(ascii: "&")) {
            guard !part.contains(UInt8(ascii: ";")) else { continue }
            let equals = part.firstIndex(of: UInt8(ascii: "="))
            let value = equals.map { part[($0 + 1)...] } ?? []
            guard let name = Percent.decode(part[..<(equals ?? part.endIndex)], plusIsSpace: true),
                let decoded = Percent.decode(value, plusIsSpace: true)
            else { continue }
            pairs.append((name, decoded))
        }
    }

    /// Every pair, in its order.
    var all: [(name: String, value: String)] {
        pairs.map { (String(text: $0.name), String(text: $0.value)) }
    }

    /// The first value of `name`, which is case-sensitive; nil when it does not occur.
    subscript(name: StaticString) -> String? {
        pairs.first { $0.name.equals(name) }.map { String(text: $0.value) }
    }

    /// What `metadata.NAME=value` parameters say; the first of a name wins.
    var metadata: Metadata {
        var metadata: Metadata = [:]
        for (name, value) in pairs where name.prefix(prefixLength).equals("metadata.") {
            let name = String(text: name.dropFirst(prefixLength))
            if metadata[name] == nil { metadata[name] = String(text: value) }
        }
        return metadata
    }

    private var prefixLength: Int { 9 }
}
