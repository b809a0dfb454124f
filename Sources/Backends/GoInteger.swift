internal import Bytes

/// How Go's `strconv` reads a decimal integer, because its words reach the caller.
package enum GoInteger {
    package enum ParseError: Error, Equatable {
        case syntax
        case range
    }

    /// Reads an optionally signed decimal that fits `Int64`.
    package static func parse(_ text: String) throws(ParseError) -> Int64 {
        var digits = text.utf8[...]
        if digits.first == UInt8(ascii: "-") || digits.first == UInt8(ascii: "+") {
            digits = digits.dropFirst()
        }
        guard !digits.isEmpty, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
            throw .syntax
        }
        guard let value = Int64(text) else { throw .range }
        return value
    }

    /// Go's words for a failure of `function` (`Atoi`, `ParseInt`, …) on `text`.
    package static func message(_ function: String, _ text: String, _ error: ParseError) -> String {
        let why = error == .syntax ? "invalid syntax" : "value out of range"
        return "strconv.\(function): parsing \(GoQuote.quoted(Array(text.utf8)[...])): \(why)"
    }
}
