internal import Bytes

/// The text of a JSON string, read as Go does: a lone surrogate and a byte that is not UTF-8 become
/// U+FFFD.
enum JSONString {
    /// - Parameter literal: a scanned string with its quotes.
    static func decode(_ literal: ByteSlice) -> ByteSlice {
        let inner = literal.dropFirst().dropLast()
        guard !inner.allSatisfy({ $0 < 0x80 && $0 != backslash }) else { return inner }
        let text = inner.contains(backslash) ? unescape(inner) : Array(inner)
        return String(validating: text, as: UTF8.self) == nil ? repair(text) : text[...]
    }

    /// Each byte that belongs to no character becomes a U+FFFD of its own, as in Go; Swift makes one
    /// of several.
    private static func repair(_ text: [UInt8]) -> ByteSlice {
        var repaired: [UInt8] = []
        var rest = text[...]
        while let first = rest.first {
            let length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
            let character = rest.prefix(length)
            if String(validating: character, as: UTF8.self) != nil {
                repaired.append(contentsOf: character)
                rest = rest.dropFirst(length)
            } else {
                repaired.append(contentsOf: [0xEF, 0xBF, 0xBD])
                rest = rest.dropFirst()
            }
        }
        return repaired[...]
    }

    private static let backslash = UInt8(ascii: "\\")

    private static func unescape(_ inner: ByteSlice) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(inner.count)
        var index = inner.startIndex
        while index < inner.endIndex {
            guard inner[index] == backslash else {
                text.append(inner[index])
                index += 1
                continue
            }
            if inner[index + 1] == UInt8(ascii: "u") {
                index = appendScalar(of: inner, at: index, to: &text)
            } else {
                text.append(simple(inner[index + 1]))
                index += 2
            }
        }
        return text
    }

    private static func simple(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: byte
        }
    }

    /// Appends the scalar of the escape at `index`, two escapes for a surrogate pair.
    private static func appendScalar(
        of inner: ByteSlice, at index: Int, to text: inout [UInt8]
    ) -> Int {
        let unit = codeUnit(inner, index)
        if unit & 0xFC00 == 0xD800, index + 11 < inner.endIndex, inner[index + 6] == backslash,
            inner[index + 7] == UInt8(ascii: "u")
        {
            let low = codeUnit(inner, index + 6)
            if low & 0xFC00 == 0xDC00 {
                append(0x10000 + (unit & 0x3FF) << 10 + (low & 0x3FF), to: &text)
                return index + 12
            }
        }
        append(unit & 0xF800 == 0xD800 ? 0xFFFD : unit, to: &text)
        return index + 6
    }

    private static func codeUnit(_ inner: ByteSlice, _ index: Int) -> UInt32 {
        inner[(index + 2)..<(index + 6)].reduce(0) { $0 << 4 | UInt32($1.hexValue ?? 0) }
    }

    private static func append(_ scalar: UInt32, to text: inout [UInt8]) {
        guard let scalar = Unicode.Scalar(scalar) else { return }
        text.append(contentsOf: String(Character(scalar)).utf8)
    }
}
