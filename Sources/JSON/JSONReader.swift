package import Bytes

/// What a JSON value is.
package enum JSONKind: Sendable {
    case null
    case bool
    case number
    case string
    case array
    case object

    /// Go's word for it in decoding errors.
    package var goName: String {
        switch self {
        case .null: "null"
        case .bool: "bool"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}

/// A value inside bytes that were scanned already: walks members and elements without a tree.
package struct JSONReader {
    /// The value's own bytes, without white space round them.
    package let bytes: ByteSlice

    /// - Parameter bytes: exactly one value, scanned.
    package init(scanned bytes: ByteSlice) { self.bytes = bytes }

    package var kind: JSONKind {
        switch bytes.first {
        case UInt8(ascii: "{"): .object
        case UInt8(ascii: "["): .array
        case UInt8(ascii: "\""): .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): .bool
        case UInt8(ascii: "n"): .null
        default: .number
        }
    }

    /// Whether the value is `true`.
    package var isTrue: Bool { bytes.first == UInt8(ascii: "t") }

    /// The elements of an array, in order; nothing for any other value.
    package func forEachElement<E: Error>(
        _ body: (JSONReader) throws(E) -> Void
    ) throws(E) {
        guard kind == .array else { return }
        var index = Self.skipSpace(bytes, bytes.startIndex + 1)
        while bytes[index] != UInt8(ascii: "]") {
            let end = Self.end(of: bytes, at: index)
            try body(JSONReader(scanned: bytes[index..<end]))
            index = Self.skipSpace(bytes, end)
            if bytes[index] == UInt8(ascii: ",") { index = Self.skipSpace(bytes, index + 1) }
        }
    }

    /// The members of an object, in order, names unescaped; nothing for any other value.
    package func forEachMember<E: Error>(
        _ body: (ByteSlice, JSONReader) throws(E) -> Void
    ) throws(E) {
        try forEachNamed { (name, value) throws(E) in try body(name.string, value) }
    }

    /// The same with names as they lie: for who wants their place.
    package func forEachNamed<E: Error>(
        _ body: (_ name: JSONReader, JSONReader) throws(E) -> Void
    ) throws(E) {
        guard kind == .object else { return }
        var index = Self.skipSpace(bytes, bytes.startIndex + 1)
        while bytes[index] != UInt8(ascii: "}") {
            let nameEnd = Self.end(of: bytes, at: index)
            let name = JSONReader(scanned: bytes[index..<nameEnd])
            let colon = Self.skipSpace(bytes, nameEnd)
            let start = Self.skipSpace(bytes, colon + 1)
            let end = Self.end(of: bytes, at: start)
            try body(name, JSONReader(scanned: bytes[start..<end]))
            index = Self.skipSpace(bytes, end)
            if bytes[index] == UInt8(ascii: ",") { index = Self.skipSpace(bytes, index + 1) }
        }
    }

    /// A piece of a value, in the order of its bytes.
    package enum Token {
        case beginArray
        case beginObject
        /// Of an array or an object.
        case end
        /// A member's name, unescaped.
        case name(ByteSlice)
        case scalar(JSONReader)
    }

    /// The pieces of the value, at any depth: for what must not recurse, because a value may be ten
    /// thousand levels deep.
    package func forEachToken(_ body: (Token) -> Void) {
        var index = bytes.startIndex
        while index < bytes.endIndex {
            switch bytes[index] {
            case UInt8(ascii: "["): body(.beginArray)
            case UInt8(ascii: "{"): body(.beginObject)
            case UInt8(ascii: "]"), UInt8(ascii: "}"): body(.end)
            case UInt8(ascii: ","), UInt8(ascii: ":"): break
            case let byte where byte.isJSONSpace: break
            case UInt8(ascii: "\""):
                let text = bytes[index..<Self.stringEnd(bytes, index)]
                index = text.endIndex
                body(
                    isName(before: index)
                        ? .name(JSONString.decode(text)) : .scalar(.init(scanned: text)))
                continue
            default:
                let scalar = bytes[index..<Self.scalarEnd(bytes, index)]
                index = scalar.endIndex
                body(.scalar(JSONReader(scanned: scalar)))
                continue
            }
            index += 1
        }
    }

    /// Whether the string that ends at `end` is a member's name: nothing else stands before a colon.
    private func isName(before end: Int) -> Bool {
        bytes[end...].first { !$0.isJSONSpace } == UInt8(ascii: ":")
    }

    /// The text of a string, unescaped.
    package var string: ByteSlice { JSONString.decode(bytes) }

    // MARK: Walking

    private static func skipSpace(_ bytes: ByteSlice, _ index: Int) -> Int {
        var index = index
        while bytes[index].isJSONSpace { index += 1 }
        return index
    }

    /// The index after the value that begins at `start`.
    private static func end(of bytes: ByteSlice, at start: Int) -> Int {
        var depth = 0
        var index = start
        repeat {
            switch bytes[index] {
            case UInt8(ascii: "\""): index = stringEnd(bytes, index)
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                index += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                index += 1
            default:
                index = depth > 0 ? index + 1 : scalarEnd(bytes, index)
            }
        } while depth > 0
        return index
    }

    private static func stringEnd(_ bytes: ByteSlice, _ start: Int) -> Int {
        var index = start + 1
        while bytes[index] != UInt8(ascii: "\"") {
            index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return index + 1
    }

    private static func scalarEnd(_ bytes: ByteSlice, _ start: Int) -> Int {
        var index = start
        while index < bytes.endIndex {
            switch bytes[index] {
            case UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"): return index
            case let byte where byte.isJSONSpace: return index
            default: index += 1
            }
        }
        return index
    }
}
