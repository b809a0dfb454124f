/// Cuts an expression into tokens. What is no token is reported as the generated lexer of cel-go
/// does, the offending character included, and reading goes on behind it.
struct Lexer {
    private let source: ExpressionText
    private var index = 0
    private var tokens: [Token] = []
    private var findings: [CELProblem.Finding] = []

    static func tokens(
        of source: ExpressionText
    ) -> (tokens: [Token], findings: [CELProblem.Finding]) {
        var lexer = Lexer(source: source)
        while lexer.index < source.scalars.count { lexer.next() }
        let end = source.scalars.count
        return (lexer.tokens + [Token(kind: .end, range: end..<end)], lexer.findings)
    }

    private init(source: ExpressionText) { self.source = source }

    private func scalar(_ offset: Int = 0) -> Unicode.Scalar? {
        index + offset < source.scalars.count ? source.scalars[index + offset] : nil
    }

    private mutating func next() {
        guard let first = scalar() else { return }
        switch first {
        case " ", "\t", "\n", "\r", "\u{C}": index += 1
        case "/" where scalar(1) == "/": skipComment()
        case "\"", "'": string(prefix: 0)
        case _ where stringPrefix > 0: string(prefix: stringPrefix)
        case _ where first.isIdentifierStart: word()
        case _ where first.isDigit, "." where scalar(1)?.isDigit == true: number()
        default: symbol()
        }
    }

    private mutating func skipComment() {
        while let next = scalar(), next != "\n" { index += 1 }
    }

    private mutating func add(_ kind: Token.Kind, to end: Int, contents: [UInt8] = []) {
        tokens.append(Token(kind: kind, range: index..<end, contents: contents))
        index = end
    }

    /// - Parameter end: behind the character that fits no token.
    private mutating func refuse(to end: Int) {
        let end = min(end, source.scalars.count)
        let text = source.text(index..<end).escapingWhiteSpace
        findings.append(
            source.finding("Syntax error: token recognition error at: '\(text)'", at: index))
        index = end
    }

    // MARK: Words and symbols

    private mutating func word() {
        var end = index
        while end < source.scalars.count, source.scalars[end].isIdentifierPart { end += 1 }
        switch source.text(index..<end) {
        case "in": add(.in, to: end)
        case "true": add(.true, to: end)
        case "false": add(.false, to: end)
        case "null": add(.null, to: end)
        default: add(.identifier, to: end)
        }
    }

    private mutating func symbol() {
        for length in [2, 1] where index + length <= source.scalars.count {
            let text = source.text(index..<(index + length))
            if let kind = Token.Kind.spellings.firstIndex(of: text) {
                return add(Token.Kind(rawValue: kind) ?? .end, to: index + length)
            }
        }
        // `=`, `&` and `|` begin a token, so the character behind them is what does not fit.
        let isHalf = scalar() == "=" || scalar() == "&" || scalar() == "|"
        refuse(to: index + (isHalf ? 2 : 1))
    }

    // MARK: Numbers

    private mutating func number() {
        var end = index
        if scalar() == "0", scalar(1) == "x", scalar(2)?.isHexDigit == true {
            end += 2
            skip(&end) { $0.isHexDigit }
            return addInteger(to: end)
        }
        skip(&end) { $0.isDigit }
        let whole = end
        if at(end) == ".", at(end + 1)?.isDigit == true {
            end += 1
            skip(&end) { $0.isDigit }
        }
        if let exponent = exponentEnd(from: end) { end = exponent }
        if end == whole { addInteger(to: end) } else { add(.float, to: end) }
    }

    private mutating func addInteger(to end: Int) {
        if at(end) == "u" || at(end) == "U" { add(.uint, to: end + 1) } else { add(.int, to: end) }
    }

    private func exponentEnd(from start: Int) -> Int? {
        guard at(start) == "e" || at(start) == "E" else { return nil }
        var end = start + 1
        if at(end) == "+" || at(end) == "-" { end += 1 }
        guard at(end)?.isDigit == true else { return nil }
        skip(&end) { $0.isDigit }
        return end
    }

    private func at(_ index: Int) -> Unicode.Scalar? {
        index < source.scalars.count ? source.scalars[index] : nil
    }

    private func skip(_ index: inout Int, while matches: (Unicode.Scalar) -> Bool) {
        while let scalar = at(index), matches(scalar) { index += 1 }
    }

    // MARK: Strings

    /// How many letters before a quote say what kind of string it is: `r`, `b`, `br`.
    private var stringPrefix: Int {
        var length = 0
        if scalar() == "b" || scalar() == "B" { length = 1 }
        if scalar(length) == "r" || scalar(length) == "R" { length += 1 }
        guard length > 0, scalar(length) == "\"" || scalar(length) == "'" else { return 0 }
        return length
    }

    private mutating func string(prefix: Int) {
        let letters = source.text(index..<(index + prefix)).lowercased()
        let isBytes = letters.contains("b")
        var literal = StringLiteral(
            scalars: source.scalars, start: index + prefix, isRaw: letters.contains("r"),
            isBytes: isBytes)
        switch literal.read() {
        case .end(let end):
            add(isBytes ? .bytes : .string, to: end, contents: literal.contents)
        case .refused(let end): refuse(to: end)
        }
    }
}

extension Unicode.Scalar {
    var isDigit: Bool { self >= "0" && self <= "9" }

    var isHexDigit: Bool { properties.isASCIIHexDigit }

    fileprivate var isIdentifierStart: Bool {
        self == "_" || self >= "a" && self <= "z" || self >= "A" && self <= "Z"
    }

    fileprivate var isIdentifierPart: Bool { isIdentifierStart || isDigit }
}

extension String {
    /// Line ends and tabs as they are written in literals.
    var escapingWhiteSpace: String {
        unicodeScalars.map { scalar in
            switch scalar {
            case "\n": "\\n"
            case "\r": "\\r"
            case "\t": "\\t"
            default: String(scalar)
            }
        }.joined()
    }
}
