internal import Bytes

/// Members, calls, literals: what operators stand between.
extension Parser {
    mutating func member() throws(Stop) -> Node {
        var node = try primary()
        while true {
            let place = current.range.lowerBound
            if accept(.dot) != nil {
                node = try field(of: node, dot: place)
            } else if accept(.openBracket) != nil {
                try refuseOptional("[?", at: place)
                let index = try enclosed(by: .closeBracket) { parser throws(Stop) in
                    try parser.expression()
                }
                node = try self.node(.index(node, index), at: place, over: [node, index])
            } else {
                return node
            }
        }
    }

    private mutating func refuseOptional(_ syntax: String, at place: Int) throws(Stop) {
        guard current.kind == .question else { return }
        throw refuse("unsupported syntax '\(syntax)'", at: place)
    }

    private mutating func field(of operand: Node, dot: Int) throws(Stop) -> Node {
        try refuseOptional(".?", at: dot)
        guard let name = accept(.identifier) else {
            let text = source.text(dot..<current.range.upperBound).escapingWhiteSpace
            throw refuse(
                "Syntax error: no viable alternative at input '\(text)'",
                at: current.range.lowerBound)
        }
        let open = current.range.lowerBound
        guard accept(.openParenthesis) != nil else {
            return try node(.select(operand, field: text(of: name)), at: dot, over: [operand])
        }
        let arguments = try arguments()
        return try memberCall(text(of: name), on: operand, arguments, at: open)
    }

    /// The arguments of a call whose parenthesis is open.
    private mutating func arguments() throws(Stop) -> [Node] {
        try enclosed(by: .closeParenthesis) { parser throws(Stop) in
            try parser.expectOperand(or: [.closeParenthesis])
            guard parser.current.kind != .closeParenthesis else { return [] }
            return try parser.expressions()
        }
    }

    private mutating func expressions() throws(Stop) -> [Node] {
        var all = [try expression()]
        while accept(.comma) != nil { all.append(try expression()) }
        return all
    }

    // MARK: Primary expressions

    private mutating func primary() throws(Stop) -> Node {
        let token = current
        let place = token.range.lowerBound
        switch token.kind {
        case .openParenthesis:
            advance()
            return try enclosed(by: .closeParenthesis) { parser throws(Stop) in
                try parser.expression()
            }
        case .openBracket: return try list()
        case .openBrace: return try map()
        case .identifier, .dot: return try name()
        case .exclamation: throw refuseSign(token)
        case .minus where next.kind != .int && next.kind != .float: throw refuseSign(token)
        default:
            let value = constant()
            return try node(.constant(value), at: place)
        }
    }

    /// `!` and `-` do not mix: `-!x`.
    private mutating func refuseSign(_ token: Token) -> Stop {
        let expected = Token.operandStarts.subtracting([.exclamation]).sorted().map(\.name)
        return refuse(
            "Syntax error: mismatched input '\(text(of: token))' expecting "
                + "{\(expected.joined(separator: ", "))}", at: token.range.lowerBound)
    }

    private mutating func list() throws(Stop) -> Node {
        let place = current.range.lowerBound
        advance()
        try refuseOptional("[?", at: place)
        let elements: [Node] = try enclosed(by: .closeBracket) { parser throws(Stop) in
            try parser.items(before: .closeBracket) { parser throws(Stop) in
                try parser.expression()
            }
        }
        return try node(.list(elements), at: place, over: elements)
    }

    private mutating func map() throws(Stop) -> Node {
        let place = current.range.lowerBound
        advance()
        let entries = try enclosed(by: .closeBrace) { parser throws(Stop) in
            try parser.items(before: .closeBrace) { parser throws(Stop) in try parser.entry() }
        }
        return try node(.map(entries), at: place, over: entries.flatMap { [$0.key, $0.value] })
    }

    private mutating func entry() throws(Stop) -> (key: Node, value: Node) {
        let key = try expression()
        try expect(.colon)
        return (key, try expression())
    }

    /// Items between commas, one more comma allowed at the end.
    private mutating func items<T>(
        before closer: Token.Kind, _ item: (inout Parser) throws(Stop) -> T
    ) throws(Stop) -> [T] {
        var all: [T] = []
        if accept(.comma) != nil { return all }
        try expectOperand(or: [closer, .comma])
        while current.kind != closer {
            all.append(try item(&self))
            guard accept(.comma) != nil else { break }
        }
        return all
    }

    private mutating func name() throws(Stop) -> Node {
        let place = current.range.lowerBound
        let leading = accept(.dot) != nil
        guard let token = accept(.identifier) else {
            throw refuse(
                "Syntax error: mismatched input '\(text(of: current))' expecting IDENTIFIER",
                at: current.range.lowerBound)
        }
        let name = text(of: token)
        if Self.reserved.contains(name) {
            report("reserved identifier: \(name)", at: token.range.lowerBound)
        }
        let open = current.range.lowerBound
        if accept(.openParenthesis) != nil {
            return try globalCall(name, try arguments(), at: open)
        }
        if current.kind == .openBrace { return try message(name, at: place) }
        return try node(.identifier(name), at: leading ? place : token.range.lowerBound)
    }

    private static let reserved: Set<String> = [
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let",
        "loop", "package", "namespace", "return", "var", "void", "while",
    ]

    private mutating func message(_ name: String, at place: Int) throws(Stop) -> Node {
        advance()
        _ = try enclosed(by: .closeBrace) { parser throws(Stop) in
            try parser.items(before: .closeBrace) { parser throws(Stop) in
                try parser.entry()
            }
        }
        return try node(.message(name), at: place)
    }

    // MARK: Constants

    private mutating func constant() -> CELValue {
        let sign = accept(.minus).map { text(of: $0) } ?? ""
        let token = current
        advance()
        let digits = text(of: token)
        switch token.kind {
        case .true: return .bool(true)
        case .false: return .bool(false)
        case .null: return .null
        case .string: return .string(String(text: token.contents))
        case .bytes: return .bytes(token.contents)
        case .float: return .double(Double(sign + digits) ?? .nan)
        case .uint:
            if let value = integer(digits.dropLast(), as: UInt64.self) { return .uint(value) }
            report("invalid uint literal", at: token.range.lowerBound)
        default:
            if let value = integer(sign + digits[...], as: Int64.self) { return .int(value) }
            report("invalid int literal", at: token.range.lowerBound)
        }
        return .null
    }

    private func integer<I: FixedWidthInteger>(_ text: some StringProtocol, as: I.Type) -> I? {
        let isNegative = text.hasPrefix("-")
        let digits = isNegative ? text.dropFirst() : text[...]
        guard digits.hasPrefix("0x") else { return I(text, radix: 10) }
        return I((isNegative ? "-" : "") + String(digits.dropFirst(2)), radix: 16)
    }
}
