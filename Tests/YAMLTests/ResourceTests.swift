import Testing

@testable import YAML

@Suite struct ResourceTests {
    private func read(_ text: String) -> (shown: [String], warnings: [String]) {
        var warnings: [String] = []
        let source = SourceText(name: "r.yaml", text: text)
        let results = YAMLParser.resourceDocuments(of: source) { warnings.append($0.rendered) }
        let shown = results.map { result in
            switch result {
            case .success(let node): "\(node.shown) at \(node.span.shown)"
            case .failure(let error): error.rendered
            }
        }
        return (shown, warnings)
    }

    @Test func `a broken document does not take the others with it`() {
        let text = """
            # a comment
            kind: A
            ---
            kind: "B
            ---
            kind: [C
            ---
            # nothing
            --- # said
            kind: C
            name: x: y
            ---
            kind: D
            """
        let (shown, warnings) = read(text)
        #expect(
            shown == [
                "{kind: 'A'} at 2:1-2:8",
                """
                r.yaml:4:7: error: cannot read the quoted text: the closing quote is missing
                  kind: "B
                        ^
                """,
                """
                r.yaml:6:7: error: cannot read the list: expected `,` or `]`
                  kind: [C
                        ^
                  hint: every `[` needs its `]`
                """,
                """
                r.yaml:11:8: error: cannot read the document: a `:` cannot stand here
                  name: x: y
                         ^
                  hint: put a text that holds `: ` in quotes, or check the indentation
                """,
                "{kind: 'D'} at 13:1-13:8",
            ])
        #expect(warnings.isEmpty)
    }

    @Test(arguments: [
        ("---\na: 1", ["{a: 1} at 2:1-2:5"]),
        ("--- {a: 1}", ["{a: 1} at 1:5-1:11"]),
        ("\u{FEFF}a: 1\n---\nb: é\n", ["{a: 1} at 1:1-1:5", "{b: 'é'} at 3:1-3:5"]),
        ("a: 1\r\n---\r\nb: 2\r\n", ["{a: 1} at 1:1-1:5", "{b: 2} at 3:1-3:5"]),
        ("a: 1\n---", ["{a: 1} at 1:1-1:5"]),
        ("a: 1\n---\n", ["{a: 1} at 1:1-1:5"]),
        ("a: 1\n-----\nb: 2", ["{a: 1} at 1:1-1:5", "{b: 2} at 3:1-3:5"]),
        ("", []), ("\n---\n\n---\n# x\n", []),
    ])
    func `a file is cut at lines that begin with three dashes`(text: String, shown: [String]) {
        #expect(read(text).shown == shown)
    }

    @Test func `text in the line of a separator is lost, with a warning`() {
        let (shown, warnings) = read("a: 1\n--- {b: é}\nc: 2\n")
        #expect(shown == ["{a: 1} at 1:1-1:5", "{c: 2} at 3:1-3:5"])
        #expect(
            warnings == [
                """
                r.yaml:2:5: warning: this text is not read: it stands in the line of a `---`
                  --- {b: é}
                      ^~~~~~
                  hint: begin the document on the line below
                """
            ])
    }

    @Test func `only the first document of a piece is read, with a warning`() {
        let (shown, warnings) = read("a: 1\n...\nb: 2\n---\n{c: 3}\nd: 4\n")
        #expect(shown == ["{a: 1} at 1:1-1:5", "{c: 3} at 5:1-5:7"])
        #expect(
            warnings == [
                """
                r.yaml:3:1: warning: this is not read: the document ends before it
                  b: 2
                  ^
                  hint: begin the next document with `---`
                """,
                """
                r.yaml:6:1: warning: this is not read: the document ends before it
                  d: 4
                  ^
                  hint: begin the next document with `---`
                """,
            ])
    }

    @Test func `of a key given twice the last wins, with a warning`() {
        let (shown, warnings) = read("a: 1\nb: 2\na: 3\n")
        #expect(shown == ["{a: 3, b: 2} at 1:1-3:5"])
        #expect(
            warnings == [
                """
                r.yaml:3:1: warning: the key `a` is given a second time
                  a: 3
                  ^
                  hint: the first one is at line 1, column 1
                """
            ])
    }

    @Test func `scalars and keys are read by Go's rules`() {
        #expect(
            read("a: [yes, 'yes', 0777, 1_000]\non: 1\n0x10: 2\n1.50: 3").shown == [
                "{a: [true, 'yes', 511, 1000], true: 1, 16: 2, 1.5: 3} at 1:1-4:8"
            ])
    }

    @Test func `names are compared without case, and of several the last in byte order wins`()
        throws
    {
        let node = try document("{Name: a, name: b, NAME: c, other: d}")
        #expect(node.member(ignoringCase: "nAmE")?.text == "b")
        #expect(node.member(ignoringCase: "OTHER")?.text == "d")
        #expect(node.member(ignoringCase: "none") == nil)
    }
}
