import JSON
import Testing
import YAML

@testable import Matching

/// The one grammar for everything that is compared.
@Suite struct MatcherTests {
    /// A matcher as a file holds it.
    static func matcher(_ text: String) throws -> Matcher {
        let source = SourceText(name: "f.yaml", text: text)
        return try MatcherReader(source: source).matcher(YAMLParser.document(of: source))
    }

    private static func mismatch(
        _ matcher: String, _ value: String?, _ variables: [String: String] = [:]
    ) throws -> Matcher.Mismatch? {
        let value = try value.map { try JSONValue.parse(Array($0.utf8)[...]) }
        return try self.matcher(matcher).mismatch(value, at: "json", variables)
    }

    @Test(
        arguments: [
            // Plain values.
            ("1", "1"), ("1", "1.0"), ("1.5", "15e-1"), ("a", "\"a\""), ("'1'", "\"1\""),
            ("true", "true"), ("null", "null"), ("~", "null"), ("''", "\"\""),
            ("[]", "[]"), ("[1, a]", "[1,\"a\"]"), ("{}", "{\"a\":1}"), ("{}", "{}"),
            // Objects are subsets at every depth, lists are whole.
            ("{a: 1}", "{\"a\":1,\"b\":2}"), ("{a: {b: 1}}", "{\"a\":{\"b\":1,\"c\":2}}"),
            ("[{a: 1}]", "[{\"a\":1,\"b\":2}]"), ("{a: null}", "{\"a\":null}"),
            // Operators.
            ("{equals: 1}", "1"), ("{equals: {a: 1}}", "{\"a\":1,\"b\":2}"),
            ("{contains: b}", "\"abc\""), ("{contains: 2}", "[1,2,3]"),
            ("{contains: 2}", "\"123\""),
            ("{contains: {a: 1}}", "[{\"a\":1,\"b\":2}]"), ("{contains: {gt: 2}}", "[1,3]"),
            ("{matches: '^a.c$'}", "\"abc\""), ("{matches: b}", "\"abc\""),
            ("{matches: '^1'}", "12"),
            ("{startsWith: ab}", "\"abc\""), ("{startsWith: ''}", "\"abc\""),
            ("{type: string}", "\"a\""), ("{type: number}", "1.5"), ("{type: integer}", "1"),
            ("{type: integer}", "1.0"), ("{type: boolean}", "false"), ("{type: array}", "[]"),
            ("{type: object}", "{}"), ("{type: 'null'}", "null"), ("{type: null}", "null"),
            ("{gt: 1}", "1.1"), ("{gte: 1}", "1"), ("{lt: 1}", "0.9"), ("{lte: 1}", "1"),
            ("{gt: 1, lt: 3}", "2"), ("{length: 3}", "\"aλc\""), ("{length: 2}", "[1,2]"),
            ("{length: 1}", "{\"a\":1}"), ("{length: {gt: 1}}", "[1,2]"), ("{length: 0}", "\"\""),
            ("{any: 2}", "[1,2]"), ("{any: {a: 1}}", "[{},{\"a\":1}]"),
            ("{each: {gt: 0}}", "[1,2]"),
            ("{each: 1}", "[]"), ("{absent: false}", "null"), ("{not: 1}", "2"),
            ("{not: {contains: x}}", "\"abc\""), ("{not: {type: string}}", "1"),
            ("{exactly: {a: 1, b: 2}}", "{\"b\":2,\"a\":1}"),
            ("{exactly: {type: x}}", "{\"type\":\"x\"}"),
            ("{exactly: [1]}", "[1]"), ("{a: {absent: true}}", "{\"b\":1}"),
            ("{a: {gt: 1}, b: x}", "{\"a\":2,\"b\":\"x\"}"),
            ("{type: order, id: 7}", "{\"id\":7,\"type\":\"order\"}"),
        ])
    func `holds`(matcher: String, value: String) throws {
        let problem = try Self.mismatch(matcher, value)
        #expect(
            problem == nil, "\(problem.map { "\($0.path): \($0.expected), \($0.actual)" } ?? "")")
    }

    /// Matcher, value, and where, what was expected and what was found.
    @Test(
        arguments: [
            ("1", "2", "json", "1", "2"), ("1", "\"1\"", "json", "1", "\"1\""),
            ("'1'", "1", "json", "\"1\"", "1"), ("a", "null", "json", "\"a\"", "null"),
            ("null", "false", "json", "null", "false"), ("a", nil, "json", "\"a\"", "nothing"),
            ("null", nil, "json", "null", "nothing"),
            ("{a: 1}", "{\"a\":2}", "json.a", "1", "2"),
            ("{a: 1}", "{\"b\":1}", "json.a", "1", "nothing"),
            ("{a: null}", "{}", "json.a", "null", "nothing"),
            ("{a: {b: [1, 2]}}", "{\"a\":{\"b\":[1,3]}}", "json.a.b[1]", "2", "3"),
            ("{a: 1}", "[1]", "json", "an object", "[1]"), ("[1]", "{}", "json", "a list", "{}"),
            ("[1]", "[1,2]", "json", "a list of 1", "[1,2]"),
            ("[]", nil, "json", "a list", "nothing"),
            ("{equals: 1}", "2", "json", "1", "2"),
            ("{contains: b}", "\"a\"", "json", "contains b", "\"a\""),
            ("{contains: 2}", "[1]", "json", "contains 2", "[1]"),
            ("{contains: a}", "{\"a\":1}", "json", "contains a", "{\"a\":1}"),
            ("{contains: a}", nil, "json", "contains a", "nothing"),
            ("{matches: '^b'}", "\"ab\"", "json", "matches ^b", "\"ab\""),
            ("{matches: a}", "[\"a\"]", "json", "matches a", "[\"a\"]"),
            ("{startsWith: b}", "\"ab\"", "json", "starts with b", "\"ab\""),
            ("{type: integer}", "1.5", "json", "type integer", "1.5"),
            ("{type: string}", "1", "json", "type string", "1"),
            ("{type: 'null'}", nil, "json", "type null", "nothing"),
            ("{gt: 1}", "1", "json", "> 1", "1"), ("{gte: 1}", "0.5", "json", ">= 1", "0.5"),
            ("{lt: 1.5}", "1.5", "json", "< 1.5", "1.5"), ("{lte: 1}", "2", "json", "<= 1", "2"),
            ("{gt: 1}", "\"2\"", "json", "> 1", "\"2\""),
            ("{gt: 1, lt: 3}", "3", "json", "< 3", "3"),
            ("{length: 2}", "\"abc\"", "json.length", "2", "3"),
            ("{length: 2}", "5", "json.length", "2", "nothing"),
            ("{any: 2}", "[1]", "json", "any 2", "[1]"), ("{any: 2}", "2", "json", "any 2", "2"),
            ("{any: {gt: 1, lt: 3}}", "[]", "json", "any > 1 and < 3", "[]"),
            ("{each: {gt: 1}}", "[2,1]", "json[1]", "> 1", "1"),
            ("{each: 1}", "1", "json", "a list", "1"),
            ("{absent: true}", "null", "json", "nothing", "null"),
            ("{absent: false}", nil, "json", "anything", "nothing"),
            ("{not: 1}", "1.0", "json", "not 1", "1.0"),
            ("{not: {matches: a}}", "\"a\"", "json", "not matches a", "\"a\""),
            (
                "{exactly: {a: 1}}", "{\"a\":1,\"b\":2}", "json", "exactly {\"a\":1}",
                "{\"a\":1,\"b\":2}"
            ),
        ] as [(String, String?, String, String, String)])
    func `does not hold, and tells where`(
        matcher: String, value: String?, path: String, expected: String, actual: String
    ) throws {
        let problem = try #require(try Self.mismatch(matcher, value))
        #expect(problem.path == path)
        #expect(problem.expected == expected)
        #expect(problem.actual == actual)
    }

    /// A matcher that looks like a slip, what it is compared with, and the hint.
    @Test(
        arguments: [
            ("{contain: b}", "\"ab\"", "`contain` is no operator, did you mean `contains`?"),
            ("{contain: b}", nil, "`contain` is no operator, did you mean `contains`?"),
            ("{in: [200, 204]}", "500", "`in` is no operator, did you mean `matches`?"),
            (
                "{contains: b, foo: 1}", "\"ab\"",
                "`foo` is no operator, which makes an object of the mapping: operators are equals, "
            ),
            (
                "{a: {regex: b}}", "{\"a\":\"ab\"}",
                "`regex` is no operator, did you mean `matches`?"
            ),
            ("'204'", "204", "write 204 without quotes"), ("'204'", "500", "write 204 without"),
            ("'true'", "true", "write true without quotes"),
            ("{a: 7}", "{\"a\":\"7\"}", "write \"7\" in quotes: it is a text"),
            ("{name: x}", "\"ab\"", ""), ("{contain: b}", "{\"a\":1}", ""), ("'x'", "204", ""),
            ("204", "\"x\"", ""), ("{gt: 1}", "\"2\"", ""),
        ] as [(String, String?, String)])
    func `a matcher that may be a slip is told how to mend it`(
        matcher: String, value: String?, hint: String
    ) throws {
        let problem = try #require(try Self.mismatch(matcher, value))
        #expect(problem.hint?.hasPrefix(hint) ?? hint.isEmpty, "\(problem.hint ?? "")")
        let namesOperator = hint.contains("is no operator")
        #expect(problem.hint?.hasSuffix("absent, not, exactly") ?? false == namesOperator)
        #expect(!hint.isEmpty || problem.hint == nil)
    }

    @Test func `the place of a mismatch is the inmost matcher's`() throws {
        let problem = try #require(try Self.mismatch("{a: {b: {gt: 5}}}", "{\"a\":{\"b\":1}}"))
        #expect("\(problem.span.start.line):\(problem.span.start.column)" == "1:9")
    }

    @Test(arguments: [
        ("'${x}'", "\"v\""), ("{equals: '${x}'}", "\"v\""), ("'a${x}c'", "\"avc\""),
        ("{contains: '${x}'}", "\"avc\""), ("{startsWith: '${x}'}", "\"vc\""),
        ("{exactly: {a: ['${x}']}}", "{\"a\":[\"v\"]}"), ("{a: ['${x}']}", "{\"a\":[\"v\"]}"),
        ("'$${x}'", "\"${x}\""), ("{not: '${x}'}", "\"${x}\""),
    ])
    func `variables are filled in`(matcher: String, value: String) throws {
        #expect(try Self.mismatch(matcher, value, ["x": "v"]) == nil)
    }

    @Test(arguments: [
        ("'${y}'", "1:1"), ("{a: [{b: '${y}'}]}", "1:10"), ("{not: {equals: '${y}'}}", "1:16"),
        ("{startsWith: '${y}'}", "1:1"), ("{exactly: {a: '${y}'}}", "1:1"),
        ("{each: {contains: '${x}${y}'}}", "1:19"),
    ])
    func `a variable without a value is found before anything is compared`(
        matcher: String, place: String
    ) throws {
        let (name, span) = try #require(try Self.matcher(matcher).missing(["x": "v"]))
        #expect(name == "y")
        #expect("\(span.start.line):\(span.start.column)" == place)
        #expect(try Self.matcher(matcher).missing(["x": "v", "y": "w"]) == nil)
    }
}
