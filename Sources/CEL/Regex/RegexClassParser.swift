/// Bracket expressions and escapes.
extension RegexParser {
    mutating func characterClass() throws(RegexProblem) -> CharacterClass {
        let start = rest.startIndex
        rest = rest.dropFirst()
        var result = CharacterClass(foldsCase: flags.foldsCase)
        result.isNegated = accept("^")
        var isFirst = true
        while rest.first != "]" || isFirst {
            guard !rest.isEmpty else { throw RegexProblem("missing closing ]", pattern[start...]) }
            isFirst = false
            result.items.append(try classItem(from: start))
        }
        rest = rest.dropFirst()
        return result
    }

    private mutating func classItem(from start: Int) throws(RegexProblem) -> CharacterClass.Item {
        if let item = try posixClass() { return item }
        if let item = try namedClass() { return item }
        let first = rest.startIndex
        let lower = try classScalar(from: start)
        guard rest.first == "-", rest.dropFirst().first.map({ $0 != "]" }) == true else {
            return .range(lower.value...lower.value)
        }
        rest = rest.dropFirst()
        let upper = try classScalar(from: start)
        guard lower <= upper else {
            throw RegexProblem("invalid character class range", pattern[first..<rest.startIndex])
        }
        return .range(lower.value...upper.value)
    }

    private mutating func classScalar(from start: Int) throws(RegexProblem) -> Unicode.Scalar {
        if rest.first == "\\" { return try escapedScalar() }
        guard let scalar = rest.popFirst() else {
            throw RegexProblem("missing closing ]", pattern[start...])
        }
        return scalar
    }

    /// `[:alpha:]`, `[:^alpha:]`
    private mutating func posixClass() throws(RegexProblem) -> CharacterClass.Item? {
        guard rest.starts(with: "[:".unicodeScalars),
            let end = rest.indices.dropFirst(2).first(where: {
                rest[$0...].starts(with: ":]".unicodeScalars)
            })
        else { return nil }
        let text = rest[..<(end + 2)]
        var name = rest[(rest.startIndex + 2)..<end]
        let isNegated = name.first == "^"
        if isNegated { name = name.dropFirst() }
        guard let ranges = CharacterClass.Property.posix[name.map { String($0) }.joined()] else {
            throw RegexProblem("invalid character class range", text)
        }
        rest = rest[(end + 2)...]
        return .property(.posix(ranges), isNegated: isNegated)
    }

    /// `\d`, `\W`, `\pL`, `\P{Lu}`; nil for any other escape.
    mutating func namedClass() throws(RegexProblem) -> CharacterClass.Item? {
        guard rest.first == "\\", let letter = rest.dropFirst().first else { return nil }
        switch letter {
        case "d", "D", "s", "S", "w", "W":
            rest = rest.dropFirst(2)
            let isNegated = letter < "a"
            switch letter {
            case "d", "D": return .property(.digit, isNegated: isNegated)
            case "s", "S": return .property(.space, isNegated: isNegated)
            default: return .property(.word, isNegated: isNegated)
            }
        case "p", "P": return try category(isNegated: letter == "P")
        default: return nil
        }
    }

    private mutating func category(isNegated: Bool) throws(RegexProblem) -> CharacterClass.Item {
        let start = rest.startIndex
        rest = rest.dropFirst(2)
        var name = rest.prefix(1)
        if accept("{") {
            guard let end = rest.firstIndex(of: "}") else {
                throw RegexProblem("invalid character class range", pattern[start...])
            }
            name = rest[..<end]
            rest = rest[(end + 1)...]
        } else {
            rest = rest.dropFirst()
        }
        var isNegated = isNegated
        if name.first == "^" {
            isNegated.toggle()
            name = name.dropFirst()
        }
        let text = name.map { String($0) }.joined()
        // Scripts would need tables that Swift's library does not have.
        guard CharacterClass.Property.categories.contains(text) else {
            throw RegexProblem("invalid character class range", pattern[start..<rest.startIndex])
        }
        return .property(.category(text), isNegated: isNegated)
    }

    // MARK: Escapes

    /// The character that an escape stands for.
    mutating func escapedScalar() throws(RegexProblem) -> Unicode.Scalar {
        let start = rest.startIndex
        rest = rest.dropFirst()
        guard let letter = rest.popFirst() else {
            throw RegexProblem("trailing backslash at end of expression", [])
        }
        switch letter {
        case "a": return "\u{07}"
        case "f": return "\u{0C}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "v": return "\u{0B}"
        case "x":
            if let scalar = hexadecimal() { return scalar }
        case "0": return octal(letter)
        case "1"..."7" where rest.first.map { $0 >= "0" && $0 <= "7" } == true:
            return octal(letter)
        default:
            if letter.isASCII, letter == "_" || !letter.isASCIIWord { return letter }
        }
        throw RegexProblem("invalid escape sequence", pattern[start..<rest.startIndex])
    }

    private mutating func octal(_ first: Unicode.Scalar) -> Unicode.Scalar {
        let digits = rest.prefix(2).prefix { $0 >= "0" && $0 <= "7" }
        rest = rest[digits.endIndex...]
        let value = digits.reduce(first.value - 0x30) { $0 * 8 + $1.value - 0x30 }
        return Unicode.Scalar(value) ?? "\0"
    }

    /// `\x7F`, `\x{10FFFF}`; nil when it is neither, with what was read taken.
    private mutating func hexadecimal() -> Unicode.Scalar? {
        let isBraced = accept("{")
        let digits = isBraced ? rest.prefix { $0.isHexDigit } : rest.prefix(2)
        guard isBraced || digits.count == 2, digits.count <= 8 else {
            rest = rest.dropFirst()
            return nil
        }
        rest = rest[digits.endIndex...]
        let text = digits.map { String($0) }.joined()
        guard let value = UInt32(text, radix: 16), !isBraced || accept("}") else { return nil }
        return Unicode.Scalar(value)
    }
}
