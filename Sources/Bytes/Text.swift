extension String {
    /// The text of `bytes`; what is not UTF-8 becomes U+FFFD. For people to read, never for keys.
    package init(text bytes: some Sequence<UInt8>) {
        self = String(decoding: Array(bytes), as: UTF8.self)
    }
}

extension Collection where Element == UInt8 {
    /// Whether these bytes are the UTF-8 of `text`, byte for byte.
    package func equals(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { unsafe elementsEqual($0) }
    }

    /// Whether these bytes are `text`, ASCII letters compared without case.
    ///
    /// - Parameter text: lower-case ASCII.
    package func equalsIgnoringCase(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { lower in
            unsafe elementsEqual(lower) { $0.lowercased == $1 }
        }
    }
}

extension UInt8 {
    /// The ASCII letter in lower case; any other byte as it is.
    package var lowercased: UInt8 {
        self >= 0x41 && self <= 0x5A ? self | 0x20 : self
    }

    /// Whether this is an ASCII digit.
    package var isDigit: Bool { self >= 0x30 && self <= 0x39 }

    /// The value of a hexadecimal digit, nil for any other byte.
    package var hexValue: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x41 + 10
        case 0x61...0x66: self - 0x61 + 10
        default: nil
        }
    }
}

extension Array where Element == UInt8 {
    /// Appends the decimal digits of `number`.
    package mutating func append(decimal number: Int) {
        if number < 0 { append(UInt8(ascii: "-")) }
        var magnitude = number.magnitude
        let start = count
        repeat {
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: magnitude % 10))
            magnitude /= 10
        } while magnitude > 0
        self[start...].reverse()
    }
}
