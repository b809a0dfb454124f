import Testing

@testable import YAML

@Suite struct DiagnosticTests {
    struct Row: CustomTestStringConvertible {
        let text: String
        let rendered: String

        init(_ text: String, _ rendered: String) {
            self.text = text
            self.rendered = rendered
        }

        var testDescription: String { text.debugDescription }
    }

    static let syntax = [
        Row(
            "a: \"x\nb: 1\n",
            """
            f.yaml:1:4: error: cannot read the quoted text: the closing quote is missing
              a: "x
                 ^
            """),
        Row(
            "a: 'it's'\n",
            """
            f.yaml:1:8: error: cannot read the mapping: text follows the closing quote
              a: 'it's'
                     ^
              hint: in single quotes write `''` for `'`
            """),
        Row(
            "a: \"b\" c\n",
            """
            f.yaml:1:8: error: cannot read the mapping: text follows the closing quote
              a: "b" c
                     ^
              hint: in double quotes write `\\"` for `"`
            """),
        Row(
            "a:\n\t- 1\n",
            """
            f.yaml:2:1: error: cannot read the document: a tab cannot indent
              \t- 1
              ^
              hint: indent with blanks
            """),
        Row(
            "a:\n  b: 1\n\tc: 2\n",
            """
            f.yaml:3:1: error: cannot read the text: a tab cannot indent
              \tc: 2
              ^
              hint: indent with blanks; what is read here begins at line 2, column 6
            """),
        Row(
            "a:\n  - 1\n b: 2\n",
            """
            f.yaml:3:2: error: cannot read the mapping: expected a key
               b: 2
               ^
              hint: check the indentation: what belongs together begins in the same column; what \
            is read here begins at line 1, column 1
            """),
        Row(
            "- a\nb: 1\n",
            """
            f.yaml:2:1: error: cannot read the list: expected `-`
              b: 1
              ^
              hint: check the indentation: what belongs together begins in the same column; what \
            is read here begins at line 1, column 1
            """),
        Row(
            "a: b: c\n",
            """
            f.yaml:1:5: error: cannot read the document: a `:` cannot stand here
              a: b: c
                  ^
              hint: put a text that holds `: ` in quotes, or check the indentation
            """),
        Row(
            "a: 1\nkey:2\n",
            """
            f.yaml:2:1: error: cannot read the key: expected `:` after it
              key:2
              ^
              hint: write `key: value`, with a blank after `:`
            """),
        Row(
            "a: - b\n",
            """
            f.yaml:1:4: error: cannot read the document: a `- ` cannot stand here
              a: - b
                 ^
              hint: begin the list on a line of its own
            """),
        Row(
            "a: [1, 2",
            """
            f.yaml:1:4: error: cannot read the list: expected `,` or `]`
              a: [1, 2
                 ^
              hint: every `[` needs its `]`
            """),
        Row(
            "a: {b: 1\nc: [}\n",
            """
            f.yaml:2:2: error: cannot read the mapping: expected `,` or `}`
              c: [}
               ^
              hint: every `{` needs its `}`; what is read here begins at line 1, column 4
            """),
        Row(
            "{a: 1}\nb: 2\n",
            """
            f.yaml:2:1: error: cannot read the document: expected its end
              b: 2
              ^
              hint: begin the next document with `---`
            """),
        Row(
            "a: @x\n",
            """
            f.yaml:1:4: error: cannot read the document: `@` cannot begin a text
              a: @x
                 ^
              hint: put the text in quotes
            """),
        Row(
            "a: `x`\n",
            """
            f.yaml:1:4: error: cannot read the document: a backquote cannot begin a text
              a: `x`
                 ^
              hint: put the text in quotes
            """),
        Row(
            "a: \"C:\\dir\"\n",
            """
            f.yaml:1:7: error: cannot read the quoted text: an unknown escape
              a: "C:\\dir"
                    ^
              hint: in double quotes a backslash is written `\\\\`
            """),
        Row(
            "a: \u{1B}[31m\n",
            """
            f.yaml:1:4: error: cannot read the document: a control character stands in it
              a: \u{FFFD}[31m
                 ^
              hint: write it as `\\x..` in quotes
            """),
        Row(
            "%YAML 3.0\n--- a\n",
            """
            f.yaml:1:1: error: cannot read the document: its version is not known
              %YAML 3.0
              ^
              hint: `%YAML 1.1` and `%YAML 1.2` are
            """),
    ]

    @Test(arguments: syntax)
    func `what is not YAML is told with place and remedy`(row: Row) {
        #expect(refusal(Array(row.text.utf8)) == row.rendered)
    }

