import Bytes
import Testing

@testable import JSON

@Suite struct JSONScannerTests {
    private func bytes(_ text: String) -> ByteSlice { Array(text.utf8)[...] }

    static let accepted = [
        "null", "true", "false", "0", "-0", "1", "-1", "10", "1.0", "1.5e3", "1E+3", "1e-3", "0.0",
        "0e0", "-0.1E-01", "12345678901234567890123", #""""#, #""a""#, #""\"\\\/\b\f\n\r\t""#,
        #""\u0041\uD83D\uDE00""#, #""\ud800""#, #""é😀""#, "\"\u{7F}\u{2028}\"", "[]", "[ ]",
        "[1]", "[1,2]", "[ 1 , [ ] , { } ]", "{}", "{ }", #"{"a":1}"#, #"{ "a" : 1 , "b" : [] }"#,
        #"{"":null}"#, #"{"a":1,"a":2}"#, " \t\r\n1 \t\r\n", "[[[[]]]]", #"[{"a":[{"b":{}}]}]"#,
    ]

    @Test(arguments: accepted)
    func `what RFC 8259 allows is accepted`(text: String) throws {
        let scanned = try JSONScanner.wholeValue(of: bytes(text))
        let value = String(text: bytes(text)[scanned.range])
        #expect(value == text.trimming())
    }

    @Test(arguments: accepted)
    func `every cut of a value ends inside it or is a shorter value`(text: String) {
        let whole = bytes(text)
        for count in 0..<whole.count {
            let cut = whole.prefix(count)
            do {
                let scanned = try JSONScanner.wholeValue(of: cut)
                // Numbers can be cut to numbers, and blanks at the end may be missing.
                let first = cut[scanned.range.lowerBound]
                #expect(
                    first == 0x2D || first.isDigit
                        || String(text: cut).trimming() == text.trimming())
            } catch {
                #expect(error.kind == .unexpectedEnd || error.kind == .empty)
                #expect((error.kind == .empty) == cut.allSatisfy(\.isJSONSpace))
                #expect(error.offset == count)
            }
        }
    }

    @Test(arguments: [
        "", " ", "nul", "truee", "True", "NULL", "'a'", "a", "+1", "01", "-01", "1.", ".5", "-",
        "1e",
        "1e+", "0x10", "1_000", "Infinity", "NaN", "-Infinity", "1.2.3", "\"", "\"a", "\"\\",
        "\"\\x\"",
        "\"\\u123\"", "\"\\u12g4\"", "\"\\U0041\"", "\"a\nb\"", "\"a\tb\"", "\"\u{0}\"",
        "\"\u{1F}\"",
        "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1;2]", "[1}", "{", "}", "{]", "{\"a\"",
        "{\"a\":",
        "{\"a\":}", "{\"a\":1", "{\"a\":1,}", "{,}", "{a:1}", "{'a':1}", "{1:2}", "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1;}", "{\"a\"::1}", "[1]]", "{}{}", "1 2", "null null", "/**/1", "1//", "\u{FEFF}1",
        "\u{A0}1", "\u{B}1", "\u{C}1", "[\u{A0}]",
    ])
    func `what it does not allow is refused`(text: String) {
        #expect(throws: JSONSyntaxError.self) { try JSONScanner.wholeValue(of: bytes(text)) }
    }

    @Test func `bytes that are not UTF-8 are accepted in strings alone`() throws {
        let inside = [0x22, 0xFF, 0xC3, 0x22] as ByteSlice
        #expect(try JSONScanner.wholeValue(of: inside).range == 0..<4)
        let outside = [0xFF] as ByteSlice
        #expect(
            throws: JSONSyntaxError(kind: .invalidCharacter(0xFF, .beginningOfValue), offset: 0)
        ) {
            try JSONScanner.wholeValue(of: outside)
        }
    }

    @Test func `the first value ends where it ends, whatever follows`() throws {
        for (text, value) in [
            (" [1] x", "[1]"), ("{}{}", "{}"), ("1,2", "1"), ("truefalse", "true"),
            ("\"a\"\"b\"", "\"a\""),
            ("12]", "12"), ("[]]", "[]"),
        ] {
            let scanned = try JSONScanner.firstValue(of: bytes(text))
            #expect(String(text: bytes(text)[scanned.range]) == value)
        }
    }

    @Test func `a slice of other bytes is scanned by its own indices`() throws {
        let whole = bytes("xx [1, 2] yy")
        let scanned = try JSONScanner.wholeValue(of: whole[2...9])
        #expect(scanned.range == 3..<9)
        let broken = bytes("xx[1 2]")[2...]
        #expect(throws: JSONSyntaxError(kind: .invalidCharacter(0x32, .afterElement), offset: 3)) {
            try JSONScanner.firstValue(of: broken)
        }
    }

    @Test(arguments: ["[", "{\"a\":"])
    func `nesting is bounded`(bracket: String) throws {
        let close = bracket == "[" ? "]" : "}"
        func nested(_ depth: Int) -> ByteSlice {
            bytes(
                String(repeating: bracket, count: depth) + "1"
                    + String(repeating: close, count: depth))
        }
        for limit in [1, 2, JSONScanner.maxDepth] {
            _ = try JSONScanner.wholeValue(of: nested(limit), maxDepth: limit)
            let first = try #require(bracket.utf8.first)
            #expect(
                throws: JSONSyntaxError(
                    kind: .invalidCharacter(first, .depth), offset: limit * bracket.utf8.count)
            ) { try JSONScanner.wholeValue(of: nested(limit + 1), maxDepth: limit) }
        }
        // What is closed does not count.
        let flat = bytes("[" + Array(repeating: "[]", count: 1000).joined(separator: ",") + "]")
        _ = try JSONScanner.wholeValue(of: flat, maxDepth: 2)
        #expect(JSONScanner.maxDepth == 10_000)
    }

    @Test(arguments: [
        ("1", false), ("1e5", true), ("[1.5]", false), ("[\"1e5\"]", false),
        ("{\"a\":[1E5]}", true),
        (String(repeating: "9", count: 300), false), (String(repeating: "9", count: 301), true),
    ])
    func `numbers that may not fit are noticed`(text: String, isExtreme: Bool) throws {
        #expect(try JSONScanner.wholeValue(of: bytes(text)).hasExtremeNumber == isExtreme)
    }
}

extension String {
    fileprivate func trimming() -> String {
        let bytes = utf8.drop(while: \.isJSONSpace)
        let end = bytes.lastIndex { !$0.isJSONSpace }
        return end.map { String(self[bytes.startIndex...$0]) } ?? ""
    }
}
