package import JSON
package import YAML

extension JSONValue {
    /// A YAML value as JSON, by the core schema.
    package init(_ node: YAMLNode) {
        switch node.value {
        case .sequence(let nodes): self = .array(nodes.map { JSONValue($0) })
        case .mapping(let members):
            self = .object(members.map { .init($0.name, JSONValue($0.value)) })
        case .scalar(let scalar): self = Self.scalar(node, scalar.text)
        }
    }

    private static func scalar(_ node: YAMLNode, _ text: String) -> JSONValue {
        if node.isNull { return .null }
        if let bool = node.bool { return .bool(bool) }
        if let int = node.int { return .number(String(int)) }
        if let double = node.double, double.isFinite { return .number(String(double)) }
        return .string(text)
    }
}
