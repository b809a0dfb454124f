internal import JSON
internal import YAML

/// A YAML value as JSON text, which is how Dapr hands a setting that is no string to its component.
enum YAMLToJSON {
    static func text(_ node: YAMLNode) -> String {
        var writer = JSONWriter(escapesHTML: false)
        write(node, to: &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    static func write(_ node: YAMLNode, to writer: inout JSONWriter) {
        switch node.value {
        case .sequence(let nodes):
            writer.beginArray()
            for node in nodes { write(node, to: &writer) }
            writer.endArray()
        case .mapping(let members):
            writer.beginObject()
            for member in members {
                writer.key(member.name)
                write(member.value, to: &writer)
            }
            writer.endObject()
        case .scalar(let scalar): write(scalar, to: &writer)
        }
    }

    private static func write(_ scalar: YAMLScalar, to writer: inout JSONWriter) {
        switch scalar.value {
        case .null: writer.null()
        case .bool(let bool): writer.bool(bool)
        case .int(let int): writer.number(int)
        case .uint(let uint): writer.raw(Array(String(uint).utf8))
        case .double: writer.raw(Array(scalar.text.utf8))
        case .string(let string): writer.string(string)
        }
    }
}
