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
        let (why, hint) =
            Self.afterQuote(problem.text, before) ?? Self.whys[problem.text]
            ?? Self.character(problem.text, byte)
        message = "cannot read \(what): \(why)"
        self.hint = hint
        let isLate = byte == nil || [Self.documentIndicator, Self.noColon].contains(problem.text)
        isShownAtContext = isLate && problem.context != nil
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

    private typealias Why = (why: String, hint: String?)

    private static let indentation =
        "check the indentation: what belongs together begins in the same column"

    private static let whys: [String: Why] = [
        "found unexpected end of stream": ("the closing quote is missing", nil),
        documentIndicator: ("the document ends before the closing quote", nil),
        "did not find expected ',' or ']'": ("expected `,` or `]`", "every `[` needs its `]`"),
        "did not find expected ',' or '}'": ("expected `,` or `}`", "every `{` needs its `}`"),
        "did not find expected key": ("expected a key", indentation),
        "did not find expected '-' indicator": ("expected `-`", indentation),
        noColon: ("expected `:` after it", "write `key: value`, with a blank after `:`"),
        "mapping values are not allowed in this context": (
            "a `:` cannot stand here",
            "put a text that holds `: ` in quotes, or check the indentation"
        ),
        "mapping keys are not allowed in this context": ("a key cannot stand here", indentation),
        "block sequence entries are not allowed in this context": (
            "a `- ` cannot stand here", "begin the list on a line of its own"
        ),
        "did not find expected <document start>": (
            "expected its end", "begin the next document with `---`"
        ),
        "did not find expected node content": ("a value is missing", nil),
        "found incompatible YAML document": (
            "its version is not known", "`%YAML 1.1` and `%YAML 1.2` are"
        ),
        "found unknown directive name": ("its name is not known", nil),
        "did not find expected alphabetic or numeric character": ("its name is missing", nil),
        "did not find expected hexdecimal number": ("an escape that is no character", nil),
        "found invalid Unicode character escape code": ("an escape that is no character", nil),
        "found undefined tag handle": ("its handle is not known", nil),
        "found unknown escape character": (
            "an unknown escape", "in double quotes a backslash is written `\\\\`"
        ),
        "control characters are not allowed": (
            "a control character stands in it", "write it as `\\x..` in quotes"
        ),
    ]

    private static let documentIndicator = "found unexpected document indicator"
    private static let noColon = "could not find expected ':'"
    private static let noToken = "found character that cannot start any token"

    /// `'it's'`: libyaml misses the next key, the writer a quote.
    private static func afterQuote(_ text: String, _ before: UInt8?) -> Why? {
        guard text == "did not find expected key" else { return nil }
        let why = "text follows the closing quote"
        switch before {
        case UInt8(ascii: "'"): return (why, "in single quotes write `''` for `'`")
        case UInt8(ascii: "\""): return (why, "in double quotes write `\\\"` for `\"`")
        default: return nil
        }
    }

    /// Problems with a single character.
    private static func character(_ text: String, _ byte: UInt8?) -> Why {
        let isTab = byte == UInt8(ascii: "\t")
        if text.hasPrefix("found a tab") || (isTab && text == noToken) {
            return ("a tab cannot indent", "indent with blanks")
        }
        if text == noToken {
            let isQuote = byte == UInt8(ascii: "`")
            let shown = isQuote ? "a backquote" : "`\(Unicode.Scalar(byte ?? 0x3F))`"
            return ("\(shown) cannot begin a text", "put the text in quotes")
        }
        let isEncoding = text.hasPrefix("invalid ") || text.hasPrefix("incomplete ")
        return isEncoding ? ("it is not UTF-8", "save the file as UTF-8") : (text, nil)
    }
}
