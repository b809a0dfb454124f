package import JSON
package import YAML

extension JSONValue {
    /// A YAML value as JSON, scalars by their schema; a number that JSON can write so keeps its digits.
    package init(_ node: YAMLNode) {
        switch node.value {
        case .sequence(let nodes): self = .array(nodes.map { JSONValue($0) })
        case .mapping(let members):
            self = .object(members.map { .init($0.name, JSONValue($0.value)) })
        case .scalar(let scalar): self.init(scalar)
        }
    }

    private init(_ scalar: YAMLScalar) {
        switch scalar.value {
        case .null: self = .null
        case .bool(let bool): self = .bool(bool)
        case .int(let int): self = .number(String(int))
        case .uint(let uint): self = .number(String(uint))
        case .double(let double) where double.isFinite:
            self = .number(Self.isNumber(scalar.text) ? scalar.text : String(double))
        case .double: self = .string(scalar.text)
        case .string(let text): self = .string(text)
        }
    }

    /// Whether JSON writes a number so: `1.` and `.5` are YAML's alone.
    private static func isNumber(_ text: String) -> Bool {
        (try? JSONScanner.wholeValue(of: Array(text.utf8)[...])) != nil
    }
}
