/// Reads RE2's syntax as Go's `regexp/syntax` does.
struct RegexParser {
    struct Flags {
        var foldsCase = false
        var isMultiline = false
        var dotTakesNewline = false
    }

    var rest: ArraySlice<Unicode.Scalar>
    let pattern: [Unicode.Scalar]
    var flags = Flags()
    private var depth = 0

    static func parse(_ pattern: String) throws(RegexProblem) -> RegexSyntax {
        var parser = RegexParser(Array(pattern.unicodeScalars))
        let syntax = try parser.choice()
        guard parser.rest.isEmpty else { throw RegexProblem("unexpected )", parser.pattern) }
        return syntax
    }

    private init(_ pattern: [Unicode.Scalar]) {
        self.pattern = pattern
        rest = pattern[...]
    }

    mutating func accept(_ text: String) -> Bool {
        guard rest.starts(with: text.unicodeScalars) else { return false }
        rest = rest.dropFirst(text.unicodeScalars.count)
        return true
    }

    // MARK: Choices and sequences

    private mutating func choice() throws(RegexProblem) -> RegexSyntax {
        var choices = [try sequence()]
        while accept("|") { choices.append(try sequence()) }
        return choices.count == 1 ? choices[0] : .choice(choices)
    }

    private mutating func sequence() throws(RegexProblem) -> RegexSyntax {
        var parts: [RegexSyntax] = []
        // The operator before, for the message about two in a row.
        var lastOperator: ArraySlice<Unicode.Scalar>?
        while let first = rest.first, first != "|", first != ")" {
            let start = rest
            guard let (lower, upper) = try repetition() else {
                lastOperator = nil
                try append(to: &parts)
                continue
            }
            let text = start[..<rest.startIndex]
            if let lastOperator {
                throw RegexProblem(
                    "invalid nested repetition operator",
                    pattern[lastOperator.startIndex..<rest.startIndex])
            }
            guard let operand = parts.popLast() else {
                throw RegexProblem("missing argument to repetition operator", text)
            }
            parts.append(.repetition(operand, from: lower, upTo: upper))
            lastOperator = text
        }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    /// `*`, `+?`, `{2,3}`; nil when none stands here. A brace that begins no repetition is itself.
    private mutating func repetition() throws(RegexProblem) -> (Int, Int?)? {
        let bounds: (Int, Int?)
        switch rest.first {
        case "*": bounds = (0, nil)
        case "+": bounds = (1, nil)
        case "?": bounds = (0, 1)
        case "{":
            guard let counted = try count() else { return nil }
            _ = accept("?")
            return counted
        default: return nil
        }
        rest = rest.dropFirst()
        _ = accept("?")
        return bounds
    }

    private mutating func count() throws(RegexProblem) -> (Int, Int?)? {
        var ahead = rest.dropFirst()
        guard let lower = Self.number(&ahead) else { return nil }
        var upper: Int? = lower
        if ahead.first == "," {
            ahead = ahead.dropFirst()
            upper = ahead.first == "}" ? nil : Self.number(&ahead)
            guard upper != nil || ahead.first == "}" else { return nil }
        }
        guard ahead.first == "}" else { return nil }
        let text = rest[...ahead.startIndex]
        rest = ahead.dropFirst()
        guard lower <= CELLimits.regexRepeat, (upper ?? lower) <= CELLimits.regexRepeat,
            lower <= upper ?? lower
        else { throw RegexProblem("invalid repeat count", text) }
        return (lower, upper)
    }

    /// Digits without a leading zero; a number too large for any use is cut.
    private static func number(_ rest: inout ArraySlice<Unicode.Scalar>) -> Int? {
        let digits = rest.prefix { $0.isDigit }
        guard !digits.isEmpty, digits.count == 1 || digits.first != "0" else { return nil }
        rest = rest[digits.endIndex...]
        return digits.prefix(8).reduce(0) { $0 * 10 + Int($1.value - 0x30) }
    }

    // MARK: Single places

    private mutating func append(to parts: inout [RegexSyntax]) throws(RegexProblem) {
        if accept("\\Q") {
            while !rest.isEmpty, !accept("\\E") { parts.append(literal()) }
        } else if let part = try atom() {
            parts.append(part)
        }
    }

    /// nil for what sets flags and takes no place.
    private mutating func atom() throws(RegexProblem) -> RegexSyntax? {
        switch rest.first {
        case "(": return try group()
        case "[": return .character(try characterClass())
        case "\\": return try escape()
        case ".":
            rest = rest.dropFirst()
            return .character(.any(withNewline: flags.dotTakesNewline))
        case "^":
            rest = rest.dropFirst()
            return .assertion(flags.isMultiline ? .lineStart : .textStart)
        case "$":
            rest = rest.dropFirst()
            return .assertion(flags.isMultiline ? .lineEnd : .textEnd)
        default: return literal()
        }
    }

    private mutating func literal() -> RegexSyntax {
        guard let scalar = rest.popFirst() else { return .empty }
        return .character(.single(scalar, foldsCase: flags.foldsCase))
    }

    private mutating func escape() throws(RegexProblem) -> RegexSyntax {
        let assertions: [(String, RegexAssertion)] = [
            ("\\A", .textStart), ("\\z", .textEnd), ("\\b", .wordBoundary),
            ("\\B", .noWordBoundary),
        ]
        for (text, assertion) in assertions where accept(text) { return .assertion(assertion) }
        if let item = try namedClass() {
            return .character(CharacterClass(items: [item], foldsCase: flags.foldsCase))
        }
        return .character(.single(try escapedScalar(), foldsCase: flags.foldsCase))
    }

    // MARK: Groups

    private mutating func group() throws(RegexProblem) -> RegexSyntax? {
        depth += 1
        defer { depth -= 1 }
        guard depth <= CELLimits.regexDepth else {
            throw RegexProblem("expression nests too deeply", pattern)
        }
        let outer = flags
        guard try opensGroup() else { return nil }
        let inner = try choice()
        flags = outer
        guard accept(")") else { throw RegexProblem("missing closing )", pattern) }
        return inner
    }

    /// Whether what begins here is a group; flags alone, `(?i)`, are none.
    private mutating func opensGroup() throws(RegexProblem) -> Bool {
        guard accept("(?") else {
            rest = rest.dropFirst()
            return true
        }
        if accept("P<") || accept("<") {
            try name()
            return true
        }
        return try flagList()
    }

    private mutating func name() throws(RegexProblem) {
        let start = pattern[..<rest.startIndex].lastIndex(of: "(") ?? 0
        guard let end = rest.firstIndex(of: ">") else {
            throw RegexProblem("invalid named capture", pattern[start...])
        }
        let name = rest[..<end]
        guard !name.isEmpty, name.allSatisfy(\.isASCIIWord) else {
            throw RegexProblem("invalid named capture", pattern[start...end])
        }
        rest = rest[(end + 1)...]
    }

    private mutating func flagList() throws(RegexProblem) -> Bool {
        let start = rest.startIndex - 2
        var isOn = true
        var hasFlag = false
        while let letter = rest.popFirst() {
            switch letter {
            case "i": flags.foldsCase = isOn
            case "m": flags.isMultiline = isOn
            case "s": flags.dotTakesNewline = isOn
            case "U": break
            case "-" where isOn:
                isOn = false
                hasFlag = false
                continue
            case ":" where isOn || hasFlag: return true
            case ")" where isOn || hasFlag: return false
            default:
                throw RegexProblem(
                    "invalid or unsupported Perl syntax", pattern[start..<rest.startIndex])
            }
            hasFlag = true
        }
        throw RegexProblem("missing closing )", pattern)
    }
}
