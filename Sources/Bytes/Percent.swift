/// Percent encoding as Go's net/url has it, because Dapr's paths go through it.
package enum Percent {
    /// Undoes percent encoding; `plusIsSpace` also turns `+` into a blank (Go's QueryUnescape, which
    /// Dapr applies to path parameters as well).
    ///
    /// - Returns: nil when an escape is not `%` and two hexadecimal digits.
    package static func decode(_ bytes: ByteSlice, plusIsSpace: Bool) -> ByteSlice? {
        guard bytes.contains(where: { $0 == percent || (plusIsSpace && $0 == plus) }) else {
            return bytes
        }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            if byte == percent {
                guard let value = escape(in: bytes, at: index) else { return nil }
                decoded.append(value)
                index += 3
            } else {
                decoded.append(plusIsSpace && byte == plus ? 0x20 : byte)
                index += 1
            }
        }
        return decoded[...]
    }

    /// Whether every `%` begins a well-formed escape.
    package static func isWellFormed(_ bytes: ByteSlice) -> Bool {
        var index = bytes.startIndex
        while index < bytes.endIndex {
            if bytes[index] == percent {
                guard escape(in: bytes, at: index) != nil else { return false }
                index += 3
            } else {
                index += 1
            }
        }
        return true
    }

    /// Appends the escape of a byte: `%2F`.
    package static func append(escaping byte: UInt8, to bytes: inout [UInt8]) {
        bytes.append(percent)
        bytes.append(digits[Int(byte >> 4)])
        bytes.append(digits[Int(byte & 15)])
    }

    /// A text with every byte escaped that `isKept` does not keep.
    package static func escaped(
        _ bytes: some Sequence<UInt8>, keeping isKept: (UInt8) -> Bool
    ) -> [UInt8] {
        var escaped: [UInt8] = []
        for byte in bytes {
            if isKept(byte) { escaped.append(byte) } else { append(escaping: byte, to: &escaped) }
        }
        return escaped
    }

    /// What never has to be escaped (RFC 3986 §2.3).
    package static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: byte == 0x2D || byte == 0x2E || byte == 0x5F || byte == 0x7E
        }
    }

    private static let digits = Array("0123456789ABCDEF".utf8)
    private static let percent = UInt8(ascii: "%")
    private static let plus = UInt8(ascii: "+")

    private static func escape(in bytes: ByteSlice, at index: Int) -> UInt8? {
        guard index + 2 < bytes.endIndex, let high = bytes[index + 1].hexValue,
            let low = bytes[index + 2].hexValue
        else { return nil }
        return high << 4 | low
    }
}
