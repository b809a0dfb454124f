internal import Glibc

extension String {
    /// The text of `bytes`; what is not UTF-8 becomes U+FFFD. For people to read, never for keys.
    package init(text bytes: ByteSlice) { self = String(decoding: bytes, as: UTF8.self) }

    package init(text bytes: [UInt8]) { self = String(decoding: bytes, as: UTF8.self) }
}

// On slices alone, and byte by byte over spans: generic code of another module is not specialised,
// and a request compares some fifty names.
extension ArraySlice<UInt8> {
    /// Whether these bytes are the UTF-8 of `text`, byte for byte.
    package func equals(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        let bytes = span
        // Safe: a literal is as long as it says.
        let literal = unsafe text.utf8Start
        for index in bytes.indices where unsafe bytes[index] != literal[index] { return false }
        return true
    }

    /// Whether these bytes are `text`, ASCII letters compared without case.
    ///
    /// - Parameter text: lower-case ASCII.
    package func equalsIgnoringCase(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        let bytes = span
        // Safe: as above.
        let literal = unsafe text.utf8Start
        for index in bytes.indices where unsafe bytes[index].lowercased != literal[index] {
            return false
        }
        return true
    }

    /// Whether these bytes are `other`'s, ASCII letters compared without case.
    package func equalsIgnoringCase(_ other: ByteSlice) -> Bool {
        guard count == other.count else { return false }
        let (bytes, others) = (span, other.span)
        for index in bytes.indices where bytes[index].lowercased != others[index].lowercased {
            return false
        }
        return true
    }

    /// Whether these bytes are `other`'s.
    package func equals(_ other: [UInt8]) -> Bool {
        guard count == other.count else { return false }
        let (bytes, others) = (span, other.span)
        for index in bytes.indices where bytes[index] != others[index] { return false }
        return true
    }

    /// Whether these bytes are the UTF-8 of `text`.
    package func equals(utf8 text: String) -> Bool {
        let (bytes, others) = (span, text.utf8.span)
        guard bytes.count == others.count else { return false }
        for index in bytes.indices where bytes[index] != others[index] { return false }
        return true
    }

    /// Where `byte` occurs first.
    package func index(of byte: UInt8) -> Int? {
        span.index(of: byte, from: 0).map { startIndex + $0 }
    }
}

extension Span<UInt8> {
    /// Where `byte` occurs first at or after `start`.
    package func index(of byte: UInt8, from start: Int) -> Int? {
        guard start < count else { return nil }
        // Safe: memchr looks at what lies between `start` and the end, and tells a place there. It
        // takes a tenth of a loop's instructions, and heads are looked through four times.
        return unsafe withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress,
                let found = unsafe memchr(base + start, Int32(byte), bytes.count - start)
            else { return nil }
            return unsafe UnsafeRawPointer(found) - base
        }
    }
}

extension UInt8 {
    /// The ASCII letter in lower case; any other byte as it is.
    @inlinable package var lowercased: UInt8 {
        self >= 0x41 && self <= 0x5A ? self | 0x20 : self
    }

    /// Whether this is an ASCII digit.
    @inlinable package var isDigit: Bool { self >= 0x30 && self <= 0x39 }

    /// The value of a hexadecimal digit, nil for any other byte.
    @inlinable package var hexValue: UInt8? {
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
