/// A word of an expression. The order of kinds is the grammar's: messages list what was expected in it.
struct Token: Sendable {
    enum Kind: Int, Sendable, CaseIterable, Comparable {
        case equals, notEquals, `in`, less, lessEquals, greaterEquals, greater, and, or
        case openBracket, closeBracket, openBrace, closeBrace, openParenthesis, closeParenthesis
        case dot, comma, minus, exclamation, question, colon, plus, star, slash, percent
        case `true`, `false`, null
        case float, int, uint, string, bytes, identifier
        case end

        /// The kind as messages name it.
        var name: String {
            switch self {
            case .float: "NUM_FLOAT"
            case .int: "NUM_INT"
            case .uint: "NUM_UINT"
            case .string: "STRING"
            case .bytes: "BYTES"
            case .identifier: "IDENTIFIER"
            case .end: "<EOF>"
            default: "'\(Self.spellings[rawValue])'"
            }
        }

        /// What is written for the kinds before `float`.
        static let spellings = [
            "==", "!=", "in", "<", "<=", ">=", ">", "&&", "||", "[", "]", "{", "}", "(", ")", ".",
            ",", "-", "!", "?", ":", "+", "*", "/", "%", "true", "false", "null",
        ]

        static func < (a: Kind, b: Kind) -> Bool { a.rawValue < b.rawValue }
    }

    let kind: Kind
    /// Where it stands in the text, by code points.
    let range: Range<Int>
    /// Of a string or bytes literal: its contents.
    var contents: [UInt8] = []

    /// What an expression, or one operand of it, begins with.
    static let operandStarts: Set<Kind> = [
        .openBracket, .openBrace, .openParenthesis, .dot, .minus, .exclamation, .true, .false,
        .null, .float, .int, .uint, .string, .bytes, .identifier,
    ]

    /// What may follow an operand whatever stands round it.
    static let operandFollowers: Set<Kind> = [
        .equals, .notEquals, .in, .less, .lessEquals, .greaterEquals, .greater, .and, .or,
        .openBracket, .dot, .minus, .question, .plus, .star, .slash, .percent,
    ]
}
