/// Typed reading of nodes: each answers the value or throws what was expected, what was found, and
/// where.
extension SourceText {
    /// An error about a node of this text.
    package func error(_ message: String, at node: YAMLNode, hint: String? = nil) -> Diagnostic {
        Diagnostic(.error, message, at: node.span, in: self, hint: hint)
    }

    /// A string. Numbers and booleans are none, for which of `1.10`'s two texts is meant?
    package func string(_ node: YAMLNode) throws(Diagnostic) -> String {
        if let string = node.string { return string }
        let isScalar = node.scalar != nil && !node.isNull
        throw unexpected(node, "a string", hint: isScalar ? "put it in quotes" : nil)
    }

    package func bool(_ node: YAMLNode) throws(Diagnostic) -> Bool {
        if let bool = node.bool { return bool }
        throw unexpected(node, "a boolean", hint: "write `true` or `false`")
    }

    /// A whole number in `range`.
    package func int(
        _ node: YAMLNode, in range: ClosedRange<Int> = Int.min...Int.max
    ) throws(Diagnostic) -> Int {
        guard let int = node.int else { throw unexpected(node, "a whole number") }
        guard range.contains(int) else {
            let bounds =
                range.upperBound == .max
                ? "of at least \(range.lowerBound)"
                : "from \(range.lowerBound) to \(range.upperBound)"
            throw error("expected a whole number \(bounds), found \(int)", at: node)
        }
        return int
    }

    package func double(_ node: YAMLNode) throws(Diagnostic) -> Double {
        if let double = node.double { return double }
        throw unexpected(node, "a number")
    }

    /// The nodes of a list.
    package func list(_ node: YAMLNode) throws(Diagnostic) -> [YAMLNode] {
        if let nodes = node.sequence { return nodes }
        throw unexpected(node, "a list")
    }

    /// The members of a mapping, in the order they were written.
    package func members(_ node: YAMLNode) throws(Diagnostic) -> [YAMLNode.Member] {
        if let members = node.mapping { return members }
        throw unexpected(node, "a mapping")
    }

    /// One of `words`; another string is an error with a suggestion.
    package func word(_ node: YAMLNode, of words: [String]) throws(Diagnostic) -> String {
        let text = try string(node)
        guard words.contains(text) else {
            throw error(
                "unknown value `\(text)`", at: node, hint: Suggestion.hint(for: text, among: words))
        }
        return text
    }

    /// `expected X, found Y` at a node.
    package func unexpected(
        _ node: YAMLNode, _ expected: String, hint: String? = nil
    ) -> Diagnostic {
        error("expected \(expected), found \(found(node))", at: node, hint: hint)
    }

    /// A scalar is shown as it was written where it is short.
    private func found(_ node: YAMLNode) -> String {
        guard let text = node.text, !text.isEmpty, !node.isNull, text.count <= 24,
            !text.contains("\n")
        else { return node.kindName }
        return "the \(node.kindName.dropFirst(2)) `\(text)`"
    }
}
