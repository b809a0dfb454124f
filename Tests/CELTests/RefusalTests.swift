import Testing

@testable import CEL

/// What is no rule, with cel-go's messages and their places.
@Suite struct RefusalTests {
    private static let operands =
        "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, "
        + "STRING, BYTES, IDENTIFIER}"

    private static func findings(in rule: String) -> [String] {
        do throws(CELProblem) {
            _ = try CELProgram(rule)
            return []
        } catch {
            return error.findings.map { "\($0.line):\($0.column): \($0.message)" }
        }
    }

    @Test(
        arguments: [
            (
                #"event.type = "x""#,
                [
                    "1:12: Syntax error: token recognition error at: '= '",
                    #"1:14: Syntax error: extraneous input '"x"' expecting <EOF>"#,
                ]
            ),
            (
                #"event.type == "x" and true"#,
                ["1:19: Syntax error: mismatched input 'and' expecting <EOF>"]
            ),
            (
                #"event.type == "x" &&"#,
                ["1:21: Syntax error: mismatched input '<EOF>' expecting \(operands)"]
            ),
            (#"(event.type == "x""#, ["1:19: Syntax error: missing ')' at '<EOF>'"]),
            ("event..type", ["1:7: Syntax error: no viable alternative at input '..'"]),
            ("has(event)", ["1:5: invalid argument to has() macro"]),
            (
                #"event.?type.orValue("")"#, ["1:6: unsupported syntax '.?'"]
            ),
            (
                "if true",
                [
                    "1:1: reserved identifier: if",
                    "1:4: Syntax error: extraneous input 'true' expecting <EOF>",
                ]
            ),
            ("9999999999999999999999 == 1", ["1:1: invalid int literal"]),
            (
                "event.data.`dash-ed`",
                [
                    "1:12: Syntax error: token recognition error at: '`'",
                    "1:20: Syntax error: token recognition error at: '`'",
                ]
            ),
            ("", ["1:1: Syntax error: mismatched input '<EOF>' expecting \(operands)"]),
            (
                #""a\d" == "b""#,
                [
                    #"1:1: Syntax error: token recognition error at: '"a\d'"#,
                    #"1:11: Syntax error: token recognition error at: '" == "b"'"#,
                ].prefix(1).map { $0 }
            ),
            (
                "true &&\n  && false",
                ["2:3: Syntax error: extraneous input '&&' expecting \(operands)"]
            ),
            ("[1, 2", ["1:6: Syntax error: missing ']' at '<EOF>'"]),
            ("((true)", ["1:8: Syntax error: missing ')' at '<EOF>'"]),
            ("(true]", ["1:6: Syntax error: mismatched input ']' expecting ')'"]),
            ("[1].map(1, 2)", ["1:9: argument is not an identifier"]),
            ("[1].all(a.b, true)", ["1:10: argument must be a simple name"]),
            ("a ? b", ["1:6: Syntax error: mismatched input '<EOF>' expecting ':'"]),
        ] as [(String, [String])])
    func `a text that is no expression`(rule: String, findings: [String]) {
        #expect(Self.findings(in: rule).prefix(findings.count) == findings[...])
    }

    @Test(arguments: [
        (
            #"type == "order.created""#,
            ["1:6: found no matching overload for '_==_' applied to '(type(type), string)'"]
        ),
        (
            #"1 + "a" == 2"#,
            ["1:3: found no matching overload for '_+_' applied to '(int, string)'"]
        ),
        (#""a" && true"#, ["1:1: expected type 'bool' but found 'string'"]),
        (
            "event.data.n / 2 == 2.5",
            [
                "1:1: undeclared reference to 'event' (in container '')",
                "1:18: found no matching overload for '_==_' applied to '(int, double)'",
            ]
        ),
        (
            #"event.type == "x" || 1"#,
            [
                "1:1: undeclared reference to 'event' (in container '')",
                "1:22: expected type 'bool' but found 'int'",
            ]
        ),
        ("1 < 2.0", ["1:3: found no matching overload for '_<_' applied to '(int, double)'"]),
        (
            "'a'.size(1) == 1",
            ["1:9: found no matching overload for 'size' applied to 'string.(int)'"]
        ),
        (
            "startsWith('a', 'b')",
            ["1:11: found no matching overload for 'startsWith' applied to '(string, string)'"]
        ),
        (
            "1.all(x, true)",
            [
                "1:1: expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)"
            ]
        ),
        ("'a'.b == 1", ["1:4: type 'string' does not support field selection"]),
        ("'a' == null", ["1:5: found no matching overload for '_==_' applied to '(string, null)'"]),
        ("Foo{a: 1} == 1", ["1:1: 'Foo' is not a type"]),
    ])
    func `an expression whose types do not go together`(rule: String, findings: [String]) {
        #expect(Self.findings(in: rule) == findings)
    }

    @Test(arguments: [
        ("event.type.lowerAscii() == 'x'", "lowerAscii", 22),
        ("event.data.s.split('x')[0] == '5'", "split", 19),
        ("cel.bind(x, 1, x == 1)", "bind", 9), ("math.greatest(1, 2) == 2", "greatest", 14),
        ("foo()", "foo", 4),
    ])
    func `a function that daprd would hang on is refused with its place`(
        rule: String, function: String, column: Int
    ) {
        do throws(CELProblem) {
            _ = try CELProgram(rule)
            Issue.record("accepted")
        } catch {
            let text = "undeclared reference to '\(function)' (in container '')"
            #expect(error.findings.map(\.message) == [text])
            #expect(error.findings.map(\.column) == [column])
            #expect(error.hint?.contains("daprd hangs") == true)
        }
    }

    @Test func `a problem shows its line and a caret`() {
        do throws(CELProblem) {
            _ = try CELProgram("true &&\n\t'é' + 1 == \"x\"")
        } catch {
            #expect(
                error.text == """
                    ERROR: <input>:2:6: found no matching overload for '_+_' applied to '(string, int)'
                     |  'é' + 1 == "x"
                     | ..．..^
                    """)
        }
    }

    @Test(arguments: [
        String(repeating: "(", count: 300) + "1" + String(repeating: ")", count: 300),
        String(repeating: "[", count: 1000),
        Array(repeating: "1", count: 1000).joined(separator: "+"),
        String(repeating: "a.", count: 1000) + "b",
    ])
    func `an expression that nests too deeply is refused`(rule: String) {
        #expect(
            Self.findings(in: rule).last?.hasSuffix("expression recursion limit exceeded: 250")
                == true)
    }

    @Test func `an expression that is too long is refused`() {
        let rule = String(repeating: " ", count: 100_000) + "1"
        #expect(
            Self.findings(in: rule) == [
                "1:1: expression code point size exceeds limit: size: 100001, limit 100000"
            ])
    }

    @Test func `any text compiles and is evaluated or is refused, never more`() {
        var random = SystemRandomNumberGenerator()
        let pieces = [
            "event", ".", "data", "(", ")", "[", "]", "{", "}", "==", "&&", "||", "!", "-", "+",
            "1", "1.5", "2u", "'a'", "\"", "r'", "?", ":", ",", "in", "has", "size", "matches",
            ".all(x,", ".map(x,", "x", "true", "null", "\\", "`", "int", "timestamp", "\n", "é",
        ]
        for _ in 0..<3000 {
            let count = Int.random(in: 1...12, using: &random)
            let rule = (0..<count).compactMap { _ in pieces.randomElement(using: &random) }.joined()
            guard let program = try? CELProgram(rule) else { continue }
            _ = try? program.evaluate(["event": .map(.json([])), "x": .double(1)])
        }
    }
}
