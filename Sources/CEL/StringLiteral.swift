/// Reads one quoted literal: `"x"`, `'''x'''`, raw ones and bytes.
struct StringLiteral {
    enum Result {
        /// Behind the closing quote.
        case end(Int)
        /// Behind the character that does not fit.
        case refused(Int)
    }

    let scalars: [Unicode.Scalar]
    /// The opening quote.
    let start: Int
    let isRaw: Bool
    let isBytes: Bool
    private(set) var contents: [UInt8] = []
    private var index = 0

    init(scalars: [Unicode.Scalar], start: Int, isRaw: Bool, isBytes: Bool) {
        self.scalars = scalars
        self.start = start
        self.isRaw = isRaw
        self.isBytes = isBytes
    }

    mutating func read() -> Result {
        let quote = scalars[start]
        let quotes = scalars[start...].prefix(3).allSatisfy { $0 == quote }
        let width = quotes && start + 3 <= scalars.count ? 3 : 1
        index = start + width
        while index < scalars.count {
            if isClosed(by: quote, width) { return .end(index + width) }
            let scalar = scalars[index]
            if width == 1, scalar == "\n" || scalar == "\r" { return fallback(index + 1, width) }
            if scalar == "\\", !isRaw {
                guard escape() else { return fallback(index + 1, width) }
            } else {
                append(scalar)
                index += 1
            }
        }
        return fallback(scalars.count, width)
    }

    /// Of `"""x` at least the first two quotes are a token, the empty string.
    private mutating func fallback(_ end: Int, _ width: Int) -> Result {
        guard width == 3 else { return .refused(end) }
        contents = []
        return .end(start + 2)
    }

    private func isClosed(by quote: Unicode.Scalar, _ width: Int) -> Bool {
        index + width <= scalars.count
            && scalars[index..<(index + width)].allSatisfy { $0 == quote }
    }

    private mutating func append(_ scalar: Unicode.Scalar) {
        contents.append(contentsOf: String(scalar).utf8)
    }

    // MARK: Escapes

    /// Reads one escape; `index` is left on the character that does not fit when there is none.
    private mutating func escape() -> Bool {
        index += 1
        guard index < scalars.count else { return false }
        let letter = scalars[index]
        if let simple = Self.simple[letter] {
            contents.append(simple)
            index += 1
            return true
        }
        switch letter {
        case "x", "X": return number(from: index + 1, digits: 2, radix: 16)
        case "u" where !isBytes: return number(from: index + 1, digits: 4, radix: 16)
        case "U" where !isBytes: return number(from: index + 1, digits: 8, radix: 16)
        case "0"..."3": return number(from: index, digits: 3, radix: 8)
        default: return false
        }
    }

    private mutating func number(from start: Int, digits: Int, radix: UInt32) -> Bool {
        var value: UInt32 = 0
        for place in start..<(start + digits) {
            guard place < scalars.count,
                let digit =
                    scalars[place].properties.numericType == nil
                        && !scalars[place].isHexDigit
                    ? nil : UInt32(String(scalars[place]), radix: Int(radix))
            else {
                index = place
                return false
            }
            value = value &* radix &+ digit
        }
        index = start + digits
        return append(code: value)
    }

    private mutating func append(code: UInt32) -> Bool {
        if isBytes {
            contents.append(UInt8(truncatingIfNeeded: code))
            return true
        }
        guard let scalar = Unicode.Scalar(code) else { return false }
        append(scalar)
        return true
    }

    private static let simple: [Unicode.Scalar: UInt8] = [
        "a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 0x5C, "'": 0x27,
        "\"": 0x22, "`": 0x60, "?": 0x3F,
    ]
}
