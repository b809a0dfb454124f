package import YAML

/// Walks a mapping whose keys are all known: an unknown one is an error with a suggestion.
struct MappingReader {
    private let node: YAMLNode
    private let source: SourceText

    /// - Parameter what: what the mapping is, for messages: `a step`.
    init(
        _ node: YAMLNode, _ what: String, keys: [String], in source: SourceText
    ) throws(Diagnostic) {
        self.node = node
        self.source = source
        guard let members = node.mapping else {
            throw Diagnostic(
                .error, "\(what) is to be a mapping, found \(node.kindName)", at: node.span,
                in: source)
        }
        for member in members {
            let key = member.key.text ?? ""
            guard !keys.contains(key) else { continue }
            let near = Suggestion.nearest(to: key, among: keys)
            throw Diagnostic(
                .error, "unknown key `\(key)` in \(what)", at: member.key.span, in: source,
                hint: near.map { "did you mean `\($0)`?" }
                    ?? "known keys: \(keys.joined(separator: ", "))")
        }
    }

    subscript(key: String) -> YAMLNode? { node[key] }

    /// The member `key`, which must be there.
    func required(_ key: String, _ what: String) throws(Diagnostic) -> YAMLNode {
        guard let value = node[key] else {
            throw Diagnostic(.error, "\(what) has no `\(key)`", at: node.span, in: source)
        }
        return value
    }

    func text(_ key: String) throws(Diagnostic) -> String? {
        try node[key].map { value throws(Diagnostic) in try source.text(of: value, key) }
    }

    func integer(_ key: String) throws(Diagnostic) -> Int? {
        guard let value = node[key] else { return nil }
        guard let number = value.int else {
            throw Diagnostic(
                .error, "`\(key)` is to be a whole number, found \(value.kindName)",
                at: value.span, in: source)
        }
        return number
    }
}

extension SourceText {
    /// A scalar's text.
    func text(of node: YAMLNode, _ what: String) throws(Diagnostic) -> String {
        guard let text = node.text, !node.isNull else {
            throw Diagnostic(
                .error, "`\(what)` is to be a text, found \(node.kindName)", at: node.span,
                in: self)
        }
        return text
    }

    func list(_ node: YAMLNode, _ what: String) throws(Diagnostic) -> [YAMLNode] {
        guard let nodes = node.sequence else {
            throw Diagnostic(
                .error, "`\(what)` is to be a list, found \(node.kindName)", at: node.span,
                in: self)
        }
        return nodes
    }

    func members(_ node: YAMLNode, _ what: String) throws(Diagnostic) -> [YAMLNode.Member] {
        guard let members = node.mapping else {
            throw Diagnostic(
                .error, "`\(what)` is to be a mapping, found \(node.kindName)", at: node.span,
                in: self)
        }
        return members
    }
}
