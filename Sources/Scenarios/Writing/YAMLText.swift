internal import JSON

/// JSON values as the YAML that people write: in one line where that is short, else in blocks.
enum YAMLText {
    /// Columns that a line should not pass.
    private static let width = 90

    /// The lines of `name: value`, the first one without indentation.
    static func member(_ name: String, _ value: JSONValue, indent: Int) -> [String] {
        let key = scalar(name)
        let line = "\(key): \(inline(value))"
        guard indent + line.count > width || line.contains("\n") else { return [line] }
        return block(value, under: "\(key):", indent: indent)
    }

    /// The lines of a value that does not fit beside what it belongs to.
    private static func block(
        _ value: JSONValue, under head: String, indent: Int
    ) -> [String] {
        let blanks = String(repeating: " ", count: 2)
        switch value {
        case .object(let members) where !members.isEmpty:
            return [head]
                + members.flatMap { member($0.name, $0.value, indent: indent + 2) }
                .map { blanks + $0 }
        case .array(let elements) where !elements.isEmpty:
            return [head] + elements.flatMap { item($0, indent: indent + 2) }.map { blanks + $0 }
        default: return ["\(head) \(inline(value))"]
        }
    }

    /// The lines of an element of a list.
    static func item(_ value: JSONValue, indent: Int) -> [String] {
        let line = "- \(inline(value))"
        guard indent + line.count > width else { return [line] }
        guard case .object(let members) = value, !members.isEmpty else { return [line] }
        let lines = members.flatMap { member($0.name, $0.value, indent: indent + 2) }
        return lines.enumerated().map { ($0 == 0 ? "- " : "  ") + $1 }
    }

    /// In one line, in flow style.
    static func inline(_ value: JSONValue) -> String {
        switch value {
        case .null, .bool, .number: value.text
        case .string(let text): scalar(text)
        case .array(let elements): "[\(elements.map(inline).joined(separator: ", "))]"
        case .object(let members):
            members.isEmpty
                ? "{}"
                : "{ "
                    + members.map { "\(scalar($0.name)): \(inline($0.value))" }
                    .joined(separator: ", ") + " }"
        }
    }

    /// A text, quoted where YAML would take it for something else.
    static func scalar(_ text: String) -> String {
        isPlain(text) ? text : JSONValue.string(text).text
    }

    private static let words = [
        "true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf",
    ]

    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.utf8.first, first.isLetter || first == UInt8(ascii: "/") else {
            return false
        }
        return text.utf8.allSatisfy { $0.isLetter || $0.isDigit || "_./-".utf8.contains($0) }
            && !words.contains(text.lowercased())
    }
}

extension UInt8 {
    fileprivate var isLetter: Bool {
        let lower = self | 0x20
        return UInt8(ascii: "a")...UInt8(ascii: "z") ~= lower && self >= 0x41
    }

    fileprivate var isDigit: Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= self }
}
