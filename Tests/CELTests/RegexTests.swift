import Testing

@testable import CEL

@Suite struct RegexTests {
    private func matches(_ pattern: String, _ text: String) throws -> Bool {
        try Regex.compiled(pattern).get().matches(text)
    }

    @Test(arguments: [
        ("", "abc"), ("b", "abc"), ("^abc$", "abc"), ("a.c", "abc"), ("a|x", "xyz"),
        ("^(a|b)+$", "abba"), ("^a{2,3}$", "aaa"), ("^a{2}$", "aa"), ("^a{2,}$", "aaaa"),
        ("^a*?b$", "aab"), ("^[a-c]+$", "abc"), ("^[^a-c]+$", "xyz"), ("^[]a]+$", "]a"),
        ("^[a-]+$", "a-"), (#"^\d+\s\w+$"#, "12 ab"), (#"^[\d.]+$"#, "1.5"), (#"^\D$"#, "x"),
        (#"^[[:alpha:]]+$"#, "aZ"), (#"^[[:^digit:]]$"#, "x"), ("(?i)^ABC$", "aBc"),
        ("(?i:É)", "é"), ("(?s)a.b", "a\nb"), ("(?m)^b$", "a\nb\nc"), ("(?P<n>a)(?<m>b)", "ab"),
        ("(?:ab)+", "abab"), (#"\bfoo\b"#, "a foo b"), (#"\Aa\z"#, "a"), (#"\Q.*\E"#, ".*"),
        (#"^\x41\x{42}\103$"#, "ABC"), (#"^\p{Lu}\pL\PL$"#, "Éa1"), (#"^a\.b\-c$"#, "a.b-c"),
        ("a{,2}", "a{,2}"), ("^(a*)*$", "aaa"), ("^(|a)+$", "aa"), ("x*", ""), ("^$", ""),
        ("[^a]", "\n"), ("^.$", "😀"), ("(a|b|c|)d", "d"), ("(?i)k", "K"), (#"[\]]"#, "]"),
    ])
    func `a pattern that matches`(pattern: String, text: String) throws {
        #expect(try matches(pattern, text))
    }

    @Test(arguments: [
        ("^b", "abc"), ("a.c", "a\nc"), ("^a{2}$", "aaa"), ("[a-c]", "xyz"), (#"\d"#, "abc"),
        ("^b$", "a\nb"), (#"\bfoo\b"#, "afoo"), (#"foo\B"#, "foo"), ("ABC", "abc"), ("^$", "a"),
        ("a$", "a\n"), (#"\d"#, "٣"), ("(?i-i)A", "a"), ("(?i:a)B", "Ab"),
    ])
    func `a pattern that does not match`(pattern: String, text: String) throws {
        #expect(try !matches(pattern, text))
    }

    @Test(arguments: [
        ("[", "missing closing ]: `[`"), ("a[b", "missing closing ]: `[b`"),
        ("(a", "missing closing ): `(a`"), ("a)b", "unexpected ): `a)b`"),
        ("*a", "missing argument to repetition operator: `*`"),
        ("a**", "invalid nested repetition operator: `**`"),
        ("a{1001}", "invalid repeat count: `{1001}`"), ("a{3,2}", "invalid repeat count: `{3,2}`"),
        ("[z-a]", "invalid character class range: `z-a`"),
        ("[[:foo:]]", "invalid character class range: `[:foo:]`"),
        (#"\y"#, #"invalid escape sequence: `\y`"#), (#"\1"#, #"invalid escape sequence: `\1`"#),
        ("\\", "trailing backslash at end of expression: ``"),
        ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
        ("(?!a)", "invalid or unsupported Perl syntax: `(?!`"),
        ("(?<=a)", "invalid named capture: `(?<=a)`"),
        ("((a{1000}){1000}){1000}", "expression too large: `((a{1000}){1000}){1000}`"),
        (#"\p{Nope}"#, #"invalid character class range: `\p{Nope}`"#),
    ])
    func `a text that is no pattern`(pattern: String, reason: String) {
        #expect(throws: CELFailure("error parsing regexp: \(reason)")) {
            try Regex.compiled(pattern).get()
        }
    }

    @Test func `groups nest a thousand deep and no deeper`() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "(", count: depth) + "a" + String(repeating: ")", count: depth)
        }
        #expect(try matches(nested(1000), "a"))
        #expect(throws: CELFailure.self) { try matches(nested(1001), "a") }
    }

    @Test func `no pattern backtracks`() throws {
        let text = String(repeating: "a", count: 5000)
        #expect(try !matches("^(a+)+$", text + "b"))
        #expect(try !matches("^(a|aa)+$", text + "b"))
        #expect(try matches("(a?){50}a{50}", String(repeating: "a", count: 50)))
    }

    @Test func `any text is matched or refused, never more`() {
        var random = SystemRandomNumberGenerator()
        let pieces = [
            "a", "é", ".", "*", "+", "?", "{2}", "{2,", "}", "(", ")", "(?i", "(?P<n>", ":", "|",
            "[", "]", "^", "-", "$", "\\", "\\d", "\\p{L}", "\\Q", "\\E", "\\x{41}", "[:alpha:]",
            "0",
        ]
        for _ in 0..<3000 {
            let count = Int.random(in: 1...10, using: &random)
            let pattern = (0..<count).compactMap { _ in pieces.randomElement(using: &random) }
            guard case .success(let regex) = Regex.compiled(pattern.joined()) else { continue }
            _ = try? regex.matches("aéA0a-b]", stepLimit: 10_000)
        }
    }

    @Test func `a match that would take for ever is ended`() {
        let text = String(repeating: "a", count: 500)
        #expect(throws: CELFailure("matching takes more than 1000 steps")) {
            try Regex.compiled("(a?a?){10}b").get().matches(text, stepLimit: 1000)
        }
    }
}
