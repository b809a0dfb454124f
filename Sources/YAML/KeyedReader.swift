/// Reads a mapping by its keys. Strict (our own files): a key that is not known is an error with a
/// suggestion. Lenient (Dapr's resource files): unknown keys are passed over, names are compared
/// without case, null counts as absent, as Go's JSON decoder has it.
package struct KeyedReader {
    package let node: YAMLNode
    package let source: SourceText
    private let isLenient: Bool

    /// Strict: refuses what is no mapping, and any key that `keys` does not hold.
    package init(
        _ node: YAMLNode, in source: SourceText, keys: [String]
    ) throws(Diagnostic) {
        for member in try source.members(node) where !keys.contains(member.name) {
            throw source.error(
                "unknown key `\(member.name)`", at: member.key,
                hint: Suggestion.hint(for: member.name, among: keys))
        }
        self.node = node
        self.source = source
        isLenient = false
    }

    /// Lenient: refuses only what is no mapping.
    package init(lenient node: YAMLNode, in source: SourceText) throws(Diagnostic) {
        _ = try source.members(node)
        self.node = node
        self.source = source
        isLenient = true
    }

    /// The value of a key, nil when it is not there.
    package subscript(key: String) -> YAMLNode? {
        guard isLenient else { return node[key] }
        return node.member(ignoringCase: key).flatMap { $0.isNull ? nil : $0 }
    }

    /// The value of a key that has to be there; missing, it is an error at the mapping's beginning.
    package func required(_ key: String) throws(Diagnostic) -> YAMLNode {
        if let value = self[key] { return value }
        throw Diagnostic(
            .error, "the key `\(key)` is missing", at: node.mapping?.first?.key.span ?? node.span,
            in: source)
    }

    // MARK: Typed values; nil when the key is not there

    /// A string; of a lenient reader also numbers and booleans, as Go's decoder turns them to text.
    package func string(_ key: String) throws(Diagnostic) -> String? {
        guard let value = self[key] else { return nil }
        return try text(of: value)
    }

    private func text(of node: YAMLNode) throws(Diagnostic) -> String {
        if isLenient, let scalar = node.scalar { return scalar.value.goText }
        return try source.string(node)
    }

    package func bool(_ key: String) throws(Diagnostic) -> Bool? {
        guard let value = self[key] else { return nil }
        return try source.bool(value)
    }

    package func int(
        _ key: String, in range: ClosedRange<Int> = Int.min...Int.max
    ) throws(Diagnostic) -> Int? {
        guard let value = self[key] else { return nil }
        return try source.int(value, in: range)
    }

    package func double(_ key: String) throws(Diagnostic) -> Double? {
        guard let value = self[key] else { return nil }
        return try source.double(value)
    }

    package func list(_ key: String) throws(Diagnostic) -> [YAMLNode]? {
        guard let value = self[key] else { return nil }
        return try source.list(value)
    }

    /// A list of strings, read as `string(_:)` reads one.
    package func strings(_ key: String) throws(Diagnostic) -> [String]? {
        guard let nodes = try list(key) else { return nil }
        var strings: [String] = []
        for node in nodes {
            strings.append(try text(of: node))
        }
        return strings
    }

    package func members(_ key: String) throws(Diagnostic) -> [YAMLNode.Member]? {
        guard let value = self[key] else { return nil }
        return try source.members(value)
    }

    /// A strict reader of the mapping under a key.
    package func keyed(_ key: String, keys: [String]) throws(Diagnostic) -> KeyedReader? {
        guard let value = self[key] else { return nil }
        return try KeyedReader(value, in: source, keys: keys)
    }

    /// A lenient reader of the mapping under a key.
    package func lenient(_ key: String) throws(Diagnostic) -> KeyedReader? {
        guard let value = self[key] else { return nil }
        return try KeyedReader(lenient: value, in: source)
    }
}
