import JSON
import Testing
import YAML

@testable import Matching

/// JSON and YAML read alike, each mistake with its place.
@Suite struct ControlDocumentTests {
    private static func document(_ text: String) throws(Diagnostic) -> ControlDocument {
        try ControlDocument(name: "body", bytes: Array(text.utf8)[...])
    }

    @Test(
        arguments: [
            (
                #"{"a":1,"b":[true,null,"x"],"c":{"d":-1.5e3}}"#,
                "a: 1\nb: [true, null, x]\nc: {d: -1.5e3}"
            ),
            (#"{"a":"\u00e9\ud83d\ude00\/"}"#, "a: é😀/"), (#"{"a":"1","b":""}"#, "{a: '1', b: ''}"),
            (" \t\n{\"a\"\t:\t1}\n", "a: 1"), (#"{"a b":1}"#, "{a b: 1}"), ("[1,2]", "- 1\n- 2"),
            (#"{"yes":"no"}"#, "yes: no"),
        ])
    func `JSON and YAML of one meaning are one value`(json: String, yaml: String) throws {
        let (a, b) = (try Self.document(json), try Self.document(yaml))
        #expect(JSONValue(a.root) == JSONValue(b.root), "\(JSONValue(a.root).text)")
        #expect(try JSONValue.parse(Array(json.utf8)[...]) == JSONValue(a.root))
    }

    /// A scalar, and the JSON it is.
    @Test(
        arguments: [
            ("1.50", "1.50"), ("-1.5e3", "-1.5e3"), ("1.", "1.0"), (".5", "0.5"), ("0x1F", "31"),
            ("18446744073709551615", "18446744073709551615"), (".inf", "\".inf\""), ("~", "null"),
            ("'1.50'", "\"1.50\""), ("2026-01-01", "\"2026-01-01\""),
        ])
    func `a number keeps its digits where JSON can write them`(yaml: String, json: String) throws {
        #expect(JSONValue(try Self.document(yaml).root).text == json)
    }

    @Test(arguments: ["", " \n", "{}", "\t"])
    func `nothing is an empty mapping`(text: String) throws {
        #expect(try Self.document(text).root.mapping?.isEmpty == true)
    }

    /// Text, and where and what is refused.
    @Test(
        arguments: [
            ("{\"a\":1,\n \"a\":2}", "body:2:2", "the key `a` is given twice"),
            ("{\"a\":\n  {\"exacly\":1}}", "body:2:4", "unknown key `exacly`"),
            ("{\"a\" 1]", "body:1:6", "invalid character '1' after object key"),
            ("[\"a\"", "body:1:5", "unexpected EOF"), ("a: [", "body:1:5", nil),
        ])
    func `a mistake is told with its place`(text: String, place: String, message: String?) {
        let error = #expect(throws: Diagnostic.self) {
            let document = try Self.document(text)
            if let inner = document.root["a"] {
                _ = try KeyedReader(inner, in: document.source, keys: ["exactly"])
            }
        }
        #expect(error?.place == place)
        if let message { #expect(error?.message == message) }
    }
}