    static let meaning = [
        Row(
            "a: 1\nb: 2\na: 3\n",
            """
            f.yaml:3:1: error: the key `a` is given a second time
              a: 3
              ^
              hint: the first one is at line 1, column 1
            """),
        Row(
            "{name: 1, 'name': 2}",
            """
            f.yaml:1:11: error: the key `name` is given a second time
              {name: 1, 'name': 2}
                        ^~~~~~
              hint: the first one is at line 1, column 2
            """),
        Row(
            "base: &base 1\nb: *bass\n",
            """
            f.yaml:2:4: error: cannot follow the alias `*bass`: no anchor `&bass` ends before it
              b: *bass
                 ^~~~~
              hint: did you mean `base`?
            """),
        Row(
            "a: &self [*self]",
            """
            f.yaml:1:11: error: cannot follow the alias `*self`: no anchor `&self` ends before it
              a: &self [*self]
                        ^~~~~
            """),
        Row(
            "? [a, b]\n: c\n",
            """
            f.yaml:1:3: error: expected a key, found a list
              ? [a, b]
                ^~~~~~
            """),
        Row(
            "~: c\n",
            """
            f.yaml:1:1: error: expected a key, found nothing
              ~: c
              ^
            """),
        Row(
            "<<: [{a: 1}, 3]\n",
            """
            f.yaml:1:14: error: cannot merge: expected a mapping, found a number
              <<: [{a: 1}, 3]
                           ^
            """),
        Row(
            "a: !!int twelve\n",
            """
            f.yaml:1:4: error: cannot read the value: it is no !!int
              a: !!int twelve
                 ^~~~~~~~~~~~
            """),
        Row(
            "a: !!binary aGk=\n",
            """
            f.yaml:1:4: error: cannot read the value: !!binary is not supported
              a: !!binary aGk=
                 ^~~~~~~~~~~~~
            """),
        Row("", "f.yaml:1:1: error: expected a document, found nothing"),
        Row(
            "a: 1\n--- b\n",
            """
            f.yaml:2:5: error: expected one document, found 2
              --- b
                  ^
              hint: put every document in a file of its own
            """),
    ]

    @Test(arguments: meaning)
    func `what YAML allows and makes no sense is refused at its place`(row: Row) {
        #expect(refusal(Array(row.text.utf8)) == row.rendered)
    }

    @Test(
        arguments: [
            ([0x61, 0x3A, 0x20, 0xC3, 0xA9, 0xFF, 0x0A], "1:5"),
            ([0x0A, 0x61, 0x3A, 0x20, 0xC3], "2:4"),
            ([0x61, 0x3A, 0x20, 0xED, 0xA0, 0x80], "1:4"),
            ([0x61, 0x3A, 0x20, 0xC0, 0xAF], "1:4"),
        ] as [([UInt8], String)])
    func `bytes that are no UTF-8 are refused at the first of them`(bytes: [UInt8], place: String) {
        let text = refusal(bytes)
        #expect(
            text.hasPrefix("f.yaml:\(place): error: cannot read the document: it is not UTF-8\n"))
        #expect(text.hasSuffix("\n  hint: save the file as UTF-8"))
    }

    @Test(arguments: [[0xFF, 0xFE, 0x61, 0x00], [0xFE, 0xFF, 0x00, 0x61]] as [[UInt8]])
    func `UTF-16 is refused by its name`(bytes: [UInt8]) {
        let message = "f.yaml:1:1: error: cannot read the document: it is not UTF-8, but UTF-16\n"
        #expect(refusal(bytes).hasPrefix(message))
    }

    @Test(arguments: [
        Row("\ta: [x]\tb", "  \ta: [x]\tb\n  \t   ^~~"),
        Row("é: [x]", "  é: [x]\n     ^~~"),
        Row("世界: [世]", "  世界: [世]\n        ^~~~"),
        Row("e\u{301}🙂: [x]", "  e\u{301}🙂: [x]\n       ^~~"),
    ])
    func `the caret stands under its character`(row: Row) {
        let source = SourceText(name: "f.yaml", text: row.text)
        let scalars = Array(row.text.unicodeScalars)
        let start = scalars.firstIndex(of: "[") ?? 0
        let end = scalars.firstIndex(of: "]") ?? 0
        let span = SourceSpan(
            start: source.mark(character: start), end: source.mark(character: end + 1))
        let rendered = Diagnostic(.error, "m", at: span, in: source).rendered
        #expect(rendered == "f.yaml:1:\(start + 1): error: m\n" + row.rendered)
    }

    @Test func `a span of several lines is underlined to the end of its first`() throws {
        let source = SourceText(name: "f.yaml", text: "a:  [1,  \n  2]\n")
        let node = try #require(try YAMLParser.document(of: source)["a"])
        #expect(
            source.error("m", at: node).rendered == """
                f.yaml:1:5: error: m
                  a:  [1,  
                      ^~~
                """)
    }

    @Test func `a long line is cut round the caret`() throws {
        let text =
            "a: " + String(repeating: "x", count: 200) + " [b] "
            + String(repeating: "y", count: 200)
        let source = SourceText(name: "f.yaml", text: text)
        let span = SourceSpan(start: source.mark(byte: 204), end: source.mark(byte: 207))
        let lines = Diagnostic(.error, "m", at: span, in: source).rendered.split(separator: "\n")
        #expect(
            lines.map(String.init) == [
                "f.yaml:1:205: error: m",
                "  …" + String(repeating: "x", count: 59) + " [b] "
                    + String(repeating: "y", count: 56)
                    + "…",
                "   " + String(repeating: " ", count: 60) + "^~~",
            ])
    }

    @Test func `a warning has its word, and colours come on request`() throws {
        let source = SourceText(name: "f.yaml", text: "ab: 1\n")
        let key = try #require(try YAMLParser.document(of: source).mapping?.first?.key)
        let diagnostic = source.error("m", at: key, hint: "h").asWarning
        #expect(
            diagnostic.rendered == """
                f.yaml:1:1: warning: m
                  ab: 1
                  ^~
                  hint: h
                """)
        #expect(
            diagnostic.rendered(colored: true) == """
                \u{1B}[1mf.yaml:1:1:\u{1B}[0m \u{1B}[1;33mwarning:\u{1B}[0m m
                  ab: 1
                  \u{1B}[1;32m^~\u{1B}[0m
                  \u{1B}[1mhint:\u{1B}[0m h
                """)
    }
}
