import Bytes
import Testing

@testable import JSON

@Suite struct JSONReaderTests {
    private func reader(_ text: String) throws -> JSONReader {
        let bytes = Array(text.utf8)[...]
        return JSONReader(scanned: bytes[try JSONScanner.wholeValue(of: bytes).range])
    }

    @Test func `members and elements are walked in their order, as slices`() throws {
        var seen: [String] = []
        try reader(#" { "a" : [1, "x]}", {"b":2}] , "a\n" : null,"c":-1.5e3 } "#).forEachMember {
            seen.append("\(String(text: $0)) \($1.kind) \(String(text: $1.bytes))")
        }
        #expect(
            seen == [
                #"a array [1, "x]}", {"b":2}]"#, "a\n null null", "c number -1.5e3",
            ])
        var elements: [String] = []
        try reader(#"[ 1,"a,b" ,[2,[3]], {"x":"}"} ,true]"#).forEachElement {
            elements.append(String(text: $0.bytes))
        }
        #expect(elements == ["1", #""a,b""#, "[2,[3]]", #"{"x":"}"}"#, "true"])
    }

    @Test func `what has no members has none to walk`() throws {
        for text in ["{}", "[]", "{ }", "[ ]", "1", #""{}""#, "null"] {
            try reader(text).forEachMember { _, _ in Issue.record("a member of \(text)") }
            try reader(text).forEachElement { _ in Issue.record("an element of \(text)") }
        }
    }

    @Test func `the pieces of a value come in the order of its bytes`() throws {
        var seen: [String] = []
        try reader(#"{"a": [1, ":"], "b" :{ "c" : "d" } , "e":[]}"#).forEachToken { token in
            switch token {
            case .beginArray: seen.append("[")
            case .beginObject: seen.append("{")
            case .end: seen.append("end")
            case .name(let name): seen.append("\(String(text: name)):")
            case .scalar(let value): seen.append(String(text: value.bytes))
            }
        }
        #expect(
            seen == [
                "{", "a:", "[", "1", #"":""#, "end", "b:", "{", "c:", #""d""#, "end", "e:", "[",
                "end",
                "end",
            ])
    }

    @Test(arguments: [
        (#""""#, ""), (#""abc""#, "abc"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
        (#""\u0041\u00e9\u20AC""#, "Aé€"), (#""\ud83d\ude00\uD83D\uDE00""#, "😀😀"),
        (#""\u0000""#, "\u{0}"), (#""\ud800""#, "\u{FFFD}"), (#""\udc00x""#, "\u{FFFD}x"),
        (#""\ud800\ud800""#, "\u{FFFD}\u{FFFD}"), (#""\ud800A""#, "\u{FFFD}A"),
        (#""\ud800\n""#, "\u{FFFD}\n"), (#""é\n""#, "é\n"), (#""\ud83d\u0041""#, "\u{FFFD}A"),
    ])
    func `a string is unescaped as Go does it`(literal: String, text: String) throws {
        #expect(Array(try reader(literal).string) == Array(text.utf8))
    }

    @Test(
        arguments: [
            ([0xFF], 1), ([0xC3], 1), ([0xE2, 0x80], 2), ([0xF0, 0x9F, 0x98], 3),
            ([0xED, 0xA0, 0x80], 3),
            ([0xC0, 0x80], 2), ([0xF5, 0x80, 0x80, 0x80], 4), ([0x80, 0x80], 2),
        ] as [([UInt8], Int)])
    func `each byte that is no character is replaced by itself`(bytes: [UInt8], count: Int) throws {
        let literal = [0x22, 0x61] + bytes + [0x62, 0x22]
        let scanned = try JSONScanner.wholeValue(of: literal[...])
        let text = JSONReader(scanned: literal[scanned.range]).string
        #expect(String(text: text) == "a" + String(repeating: "\u{FFFD}", count: count) + "b")
    }

    // MARK: Values as trees

    @Test func `a tree gives its parts`() throws {
        let value = try JSONValue.parse(
            Array(#"{"a":1,"b":"x","c":[true,null],"a":2.50,"d":{}}"#.utf8)[...])
        #expect(value["a"] == .number("2.5"))
        #expect(value["a"]?.double == 2.5)
        #expect(value["b"]?.string == "x")
        #expect(value["c"]?.array == [.bool(true), .null])
        #expect(value["c"]?.array?.first?.bool == true)
        #expect(value["d"]?.object?.isEmpty == true)
        #expect(value["x"] == nil)
        #expect(value["b"]?["x"] == nil)
        #expect(value.kind == .object)
    }

    @Test func `equality looks at values, not at spelling or order`() throws {
        func parse(_ text: String) throws -> JSONValue {
            try JSONValue.parse(Array(text.utf8)[...])
        }
        #expect(try parse(#"{"a":1,"b":[2]}"#) == parse(#"{ "b":[2.0], "a":1e0 }"#))
        #expect(try parse("[1,2]") != parse("[2,1]"))
        #expect(try parse("\"é\"") != parse("\"e\u{301}\""))
        #expect(try parse("1") != parse("\"1\""))
        #expect(try parse("null") != parse("false"))
        #expect(try parse(#"{"a":1}"#) != parse(#"{"a":1,"b":1}"#))
    }

    @Test func `a tree is at most 512 levels deep`() throws {
        func nested(_ depth: Int) -> ByteSlice {
            (Array(repeating: UInt8(ascii: "["), count: depth)
                + Array(repeating: UInt8(ascii: "]"), count: depth))[...]
        }
        _ = try JSONValue.parse(nested(512))
        #expect(throws: JSONSyntaxError.self) { try JSONValue.parse(nested(513)) }
    }
}
