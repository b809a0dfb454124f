import Bytes
import Testing

@testable import JSON

/// How Dapr's stores write values anew (state.md §10 of the specification).
@Suite struct DaprValuesTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let sent: String
        /// In memory and in SQLite.
        let go: String
        /// In Redis.
        let jsoniter: String

        init(_ sent: String, _ go: String, redis: String? = nil) {
            self.sent = sent
            self.go = go
            jsoniter = redis ?? go
        }

        var testDescription: String { String(reflecting: sent) }
    }

    @Test(arguments: [
        Row("null", "null"), Row("true", "true"), Row(" [ 1 , 2 ]\n", "[1,2]"),
        Row("{ }", "{}"), Row("[ ]", "[]"), Row("[[],{},[{}]]", "[[],{},[{}]]"),
        // Members: sorted by their bytes, the last of a name counts.
        Row(#"{"b":1,"a":2}"#, #"{"a":2,"b":1}"#, redis: #"{"b":1,"a":2}"#),
        Row(#"{"a":1,"b":2,"a":3}"#, #"{"a":3,"b":2}"#),
        Row(#"{"b":1,"a":2,"b":[3,4]}"#, #"{"a":2,"b":[3,4]}"#, redis: #"{"b":[3,4],"a":2}"#),
        Row(#"{"é":1,"z":2,"Z":3}"#, #"{"Z":3,"z":2,"é":1}"#, redis: #"{"é":1,"z":2,"Z":3}"#),
        Row(
            #"{"b":{"d":1,"c":2},"a":[{"f":1,"e":2}]}"#,
            #"{"a":[{"e":2,"f":1}],"b":{"c":2,"d":1}}"#,
            redis: #"{"b":{"d":1,"c":2},"a":[{"f":1,"e":2}]}"#),
        Row(#"{"\u0062":1,"a":2}"#, #"{"a":2,"b":1}"#, redis: #"{"b":1,"a":2}"#),
        Row(#"{"a":1,"\u0061":2}"#, #"{"a":2}"#),
        // Strings.
        Row(#""<a>&b""#, #""\u003ca\u003e\u0026b""#, redis: #""<a>&b""#),
        Row("\"\u{2028}\u{2029}\"", #""\u2028\u2029""#, redis: "\"\u{2028}\u{2029}\""),
        Row(#""\u2028""#, #""\u2028""#, redis: "\"\u{2028}\""),
        Row(#""\u0041\/\u00e9""#, #""A/é""#), Row(#""\ud83d\ude00""#, #""😀""#),
        Row(#""\ud83dx\udc00""#, "\"\u{FFFD}x\u{FFFD}\""), Row(#""\n\r\t\"\\""#, #""\n\r\t\"\\""#),
        Row(#""\b\f""#, #""\b\f""#, redis: #""\u0008\u000c""#), Row(#""\u001f""#, #""\u001f""#),
        Row(#"{"<":1}"#, #"{"\u003c":1}"#, redis: #"{"<":1}"#),
        // Numbers.
        Row("1.0", "1"), Row("1e2", "100"), Row("-0", "-0", redis: "0"), Row("0.10", "0.1"),
        Row("9007199254740993", "9007199254740992"),
        Row("12345678901234567890", "12345678901234567000", redis: "12345678901234567000"),
        Row("3.14159265", "3.14159265", redis: "3.141593"),
        Row("-3.14159265", "-3.14159265", redis: "-3.141593"),
        Row("0.0000005", "5e-7", redis: "0.000001"), Row("0.0000004", "4e-7", redis: "0"),
        Row("-1e-9", "-1e-9", redis: "-0"), Row("2.5000005", "2.5000005", redis: "2.500001"),
        Row("83886079.1234567", "83886079.1234567"),  // beyond the bound: kept
        Row("83886078.1234567", "83886078.1234567", redis: "83886078.123457"),
        Row("1e20", "100000000000000000000"), Row("1e21", "1e+21"), Row("1.50", "1.5"),
    ])
    func `a value is written anew as Go's encoders do`(row: Row) {
        let sent = Array(row.sent.utf8)[...]
        #expect(String(text: DaprValues.reserialise(sent, as: .goJSON)) == row.go)
        #expect(String(text: DaprValues.reserialise(sent, as: .jsoniterFastest)) == row.jsoniter)
    }

    @Test func `bytes that are no value come back as they are`() {
        for text in ["", "x", "[1", "1 2"] {
            #expect(DaprValues.reserialise(Array(text.utf8)[...], as: .goJSON) == Array(text.utf8))
        }
    }

    @Test func `what was written anew stays`() {
        var random = SeededRandom(seed: 7)
        for _ in 0..<500 {
            let sent = Array(JSONValue.random(&random, depth: 4).text.utf8)
            let go = DaprValues.reserialise(sent[...], as: .goJSON)
            #expect(DaprValues.reserialise(go[...], as: .goJSON) == go)
            // jsoniter makes -0 of -1e-9, and 0 of -0.
            var jsoniter = DaprValues.reserialise(sent[...], as: .jsoniterFastest)
            jsoniter = DaprValues.reserialise(jsoniter[...], as: .jsoniterFastest)
            #expect(DaprValues.reserialise(jsoniter[...], as: .jsoniterFastest) == jsoniter)
        }
    }

    @Test func `a deep value needs no deep stack`() {
        let depth = JSONScanner.maxDepth
        let deep = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        #expect(DaprValues.reserialise(Array(deep.utf8)[...], as: .goJSON) == Array(deep.utf8))
    }
}
