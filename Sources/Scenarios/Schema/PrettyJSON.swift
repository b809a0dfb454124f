internal import JSON

/// JSON for people: a member on a line, what is short in one.
enum PrettyJSON {
    private static let width = 90

    static func text(_ value: JSONValue) -> String {
        lines(value, "", 0).joined(separator: "\n") + "\n"
    }

    private static func lines(_ value: JSONValue, _ head: String, _ indent: Int) -> [String] {
        let blanks = String(repeating: " ", count: indent)
        let line = "\(blanks)\(head)\(inline(value))"
        guard line.count > width else { return [line] }
        switch value {
        case .object(let members):
            let inner = members.map {
                lines($0.value, "\(JSONValue.string($0.name).text): ", indent + 2)
            }
            return ["\(blanks)\(head){"] + joined(inner) + ["\(blanks)}"]
        case .array(let elements):
            let inner = elements.map { lines($0, "", indent + 2) }
            return ["\(blanks)\(head)["] + joined(inner) + ["\(blanks)]"]
        default: return [line]
        }
    }

    private static func joined(_ parts: [[String]]) -> [String] {
        parts.enumerated().flatMap { index, lines in
            index == parts.count - 1 ? lines : lines.dropLast() + ["\(lines.last ?? ""),"]
        }
    }

    private static func inline(_ value: JSONValue) -> String {
        switch value {
        case .array(let elements): "[\(elements.map(inline).joined(separator: ", "))]"
        case .object(let members):
            members.isEmpty
                ? "{}"
                : "{ "
                    + members.map { "\(JSONValue.string($0.name).text): \(inline($0.value))" }
                    .joined(separator: ", ") + " }"
        default: value.text
        }
    }
}
