@testable import YAML

/// The documents of a text called `f.yaml`.
func documents(
    _ text: String, limits: YAMLLimits = YAMLLimits()
) throws(Diagnostic) -> [YAMLNode] {
    try YAMLParser.documents(of: SourceText(name: "f.yaml", text: text), limits: limits)
}

/// The one document of a text called `f.yaml`.
func document(_ text: String, limits: YAMLLimits = YAMLLimits()) throws(Diagnostic) -> YAMLNode {
    try YAMLParser.document(of: SourceText(name: "f.yaml", text: text), limits: limits)
}

/// What a person is shown of a text that is refused, or of what reading it refuses.
func refusal(
    _ bytes: [UInt8], limits: YAMLLimits = YAMLLimits(),
    reading: (YAMLNode, SourceText) throws(Diagnostic) -> Void = { _, _ in }
) -> String {
    let source = SourceText(name: "f.yaml", bytes: bytes)
    do throws(Diagnostic) {
        try reading(try YAMLParser.document(of: source, limits: limits), source)
        return "nothing was refused"
    } catch {
        return error.rendered
    }
}

extension YAMLNode {
    /// The node in one line: strings quoted, everything else as its value.
    var shown: String {
        switch value {
        case .sequence(let nodes): "[" + nodes.map(\.shown).joined(separator: ", ") + "]"
        case .mapping(let members):
            "{" + members.map { "\($0.name): \($0.value.shown)" }.joined(separator: ", ") + "}"
        case .scalar(let scalar): scalar.value.shown
        }
    }
}

extension ScalarValue {
    var shown: String {
        switch self {
        case .null: "null"
        case .bool(let bool): "\(bool)"
        case .int(let int): "\(int)"
        case .uint(let uint): "\(uint)u"
        case .double(let double): "\(double)"
        case .string(let string): "'\(string)'"
        }
    }
}

extension SourceSpan {
    /// `line:column-line:column`.
    var shown: String { "\(start.line):\(start.column)-\(end.line):\(end.column)" }
}
