package import Bytes

/// Writes JSON as Go's encoder does. Commas are put where they belong; what is begun must be ended
/// by the caller.
package struct JSONWriter {
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false
    private let escapesHTML: Bool
    private let hasShortEscapes: Bool

    /// - Parameters:
    ///   - escapesHTML: whether `<`, `>`, `&`, U+2028 and U+2029 are escaped.
    ///   - hasShortEscapes: whether U+0008 and U+000C are `\b` and `\f`, which jsoniter does not know.
    package init(
        reserving count: Int = 128, escapesHTML: Bool = true, hasShortEscapes: Bool = true
    ) {
        bytes.reserveCapacity(count)
        self.escapesHTML = escapesHTML
        self.hasShortEscapes = hasShortEscapes
    }

    package mutating func beginObject() { begin("{") }
    package mutating func endObject() { end("}") }
    package mutating func beginArray() { begin("[") }
    package mutating func endArray() { end("]") }

    /// A member's name.
    package mutating func key(_ name: String) {
        separate()
        quote(name.utf8)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    package mutating func string(_ text: String) {
        separate()
        quote(text.utf8)
    }

    /// A string of bytes; what is not UTF-8 becomes U+FFFD.
    package mutating func string(_ text: ByteSlice) {
        guard text.allSatisfy({ $0 < 0x80 && Self.isPlain($0) }) else {
            return string(String(text: text))
        }
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: text)
        bytes.append(UInt8(ascii: "\""))
    }

    package mutating func number(_ number: Int) {
        separate()
        bytes.append(decimal: number)
    }

    package mutating func bool(_ value: Bool) { raw(value ? "true" : "false") }

    package mutating func null() { raw("null") }

    /// A value that is JSON already.
    package mutating func raw(_ json: some Sequence<UInt8>) {
        separate()
        bytes.append(contentsOf: json)
    }

    /// A scanned value as Go's encoder writes a raw message: no white space, `<`, `>`, `&`, U+2028
    /// and U+2029 escaped.
    package mutating func compacted(_ json: ByteSlice) {
        separate()
        var isInString = false
        var index = json.startIndex
        while index < json.endIndex {
            let byte = json[index]
            if isInString, byte == UInt8(ascii: "\\") {
                bytes.append(contentsOf: json[index..<(index + 2)])
                index += 2
                continue
            }
            if byte == UInt8(ascii: "\"") { isInString.toggle() }
            if isInString || !byte.isJSONSpace {
                index += appendEscaped(json, index)
            } else {
                index += 1
            }
        }
    }

    /// A name and a text, the usual member.
    package mutating func member(_ name: String, _ text: String) {
        key(name)
        string(text)
    }

    /// The newline that Go's encoder ends a stream's value with.
    package mutating func newline() { bytes.append(UInt8(ascii: "\n")) }

    // MARK: Parts

    private mutating func raw(_ text: StaticString) {
        separate()
        bytes.append(contentsOf: text.description.utf8)
    }

    private mutating func begin(_ bracket: Unicode.Scalar) {
        separate()
        bytes.append(UInt8(ascii: bracket))
        needsComma = false
    }

    private mutating func end(_ bracket: Unicode.Scalar) {
        bytes.append(UInt8(ascii: bracket))
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func quote(_ text: String.UTF8View) {
        bytes.append(UInt8(ascii: "\""))
        // Safe: the storage is read within its bounds, inside the call.
        let isPlain = unsafe text.withContiguousStorageIfAvailable {
            unsafe $0.allSatisfy(Self.isPlain)
        }
        // The usual text has nothing to escape and is taken over whole.
        if isPlain == true {
            bytes.append(contentsOf: text)
        } else {
            let text = Array(text)[...]
            var index = text.startIndex
            while index < text.endIndex { index += appendQuoted(text, index) }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Whether a byte of a text never begins anything that may be escaped.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0..<0x20, UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "<"), UInt8(ascii: ">"),
            UInt8(ascii: "&"), 0xE2:
            false
        default: true
        }
    }

    /// Appends the byte at `index` as it stands inside quotes; how many bytes that used up.
    private mutating func appendQuoted(_ text: ByteSlice, _ index: Int) -> Int {
        let byte = text[index]
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            bytes.append(UInt8(ascii: "\\"))
            bytes.append(byte)
        case 0x08 where hasShortEscapes: bytes.append(contentsOf: "\\b".utf8)
        case 0x0C where hasShortEscapes: bytes.append(contentsOf: "\\f".utf8)
        case 0x0A: bytes.append(contentsOf: "\\n".utf8)
        case 0x0D: bytes.append(contentsOf: "\\r".utf8)
        case 0x09: bytes.append(contentsOf: "\\t".utf8)
        case 0..<0x20: appendUnicodeEscape(UInt16(byte))
        default: return appendEscaped(text, index)
        }
        return 1
    }

    /// Appends the byte at `index`, or the escape of the characters that HTML or JavaScript would
    /// take amiss; how many bytes that used up.
    private mutating func appendEscaped(_ text: ByteSlice, _ index: Int) -> Int {
        let byte = text[index]
        switch byte {
        case _ where !escapesHTML: break
        case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"):
            appendUnicodeEscape(UInt16(byte))
            return 1
        case 0xE2 where index + 2 < text.endIndex && text[index + 1] == 0x80:
            // E2 80 A8 and E2 80 A9 are U+2028 and U+2029.
            guard text[index + 2] & 0xFE == 0xA8 else { break }
            appendUnicodeEscape(0x2028 + UInt16(text[index + 2] & 1))
            return 3
        default: break
        }
        bytes.append(byte)
        return 1
    }

    private mutating func appendUnicodeEscape(_ unit: UInt16) {
        let digits = String(unit, radix: 16)
        bytes.append(contentsOf: "\\u".utf8)
        bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: 4 - digits.utf8.count))
        bytes.append(contentsOf: digits.utf8)
    }
}
