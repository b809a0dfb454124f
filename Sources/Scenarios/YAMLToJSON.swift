internal import JSON
internal import YAML

/// YAML values as JSON, by the core schema.
enum YAMLToJSON {
    static func value(_ node: YAMLNode) -> JSONValue {
        switch node.value {
        case .sequence(let nodes): .array(nodes.map(value))
        case .mapping(let members):
            .object(members.map { .init($0.key.text ?? "", value($0.value)) })
        case .scalar(let scalar): Self.scalar(node, scalar.text)
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
