/// Parses an expression by recursive descent, with the messages of cel-go's generated parser. It
/// stops at the first mistake that it cannot step over.
struct Parser {
    let source: ExpressionText
    private let tokens: [Token]
    private var position = 0
    private(set) var findings: [CELProblem.Finding]
    /// What closes the brackets that are open.
    private var closers: [Token.Kind] = []
    private var depth = 0

    /// Parsing cannot go on; the reason is among the findings.
    struct Stop: Error {}

    static func parse(_ source: ExpressionText) throws(CELProblem) -> Node {
        var parser = Parser(source)
        do throws(Stop) {
            let node = try parser.expression()
            try parser.expect(.end)
            guard parser.findings.isEmpty else { throw Stop() }
            return node
        } catch {
            throw source.problem(parser.findings)
        }
    }

    private init(_ source: ExpressionText) {
        self.source = source
        (tokens, findings) = Lexer.tokens(of: source)
    }

    // MARK: Tokens

    var current: Token { tokens[position] }
    var next: Token { tokens[min(position + 1, tokens.count - 1)] }

    mutating func advance() { position = min(position + 1, tokens.count - 1) }

    func text(of token: Token) -> String { source.text(token.range) }

    mutating func accept(_ kind: Token.Kind) -> Token? {
        guard current.kind == kind else { return nil }
        defer { advance() }
        return current
    }

    mutating func report(_ message: String, at offset: Int) {
        findings.append(source.finding(message, at: offset))
    }

    mutating func refuse(_ message: String, at offset: Int) -> Stop {
        report(message, at: offset)
        return Stop()
    }

    private func quoted(_ token: Token) -> String {
        token.kind == .end ? "'<EOF>'" : "'\(text(of: token).escapingWhiteSpace)'"
    }

    /// Takes a token of `kind`: one stray token before it is stepped over, and a missing one is
    /// thought to be there where what follows could follow it.
    mutating func expect(_ kind: Token.Kind) throws(Stop) {
        if accept(kind) != nil { return }
        let place = current.range.lowerBound
        let found = quoted(current)
        if next.kind == kind, current.kind != .end {
            report("Syntax error: extraneous input \(found) expecting \(kind.name)", at: place)
            advance()
            return advance()
        }
        guard mayFollow(kind) else {
            throw refuse(
                "Syntax error: mismatched input \(found) expecting \(kind.name)", at: place)
        }
        report("Syntax error: missing \(kind.name) at \(found)", at: place)
    }

    private func mayFollow(_ kind: Token.Kind) -> Bool {
        switch kind {
        case .end: false
        case .colon: Token.operandStarts.contains(current.kind)
        default:
            Token.operandFollowers.contains(current.kind)
                || current.kind == (closers.dropLast().last ?? .end)
        }
    }

    /// Makes sure that an operand, or one of `others`, begins here.
    mutating func expectOperand(or others: Set<Token.Kind> = []) throws(Stop) {
        let expected = Token.operandStarts.union(others)
        guard !expected.contains(current.kind) else { return }
        let list = "{\(expected.sorted().map(\.name).joined(separator: ", "))}"
        let isStray = expected.contains(next.kind) && current.kind != .end
        let what = isStray ? "extraneous" : "mismatched"
        report(
            "Syntax error: \(what) input \(quoted(current)) expecting \(list)",
            at: current.range.lowerBound)
        guard isStray else { throw Stop() }
        advance()
    }

    /// What stands between brackets; the opening one is taken already.
    mutating func enclosed<T>(
        by closer: Token.Kind, _ body: (inout Parser) throws(Stop) -> T
    ) throws(Stop) -> T {
        closers.append(closer)
        let result = try body(&self)
        try expect(closer)
        closers.removeLast()
        return result
    }

    mutating func node(
        _ kind: Node.Kind, at offset: Int, over children: [Node] = []
    ) throws(Stop) -> Node {
        let height = 1 + (children.map(\.height).max() ?? 0)
        guard height <= CELLimits.depth else { throw tooDeep(at: offset) }
        return Node(kind, at: offset, height: height)
    }

    private mutating func tooDeep(at offset: Int) -> Stop {
        refuse("expression recursion limit exceeded: \(CELLimits.depth)", at: offset)
    }

    // MARK: Operators, loosest first

    mutating func expression() throws(Stop) -> Node {
        depth += 1
        defer { depth -= 1 }
        guard depth <= CELLimits.depth else { throw tooDeep(at: current.range.lowerBound) }
        let condition = try disjunction()
        guard let question = accept(.question) else { return condition }
        let yes = try disjunction()
        try expect(.colon)
        let no = try expression()
        return try node(
            .conditional(condition, yes, no), at: question.range.lowerBound,
            over: [condition, yes, no])
    }

    private mutating func disjunction() throws(Stop) -> Node {
        let first = try conjunction()
        var terms = [first]
        let offset = current.range.lowerBound
        while accept(.or) != nil { terms.append(try conjunction()) }
        return terms.count == 1 ? first : try node(.or(terms), at: offset, over: terms)
    }

    private mutating func conjunction() throws(Stop) -> Node {
        let first = try relation()
        var terms = [first]
        let offset = current.range.lowerBound
        while accept(.and) != nil { terms.append(try relation()) }
        return terms.count == 1 ? first : try node(.and(terms), at: offset, over: terms)
    }

    private mutating func relation() throws(Stop) -> Node {
        try chain(of: Self.relations) { parser throws(Stop) in
            try parser.chain(of: Self.sums) { parser throws(Stop) in
                try parser.chain(of: Self.products) { parser throws(Stop) in
                    try parser.unary()
                }
            }
        }
    }

    private static let relations: [Token.Kind: CELFunction] = [
        .equals: .equals, .notEquals: .notEquals, .in: .in, .less: .less,
        .lessEquals: .lessEquals, .greaterEquals: .greaterEquals, .greater: .greater,
    ]
    private static let sums: [Token.Kind: CELFunction] = [.plus: .add, .minus: .subtract]
    private static let products: [Token.Kind: CELFunction] = [
        .star: .multiply, .slash: .divide, .percent: .modulo,
    ]

    /// Operators of one precedence, grouped from the left.
    private mutating func chain(
        of operators: [Token.Kind: CELFunction],
        _ operand: (inout Parser) throws(Stop) -> Node
    ) throws(Stop) -> Node {
        var left = try operand(&self)
        while let function = operators[current.kind] {
            let offset = current.range.lowerBound
            advance()
            let right = try operand(&self)
            left = try node(
                .call(function.rawValue, [left, right], isMember: false), at: offset,
                over: [left, right])
        }
        return left
    }

    /// An even number of signs cancels out.
    private mutating func unary() throws(Stop) -> Node {
        try expectOperand()
        let sign = current
        let isNumber = next.kind == .int || next.kind == .float
        guard sign.kind == .exclamation || sign.kind == .minus && !isNumber else {
            return try member()
        }
        var count = 0
        while accept(sign.kind) != nil { count += 1 }
        try expectOperand()
        let operand = try member()
        guard !count.isMultiple(of: 2) else { return operand }
        let function: CELFunction = sign.kind == .minus ? .negate : .not
        return try node(
            .call(function.rawValue, [operand], isMember: false), at: sign.range.lowerBound,
            over: [operand])
    }
}
