internal import Bytes

/// Why bytes are not a JSON value, in the words of Go's `encoding/json`, which reach Dapr's callers.
package struct JSONSyntaxError: Error, Equatable {
    package enum Kind: Equatable, Sendable {
        /// Nothing but white space.
        case empty
        /// The bytes end inside a value.
        case unexpectedEnd
        case invalidCharacter(UInt8, Context)
    }

    /// Where in a value a character does not belong.
    package enum Context: Equatable, Sendable {
        case beginningOfValue
        case beginningOfKey
        case afterKey
        case afterPair
        case afterElement
        case afterTopLevel
        case inString
        case inEscape
        case inUnicodeEscape
        case inLiteral(StaticString, expecting: UInt8)
        case inNumber
        case afterDecimalPoint
        case inExponent
        case depth

        package static func == (a: Context, b: Context) -> Bool { a.text == b.text }

        var text: String {
            switch self {
            case .beginningOfValue: "looking for beginning of value"
            case .beginningOfKey: "looking for beginning of object key string"
            case .afterKey: "after object key"
            case .afterPair: "after object key:value pair"
            case .afterElement: "after array element"
            case .afterTopLevel: "after top-level value"
            case .inString: "in string literal"
            case .inEscape: "in string escape code"
            case .inUnicodeEscape: "in \\u hexadecimal character escape"
            case .inLiteral(let literal, let expected):
                "in literal \(literal) (expecting \(Self.quoted(expected)))"
            case .inNumber: "in numeric literal"
            case .afterDecimalPoint: "after decimal point in numeric literal"
            case .inExponent: "in exponent of numeric literal"
            case .depth: "exceeded max depth"
            }
        }

        /// Go's `quoteChar`: the byte taken as Latin-1, in single quotes.
        static func quoted(_ byte: UInt8) -> String {
            switch byte {
            case UInt8(ascii: "'"): "'\\''"
            case UInt8(ascii: "\\"): "'\\\\'"
            case 0x07: "'\\a'"
            case 0x08: "'\\b'"
            case 0x09: "'\\t'"
            case 0x0A: "'\\n'"
            case 0x0B: "'\\v'"
            case 0x0C: "'\\f'"
            case 0x0D: "'\\r'"
            case 0..<0x20, 0x7F: "'\\x\(hex(byte))'"
            // Latin-1 characters that Go does not count as printable.
            case 0x80...0xA0, 0xAD: "'\\u00\(hex(byte))'"
            default: "'\(Character(Unicode.Scalar(byte)))'"
            }
        }

        private static func hex(_ byte: UInt8) -> String {
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
    }

    package let kind: Kind
    /// Bytes from the start of the text to where reading stopped.
    package let offset: Int

    /// Go's words.
    package var text: String {
        switch kind {
        case .empty: "EOF"
        case .unexpectedEnd: "unexpected EOF"
        case .invalidCharacter(let byte, let context):
            "invalid character \(Context.quoted(byte)) \(context.text)"
        }
    }
}
