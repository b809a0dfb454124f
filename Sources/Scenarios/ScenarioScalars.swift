internal import Bytes
internal import YAML

/// The scalars of a scenario file, each mistake an error with its place.
extension SourceText {
    func template(_ node: YAMLNode) throws(Diagnostic) -> Template {
        Template(try text(of: node), at: node.span)
    }

    /// A scalar as it was written: `1` and `true` are texts too where a text is wanted.
    func text(of node: YAMLNode) throws(Diagnostic) -> String {
        guard let text = node.text, !node.isNull else {
            throw unexpected(node, "a text")
        }
        return text
    }

    func text(_ node: YAMLNode?) throws(Diagnostic) -> String? {
        guard let node else { return nil }
        return try text(of: node)
    }

    func duration(_ node: YAMLNode?) throws(Diagnostic) -> Duration? {
        guard let node else { return nil }
        guard let text = node.text, let duration = GoDuration.parse(text), duration > .zero else {
            throw refused("not a duration", node, hint: "write `500ms` or `2s`")
        }
        return duration
    }

    func refused(_ message: String, _ node: YAMLNode, hint: String? = nil) -> Diagnostic {
        Diagnostic(.error, message, at: node.span, in: self, hint: hint)
    }
}
