import Bytes
import Testing

@testable import JSON

@Suite struct JSONWriterTests {
    private func written(
        escapesHTML: Bool = true, _ write: (inout JSONWriter) -> Void
    ) -> String {
        var writer = JSONWriter(escapesHTML: escapesHTML)
        write(&writer)
        return String(text: writer.bytes)
    }

    @Test func `commas and colons are put where they belong`() {
        let text = written { writer in
            writer.beginObject()
            writer.member("a", "x")
            writer.key("b")
            writer.beginArray()
            writer.number(1)
            writer.number(-20)
            writer.beginObject()
            writer.endObject()
            writer.beginArray()
            writer.endArray()
            writer.bool(true)
            writer.null()
            writer.endArray()
            writer.key("c")
            writer.raw(Array("1.50".utf8))
            writer.key("d")
            writer.bool(false)
            writer.endObject()
            writer.newline()
        }
        #expect(text == #"{"a":"x","b":[1,-20,{},[],true,null],"c":1.50,"d":false}"# + "\n")
    }

    @Test(arguments: [
        ("a", #""a""#), ("\"\\/", #""\"\\/""#), ("\u{8}\u{C}\n\r\t", #""\b\f\n\r\t""#),
        ("\u{0}\u{1}\u{1F}\u{7F}", "\"\\u0000\\u0001\\u001f\u{7F}\""),
        ("<&>", #""\u003c\u0026\u003e""#),
        ("\u{2028}\u{2029}\u{2027}\u{202A}", "\"\\u2028\\u2029\u{2027}\u{202A}\""),
        ("é😀", #""é😀""#),
    ])
    func `strings are quoted as Go quotes them`(text: String, quoted: String) {
        #expect(written { $0.string(text) } == quoted)
    }

    @Test func `HTML is left alone where that is asked for`() {
        #expect(written(escapesHTML: false) { $0.string("<&>\u{2028}\n") } == "\"<&>\u{2028}\\n\"")
    }

    @Test(arguments: [
        (#" { "a" : [ 1 , "x y" ] } "#, #"{"a":[1,"x y"]}"#),
        (#"["<&>","\"<\\","\u003c"]"#, #"["\u003c\u0026\u003e","\"\u003c\\","\u003c"]"#),
        ("[\"\u{2028}\u{2029}\u{2030}\"]", "[\"\\u2028\\u2029\u{2030}\"]"),
        ("{\"a\" :\t\"\\\\\" ,\r\n\"b\":\"\\\" \"}", #"{"a":"\\","b":"\" "}"#),
        ("1.50", "1.50"), ("\"é\"", "\"é\""),
    ])
    func `a raw value is compacted and escaped, not decoded`(json: String, compact: String) {
        #expect(written { $0.compacted(Array(json.utf8)[...]) } == compact)
    }

    @Test func `whatever is written is read back, and written the same again`() throws {
        var random = SeededRandom(seed: 42)
        for _ in 0..<2000 {
            let value = JSONValue.random(&random, depth: 4)
            let text = value.text
            let read = try JSONValue.parse(Array(text.utf8)[...])
            #expect(read == value)
            #expect(read.text == text)
            var escaping = JSONWriter(escapesHTML: true)
            value.write(to: &escaping)
            #expect(try JSONValue.parse(escaping.bytes[...]) == value)
        }
    }

    @Test func `blanks between tokens change nothing`() throws {
        var random = SeededRandom(seed: 3)
        for _ in 0..<500 {
            let value = JSONValue.random(&random, depth: 3)
            let spaced = Self.spaced(value)
            #expect(try JSONValue.parse(Array(spaced.utf8)[...]) == value)
            let compact = written(escapesHTML: false) { $0.compacted(Array(spaced.utf8)[...]) }
            #expect(compact == value.text)
        }
    }

    private static func spaced(_ value: JSONValue) -> String {
        switch value {
        case .array(let elements): " [ \(elements.map(spaced).joined(separator: " ,\n")) ] "
        case .object(let members):
            "\t{ "
                + members.map { "\(JSONValue.string($0.name).text) \r\n: \(spaced($0.value))" }
                .joined(separator: " , ") + " }"
        default: " \(value.text)\t"
        }
    }
}
