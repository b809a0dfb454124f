/// Base64 (RFC 4648 §4), with padding.
package enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    package static func encode(_ bytes: ByteSlice) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var rest = bytes
        while let first = rest.popFirst() {
            let (second, third) = (rest.popFirst(), rest.popFirst())
            let word = UInt32(first) << 16 | UInt32(second ?? 0) << 8 | UInt32(third ?? 0)
            text.append(alphabet[Int(word >> 18)])
            text.append(alphabet[Int(word >> 12 & 63)])
            text.append(second == nil ? UInt8(ascii: "=") : alphabet[Int(word >> 6 & 63)])
            text.append(third == nil ? UInt8(ascii: "=") : alphabet[Int(word & 63)])
        }
        return text
    }

    /// nil when the text is not base64.
    package static func decode(_ text: ByteSlice) -> [UInt8]? {
        guard text.count.isMultiple(of: 4) else { return nil }
        var bytes: [UInt8] = []
        var word: UInt32 = 0
        var digits = 0
        var padding = 0
        for byte in text {
            if byte == UInt8(ascii: "=") { padding += 1 } else if padding > 0 { return nil }
            guard let value = value(of: byte) else { return nil }
            word = word << 6 | value
            digits += 1
            guard digits.isMultiple(of: 4) else { continue }
            bytes.append(UInt8(truncatingIfNeeded: word >> 16))
            bytes.append(UInt8(truncatingIfNeeded: word >> 8))
            bytes.append(UInt8(truncatingIfNeeded: word))
        }
        guard padding <= 2 else { return nil }
        bytes.removeLast(padding)
        return bytes
    }

    /// The byte at which a text is no base64, as Go counts it: what does not belong there, or where
    /// the last, incomplete group begins.
    package static func fault(in text: ByteSlice) -> Int {
        let equals = UInt8(ascii: "=")
        var padding = false
        for (index, byte) in text.enumerated() {
            let isPadding = byte == equals
            if value(of: byte) == nil || padding && !isPadding || isPadding && index % 4 < 2 {
                return index
            }
            padding = isPadding
        }
        return text.count - text.count % 4
    }

    private static func value(of byte: UInt8) -> UInt32? {
        switch byte {
        case 0x41...0x5A: UInt32(byte - 0x41)
        case 0x61...0x7A: UInt32(byte - 0x61 + 26)
        case 0x30...0x39: UInt32(byte - 0x30 + 52)
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        case UInt8(ascii: "="): 0
        default: nil
        }
    }
}
