/// By which rules a plain scalar gets its type.
///
/// Dapr reads resource files with sigs.k8s.io/yaml, that is go-yaml v2, whose rules are a mixture of
/// YAML 1.1 and Go: `y`, `yes`, `on` (and `n`, `no`, `off`; each also capitalised and in capitals)
/// are booleans; `0777` is 511, `0o17` is 15, `0b11` is 3, `0x1F` is 31; `_` in a number is dropped
/// (`1_000` is 1000); `08` is the float 8; a date stays a string; base 60 is not known. What is then
/// decoded is JSON, which has no `.inf` and `.nan`: Dapr refuses a document that holds one. YAML 1.2's
/// core schema, by which our own files are read, has none of this: `yes` is a string, `0777` is 777.
package enum YAMLSchema: Sendable {
    /// YAML 1.2, section 10.3.
    case core
    /// What sigs.k8s.io/yaml makes of a text.
    case go

    func resolve(_ text: String) -> ScalarValue {
        if let word = Self.words[text] { return word }
        if self == .go, let word = Self.goWords[text] { return word }
        return number(text) ?? .string(text)
    }

    private static let words: [String: ScalarValue] = [
        "": .null, "~": .null, "null": .null, "Null": .null, "NULL": .null,
        "true": .bool(true), "True": .bool(true), "TRUE": .bool(true),
        "false": .bool(false), "False": .bool(false), "FALSE": .bool(false),
        ".nan": .double(.nan), ".NaN": .double(.nan), ".NAN": .double(.nan),
        ".inf": .double(.infinity), ".Inf": .double(.infinity), ".INF": .double(.infinity),
        "+.inf": .double(.infinity), "+.Inf": .double(.infinity), "+.INF": .double(.infinity),
        "-.inf": .double(-.infinity), "-.Inf": .double(-.infinity), "-.INF": .double(-.infinity),
    ]

    private static let goWords: [String: ScalarValue] = [
        "y": .bool(true), "Y": .bool(true), "yes": .bool(true), "Yes": .bool(true),
        "YES": .bool(true), "on": .bool(true), "On": .bool(true), "ON": .bool(true),
        "n": .bool(false), "N": .bool(false), "no": .bool(false), "No": .bool(false),
        "NO": .bool(false), "off": .bool(false), "Off": .bool(false), "OFF": .bool(false),
    ]

    // MARK: Numbers

    private func number(_ text: String) -> ScalarValue? {
        guard let first = text.utf8.first, first.isDigit || "+-.".utf8.contains(first) else {
            return nil
        }
        switch self {
        case .core: return Self.coreInteger(text) ?? Self.float(text)
        case .go:
            // go-yaml drops `_` from everything but what begins with a dot.
            let digits = first == UInt8(ascii: ".") ? text : text.filter { $0 != "_" }
            return Self.goInteger(digits) ?? Self.float(digits)
        }
    }

    private static func coreInteger(_ text: String) -> ScalarValue? {
        if text.hasPrefix("0x") { return integer("", text.dropFirst(2), radix: 16) }
        if text.hasPrefix("0o") { return integer("", text.dropFirst(2), radix: 8) }
        return signed(text) { ($0, 10) }
    }

    /// strconv.ParseInt with base 0, then ParseUint.
    private static func goInteger(_ text: String) -> ScalarValue? {
        signed(text) { digits in
            switch digits.prefix(2) {
            case "0x", "0X": (digits.dropFirst(2), 16)
            case "0o", "0O": (digits.dropFirst(2), 8)
            case "0b", "0B": (digits.dropFirst(2), 2)
            case _ where digits.count > 1 && digits.first == "0": (digits.dropFirst(), 8)
            default: (digits, 10)
            }
        }
    }

    private static func signed(
        _ text: String, _ radix: (Substring) -> (Substring, Int)
    ) -> ScalarValue? {
        let sign = text.hasPrefix("-") || text.hasPrefix("+") ? String(text.prefix(1)) : ""
        let (digits, base) = radix(text.dropFirst(sign.count))
        return integer(sign, digits, radix: base)
    }

    private static func integer(
        _ sign: String, _ digits: Substring, radix: Int
    ) -> ScalarValue? {
        // A second sign, which Swift would take.
        guard let first = digits.utf8.first, first != 0x2B, first != 0x2D else { return nil }
        if let int = Int(sign + digits, radix: radix) { return .int(int) }
        return sign.isEmpty ? UInt(digits, radix: radix).map { .uint($0) } : nil
    }

    /// `[-+]? ( . digits | digits [. digits?] ) [ e [-+]? digits ]`: the core schema's floats, and
    /// go-yaml's. Swift alone would also take hexadecimal ones and words.
    private static func float(_ text: String) -> ScalarValue? {
        var rest = Array(text.utf8)[...]
        func skipSign() {
            if let first = rest.first, "+-".utf8.contains(first) { rest.removeFirst() }
        }
        func skipDigits() -> Int {
            let digits = rest.prefix(while: \.isDigit).count
            rest.removeFirst(digits)
            return digits
        }
        skipSign()
        var digits = skipDigits()
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            digits += skipDigits()
        }
        guard digits > 0 else { return nil }
        if let mark = rest.first, "eE".utf8.contains(mark) {
            rest.removeFirst()
            skipSign()
            guard skipDigits() > 0 else { return nil }
        }
        // What no float can hold stays a string, as in Go.
        guard rest.isEmpty, let double = Double(text), double.isFinite else { return nil }
        return .double(double)
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (0x30...0x39) ~= self }
}
