package import Bytes

/// A JSON value as a tree, for matchers and messages. Members keep their order; of several with one
/// name the last counts.
package enum JSONValue: Sendable {
    case null
    case bool(Bool)
    /// The number's own text.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([Member])

    package struct Member: Sendable {
        package let name: String
        package let value: JSONValue

        package init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// Reads one value and nothing else.
    package static func parse(_ bytes: ByteSlice) throws(JSONSyntaxError) -> JSONValue {
        let scanned = try JSONScanner.wholeValue(of: bytes, maxDepth: 512)
        return JSONValue(JSONReader(scanned: bytes[scanned.range]))
    }

    private init(_ reader: JSONReader) {
        switch reader.kind {
        case .null: self = .null
        case .bool: self = .bool(reader.isTrue)
        case .number: self = .number(String(text: reader.bytes))
        case .string: self = .string(String(text: reader.string))
        case .array:
            var elements: [JSONValue] = []
            reader.forEachElement { elements.append(JSONValue($0)) }
            self = .array(elements)
        case .object:
            var members: [Member] = []
            reader.forEachMember { members.append(Member(String(text: $0), JSONValue($1))) }
            self = .object(members)
        }
    }

    // MARK: Parts

    package subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }

    package var string: String? { if case .string(let text) = self { text } else { nil } }
    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    package var array: [JSONValue]? { if case .array(let all) = self { all } else { nil } }
    package var object: [Member]? { if case .object(let all) = self { all } else { nil } }
    package var double: Double? { if case .number(let text) = self { Double(text) } else { nil } }

    package var kind: JSONKind {
        switch self {
        case .null: .null
        case .bool: .bool
        case .number: .number
        case .string: .string
        case .array: .array
        case .object: .object
        }
    }

    // MARK: Writing

    /// The value in one line, without white space.
    package var text: String {
        var writer = JSONWriter(escapesHTML: false)
        write(to: &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    package func write(to writer: inout JSONWriter) {
        switch self {
        case .null: writer.null()
        case .bool(let value): writer.bool(value)
        case .number(let text): writer.raw(Array(text.utf8))
        case .string(let text): writer.string(text)
        case .array(let elements):
            writer.beginArray()
            for element in elements { element.write(to: &writer) }
            writer.endArray()
        case .object(let members):
            writer.beginObject()
            for member in members {
                writer.key(member.name)
                member.value.write(to: &writer)
            }
            writer.endObject()
        }
    }
}

extension JSONValue {
    /// The same value with every text in it, names aside, put through `change`.
    package func mappingTexts(_ change: (String) -> String) -> JSONValue {
        switch self {
        case .string(let text): .string(change(text))
        case .array(let elements): .array(elements.map { $0.mappingTexts(change) })
        case .object(let members):
            .object(members.map { .init($0.name, $0.value.mappingTexts(change)) })
        default: self
        }
    }
}

extension JSONValue: Equatable {
    /// Numbers compare by value, strings by their bytes, objects without regard to order.
    package static func == (a: JSONValue, b: JSONValue) -> Bool {
        switch (a, b) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.number(let a), .number(let b)): a == b || Double(a) == Double(b)
        case (.string(let a), .string(let b)): a.utf8.elementsEqual(b.utf8)
        case (.array(let a), .array(let b)): a == b
        case (.object, .object): a.members == b.members
        default: false
        }
    }

    private var members: [String: JSONValue] {
        Dictionary((object ?? []).map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    }
}
