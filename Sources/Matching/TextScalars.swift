internal import Bytes
package import YAML

/// The scalars of our own files, each mistake an error with its place.
extension SourceText {
    package func template(_ node: YAMLNode) throws(Diagnostic) -> Template {
        Template(try text(of: node), at: node.span)
    }

    /// A scalar as it was written: `1` and `true` are texts too where a text is wanted.
    package func text(of node: YAMLNode) throws(Diagnostic) -> String {
        guard let text = node.text, !node.isNull else {
            throw unexpected(node, "a text")
        }
        return text
    }

    package func text(_ node: YAMLNode?) throws(Diagnostic) -> String? {
        guard let node else { return nil }
        return try text(of: node)
    }

    package func duration(_ node: YAMLNode?) throws(Diagnostic) -> Duration? {
        guard let node else { return nil }
        guard let text = node.text, let duration = GoDuration.parse(text), duration > .zero else {
            throw refused("not a duration", node, hint: "write `500ms` or `2s`")
        }
        return duration
    }

    package func refused(_ message: String, _ node: YAMLNode, hint: String? = nil) -> Diagnostic {
        Diagnostic(.error, message, at: node.span, in: self, hint: hint)
    }
}

extension Template {
    /// How to mend a variable without a value.
    package static func hint(for name: String, among known: [String]) -> String? {
        guard !name.hasPrefix("env.") else {
            return "set the environment variable \(name.dropFirst("env.".count))"
        }
        return Suggestion.hint(for: name, among: known)
    }
}
