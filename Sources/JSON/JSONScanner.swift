package import Bytes

/// Checks that bytes begin with one JSON value (RFC 8259) and finds its end: one pass, no tree.
///
/// Accepts what Go's decoder accepts, which is more than RFC 8259 in one point: strings may hold
/// bytes that are not UTF-8.
package struct JSONScanner {
    /// Where the value is.
    package let range: Range<Int>
    /// Whether a number in it has an exponent or so many digits that it may not fit a float64.
    package let hasExtremeNumber: Bool

    /// The nesting that Go's decoder allows.
    package static let maxDepth = 10_000

    /// Scans the first value of `bytes`; what follows it is not looked at.
    package static func firstValue(
        of bytes: ByteSlice, maxDepth: Int = JSONScanner.maxDepth
    ) throws(JSONSyntaxError) -> JSONScanner {
        var pass = Pass(maxDepth: maxDepth)
        let local = try pass.run(bytes.span)
        let start = bytes.startIndex
        return JSONScanner(
            range: (start + local.lowerBound)..<(start + local.upperBound),
            hasExtremeNumber: pass.hasExtremeNumber)
    }

    /// Scans `bytes`, which must hold one value and white space.
    package static func wholeValue(
        of bytes: ByteSlice, maxDepth: Int = JSONScanner.maxDepth
    ) throws(JSONSyntaxError) -> JSONScanner {
        let scanned = try firstValue(of: bytes, maxDepth: maxDepth)
        if let bad = bytes[scanned.range.upperBound...].firstIndex(where: { !$0.isJSONSpace }) {
            throw JSONSyntaxError(
                kind: .invalidCharacter(bytes[bad], .afterTopLevel),
                offset: bad - bytes.startIndex)
        }
        return scanned
    }

    /// The state of one pass; indices count from 0.
    private struct Pass {
        private enum Expectation { case value, valueOrEnd, key, keyOrEnd, separator }

        let maxDepth: Int
        var hasExtremeNumber = false
        private var index = 0
        /// What is open, outermost first: true for an object.
        private var open: [Bool] = []

        init(maxDepth: Int) { self.maxDepth = maxDepth }

        mutating func run(_ bytes: borrowing Span<UInt8>) throws(JSONSyntaxError) -> Range<Int> {
            skipSpace(bytes)
            guard index < bytes.count else {
                throw JSONSyntaxError(kind: .empty, offset: bytes.count)
            }
            let start = index
            var expected = Expectation.value
            while true {
                skipSpace(bytes)
                let byte = try peek(bytes)
                switch expected {
                case .value: expected = try value(byte, bytes)
                case .valueOrEnd:
                    expected = byte == closeBracket ? close() : try value(byte, bytes)
                case .key: expected = try key(byte, bytes)
                case .keyOrEnd: expected = byte == closeBrace ? close() : try key(byte, bytes)
                case .separator: expected = try separator(byte)
                }
                if open.isEmpty, expected == .separator { return start..<index }
            }
        }

        private mutating func close() -> Expectation {
            index += 1
            open.removeLast()
            return .separator
        }

        private mutating func separator(_ byte: UInt8) throws(JSONSyntaxError) -> Expectation {
            let isObject = open[open.count - 1]
            if byte == comma {
                index += 1
                return isObject ? .key : .value
            }
            guard byte == (isObject ? closeBrace : closeBracket) else {
                throw refused(byte, isObject ? .afterPair : .afterElement)
            }
            return close()
        }

        private mutating func key(
            _ byte: UInt8, _ bytes: borrowing Span<UInt8>
        ) throws(JSONSyntaxError) -> Expectation {
            guard byte == quote else { throw refused(byte, .beginningOfKey) }
            try string(bytes)
            skipSpace(bytes)
            let next = try peek(bytes)
            guard next == UInt8(ascii: ":") else { throw refused(next, .afterKey) }
            index += 1
            return .value
        }

        private mutating func value(
            _ byte: UInt8, _ bytes: borrowing Span<UInt8>
        ) throws(JSONSyntaxError) -> Expectation {
            switch byte {
            case quote: try string(bytes)
            case openBrace: return try descend(byte, .keyOrEnd)
            case openBracket: return try descend(byte, .valueOrEnd)
            case UInt8(ascii: "-"), 0x30...0x39: try number(bytes)
            case UInt8(ascii: "t"): try literal("true", bytes)
            case UInt8(ascii: "f"): try literal("false", bytes)
            case UInt8(ascii: "n"): try literal("null", bytes)
            default: throw refused(byte, .beginningOfValue)
            }
            return .separator
        }

        private mutating func descend(
            _ byte: UInt8, _ next: Expectation
        ) throws(JSONSyntaxError) -> Expectation {
            guard open.count < maxDepth else { throw refused(byte, .depth) }
            open.append(byte == openBrace)
            index += 1
            return next
        }

        private mutating func string(
            _ bytes: borrowing Span<UInt8>
        ) throws(JSONSyntaxError) {
            index += 1
            while index < bytes.count {
                let byte = bytes[index]
                if byte == quote {
                    index += 1
                    return
                }
                guard byte >= 0x20 else { throw refused(byte, .inString) }
                index += 1
                if byte == backslash { try escape(bytes) }
            }
            throw ended()
        }

        private mutating func escape(_ bytes: borrowing Span<UInt8>) throws(JSONSyntaxError) {
            let byte = try peek(bytes)
            switch byte {
            case quote, backslash, UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
                UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
                index += 1
            case UInt8(ascii: "u"):
                index += 1
                for _ in 0..<4 {
                    let digit = try peek(bytes)
                    guard digit.hexValue != nil else { throw refused(digit, .inUnicodeEscape) }
                    index += 1
                }
            default:
                throw refused(byte, .inEscape)
            }
        }

        private mutating func number(_ bytes: borrowing Span<UInt8>) throws(JSONSyntaxError) {
            let start = index
            if bytes[index] == UInt8(ascii: "-") { index += 1 }
            let first = try peek(bytes)
            guard first.isDigit else { throw refused(first, .inNumber) }
            index += 1
            if first != UInt8(ascii: "0") { digits(bytes) }
            if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
                index += 1
                try someDigits(bytes, .afterDecimalPoint)
            }
            if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
                hasExtremeNumber = true
                index += 1
                let sign = try peek(bytes)
                if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { index += 1 }
                try someDigits(bytes, .inExponent)
            }
            if index - start > 300 { hasExtremeNumber = true }
        }

        private mutating func someDigits(
            _ bytes: borrowing Span<UInt8>, _ context: JSONSyntaxError.Context
        ) throws(JSONSyntaxError) {
            let first = try peek(bytes)
            guard first.isDigit else { throw refused(first, context) }
            digits(bytes)
        }

        private mutating func digits(_ bytes: borrowing Span<UInt8>) {
            while index < bytes.count, bytes[index].isDigit { index += 1 }
        }

        private mutating func literal(
            _ text: StaticString, _ bytes: borrowing Span<UInt8>
        ) throws(JSONSyntaxError) {
            for offset in 1..<text.utf8CodeUnitCount {
                index += 1
                let expected = text.byte(at: offset)
                let byte = try peek(bytes)
                guard byte == expected else {
                    throw refused(byte, .inLiteral(text, expecting: expected))
                }
            }
            index += 1
        }

        private mutating func skipSpace(_ bytes: borrowing Span<UInt8>) {
            while index < bytes.count, bytes[index].isJSONSpace { index += 1 }
        }

        private func peek(_ bytes: borrowing Span<UInt8>) throws(JSONSyntaxError) -> UInt8 {
            guard index < bytes.count else { throw ended() }
            return bytes[index]
        }

        private func ended() -> JSONSyntaxError {
            JSONSyntaxError(kind: .unexpectedEnd, offset: index)
        }

        private func refused(
            _ byte: UInt8, _ context: JSONSyntaxError.Context
        ) -> JSONSyntaxError {
            JSONSyntaxError(kind: .invalidCharacter(byte, context), offset: index)
        }

        private var quote: UInt8 { UInt8(ascii: "\"") }
        private var backslash: UInt8 { UInt8(ascii: "\\") }
        private var comma: UInt8 { UInt8(ascii: ",") }
        private var openBrace: UInt8 { UInt8(ascii: "{") }
        private var closeBrace: UInt8 { UInt8(ascii: "}") }
        private var openBracket: UInt8 { UInt8(ascii: "[") }
        private var closeBracket: UInt8 { UInt8(ascii: "]") }
    }
}

extension UInt8 {
    /// RFC 8259 §2.
    var isJSONSpace: Bool { self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09 }
}

extension StaticString {
    /// The byte at `offset` of an ASCII literal.
    fileprivate func byte(at offset: Int) -> UInt8 {
        withUTF8Buffer { unsafe $0[offset] }
    }
}
