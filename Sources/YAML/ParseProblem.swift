/// libyaml's problems in words that say what to do. A pure table: its own texts are known from
/// 0.2.5; one that is not in the table is shown as it is.
struct ParseProblem {
    let message: String
    let hint: String?
    /// Whether the place to show is where the thing began (an opening quote) and not where libyaml
    /// gave up on it, which may be the end of the file.
    let isShownAtContext: Bool

    /// - Parameters:
    ///   - before: the last byte before the problem that is no blank.
    ///   - byte: what stands at the problem; nil at the end of the text.
    init(_ problem: EventReader.Problem, before: UInt8?, byte: UInt8?) {
        let what = Self.what[problem.context ?? ""] ?? "the document"
        let (why, hint, atContext) =
            Self.afterQuote(problem.text, before) ?? Self.why(problem, byte)
        message = "cannot read \(what): \(why)"
        self.hint = hint
        isShownAtContext = atContext
    }

    private static let what = [
        "while parsing a block mapping": "the mapping",
        "while parsing a flow mapping": "the mapping",
        "while parsing a block collection": "the list",
        "while parsing a flow sequence": "the list",
        "while scanning a quoted scalar": "the quoted text",
        "while parsing a quoted scalar": "the quoted text",
        "while scanning a block scalar": "the text block",
        "while scanning a plain scalar": "the text",
        "while scanning a simple key": "the key",
        "while scanning an anchor": "the anchor",
        "while scanning an alias": "the alias",
        "while scanning a tag": "the tag",
        "while parsing a tag": "the tag",
        "while parsing a node": "the tag",
        "while scanning a directive": "the directive",
        "while scanning a %YAML directive": "the directive",
        "while scanning a %TAG directive": "the directive",
    ]

    private typealias Why = (why: String, hint: String?, atContext: Bool)

    private static let indentation =
        "check the indentation: what belongs together begins in the same column"

    /// `'it's'`: libyaml misses the next key, the writer a quote.
    private static func afterQuote(_ text: String, _ before: UInt8?) -> Why? {
        guard text == "did not find expected key" else { return nil }
        switch before {
        case UInt8(ascii: "'"):
            return ("text follows the closing quote", "in single quotes write `''` for `'`", false)
        case UInt8(ascii: "\""):
            return (
                "text follows the closing quote", "in double quotes write `\\\"` for `\"`", false
            )
        default: return nil
        }
    }

    private static func why(_ problem: EventReader.Problem, _ byte: UInt8?) -> Why {
        switch problem.text {
        case "found unexpected end of stream":
            return ("the closing quote is missing", nil, true)
        case "found unexpected document indicator":
            return ("the document ends before the closing quote", nil, true)
        case "did not find expected ',' or ']'":
            return ("expected `,` or `]`", "every `[` needs its `]`", byte == nil)
        case "did not find expected ',' or '}'":
            return ("expected `,` or `}`", "every `{` needs its `}`", byte == nil)
        case "did not find expected key": return ("expected a key", indentation, false)
        case "did not find expected '-' indicator": return ("expected `-`", indentation, false)
        case "could not find expected ':'":
            return ("expected `:` after it", "write `key: value`, with a blank after `:`", true)
        case "mapping values are not allowed in this context":
            return (
                "a `:` cannot stand here",
                "put a text that holds `: ` in quotes, or check the indentation", false
            )
        case "mapping keys are not allowed in this context":
            return ("a key cannot stand here", indentation, false)
        case "block sequence entries are not allowed in this context":
            return ("a `- ` cannot stand here", "begin the list on a line of its own", false)
        case "did not find expected <document start>":
            return ("expected its end", "begin the next document with `---`", false)
        case "did not find expected node content": return ("a value is missing", nil, false)
        case "found incompatible YAML document":
            return ("its version is not known", "`%YAML 1.1` and `%YAML 1.2` are", false)
        case "found unknown directive name": return ("its name is not known", nil, false)
        case "did not find expected alphabetic or numeric character":
            return ("its name is missing", nil, false)
        case "did not find expected hexdecimal number",
            "found invalid Unicode character escape code":
            return ("an escape that is no character", nil, false)
        case "found undefined tag handle": return ("its handle is not known", nil, false)
        case "found unknown escape character":
            return ("an unknown escape", "in double quotes a backslash is written `\\\\`", false)
        default: return character(problem.text, byte)
        }
    }

    /// Problems with a single character.
    private static func character(_ text: String, _ byte: UInt8?) -> Why {
        let isTab = byte == UInt8(ascii: "\t")
        if text.hasPrefix("found a tab") || (isTab && text == noToken) {
            return ("a tab cannot indent", "indent with blanks", false)
        }
        switch text {
        case noToken:
            let isQuote = byte == UInt8(ascii: "`")
            let shown = isQuote ? "a backquote" : "`\(Unicode.Scalar(byte ?? 0x3F))`"
            return ("\(shown) cannot begin a text", "put the text in quotes", false)
        case "control characters are not allowed":
            return ("a control character stands in it", "write it as `\\x..` in quotes", false)
        case _ where text.contains("octet") || text.hasPrefix("invalid "):
            return ("it is not UTF-8", "save the file as UTF-8", false)
        default: return (text, nil, false)
        }
    }

    private static let noToken = "found character that cannot start any token"
}
