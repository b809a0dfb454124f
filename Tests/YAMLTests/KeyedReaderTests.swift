import Testing

@testable import YAML

@Suite struct KeyedReaderTests {
    private func reader(_ text: String, keys: [String]) throws -> KeyedReader {
        let source = SourceText(name: "f.yaml", text: text)
        return try KeyedReader(try YAMLParser.document(of: source), in: source, keys: keys)
    }

    private func lenient(_ text: String) throws -> KeyedReader {
        let source = SourceText(name: "f.yaml", text: text)
        let node = try #require(YAMLParser.resourceDocuments(of: source).first).get()
        return try KeyedReader(lenient: node, in: source)
    }

    private func rendered(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch {
            return (error as? Diagnostic)?.rendered
        }
    }

    static let keys = ["name", "timeout", "retries", "ratio", "quiet", "tags", "expect"]

    @Test func `known keys are read by their types`() throws {
        let reader = try reader(
            "{name: x, retries: 3, ratio: 0.5, quiet: true, tags: [a, b], expect: {exit: 0}}",
            keys: Self.keys)
        #expect(try reader.string("name") == "x")
        #expect(try reader.string("timeout") == nil)
        #expect(try reader.int("retries", in: 0...3) == 3)
        #expect(try reader.double("ratio") == 0.5)
        #expect(try reader.double("retries") == 3)
        #expect(try reader.bool("quiet") == true)
        #expect(try reader.strings("tags") == ["a", "b"])
        #expect(try reader.list("tags")?.count == 2)
        #expect(try reader.members("expect")?.map(\.name) == ["exit"])
        #expect(try reader.keyed("expect", keys: ["exit"])?.int("exit") == 0)
        #expect(try reader.required("name").text == "x")
    }

    @Test func `an unknown key is refused with the nearest known one`() {
        #expect(
            rendered { _ = try reader("name: x\ntimout: 2s\n", keys: Self.keys) } == """
                f.yaml:2:1: error: unknown key `timout`
                  timout: 2s
                  ^~~~~~
                  hint: did you mean `timeout`?
                """)
    }

    @Test func `an unknown key that is near to none is refused with all of them`() {
        #expect(
            rendered { _ = try reader("zzzzzz: 1", keys: ["name", "timeout"]) } == """
                f.yaml:1:1: error: unknown key `zzzzzz`
                  zzzzzz: 1
                  ^~~~~~
                  hint: known here: `name`, `timeout`
                """)
    }

    @Test func `a missing key is told at the mapping's beginning`() {
        #expect(
            rendered {
                _ = try reader("\n  retries: 1\n  quiet: true", keys: Self.keys).required("name")
            }
                == """
                f.yaml:2:3: error: the key `name` is missing
                    retries: 1
                    ^~~~~~~
                """)
        #expect(
            rendered { _ = try reader("{}", keys: Self.keys).required("name") } == """
                f.yaml:1:1: error: the key `name` is missing
                  {}
                  ^~
                """)
    }

    struct Row: CustomTestStringConvertible {
        let text: String
        let message: String
        let hint: String?
        let read: @Sendable (KeyedReader) throws -> Any?

        init(
            _ text: String, _ message: String, _ hint: String? = nil,
            _ read: @escaping @Sendable (KeyedReader) throws -> Any?
        ) {
            (self.text, self.message, self.hint, self.read) = (text, message, hint, read)
        }

        var testDescription: String { "\(text): \(message)" }
    }

    @Test(arguments: [
        Row("a: {}", "expected a string, found a mapping") { try $0.string("a") },
        Row("a:", "expected a string, found nothing") { try $0.string("a") },
        Row("a: 1.10", "expected a string, found the number `1.10`", "put it in quotes") {
            try $0.string("a")
        },
        Row("a: true", "expected a string, found the boolean `true`", "put it in quotes") {
            try $0.string("a")
        },
        Row("a: x", "expected a whole number, found the string `x`") { try $0.int("a") },
        Row("a: '5'", "expected a whole number, found the string `5`") { try $0.int("a") },
        Row("a: 1.5", "expected a whole number, found the number `1.5`") { try $0.int("a") },
        Row("a: 4", "expected a whole number from 1 to 3, found 4") { try $0.int("a", in: 1...3) },
        Row("a: 0", "expected a whole number of at least 1, found 0") {
            try $0.int("a", in: 1...Int.max)
        },
        Row("a: yes", "expected a boolean, found the string `yes`", "write `true` or `false`") {
            try $0.bool("a")
        },
        Row("a: []", "expected a number, found a list") { try $0.double("a") },
        Row("a: x", "expected a list, found the string `x`") { try $0.list("a") },
        Row("a: ''", "expected a list, found a string") { try $0.list("a") },
        Row("a: [x, [y]]", "expected a string, found a list") { try $0.strings("a") },
        Row("a: [x]", "expected a mapping, found a list") { try $0.members("a") },
        Row("a: \(String(repeating: "x", count: 25))", "expected a mapping, found a string") {
            try $0.keyed("a", keys: [])
        },
        Row("a: radis", "unknown value `radis`", "did you mean `redis`?") {
            try $0.source.word(try $0.required("a"), of: ["memory", "sqlite", "redis"])
        },
    ])
    func `a wrong type is told with what was found`(row: Row) throws {
        let reader = try reader(row.text, keys: ["a"])
        let error = #expect(throws: Diagnostic.self) { _ = try row.read(reader) }
        #expect(error?.message == row.message)
        #expect(error?.hint == row.hint)
        #expect(error?.span.start.line == 1)
    }

    @Test func `only a mapping has keys`() {
        #expect(
            rendered { _ = try reader("- a", keys: []) } == """
                f.yaml:1:1: error: expected a mapping, found a list
                  - a
                  ^~~
                """)
        #expect(rendered { _ = try lenient("a") }?.contains("found the string `a`") == true)
    }

    @Test func `a lenient reader reads as Go's decoder does`() throws {
        let reader = try lenient(
            "{Kind: x, version: 1.10, flag: yes, empty: , list: [1, on], unknown: 1, spec: {A: 1}}")
        #expect(try reader.string("kind") == "x")
        #expect(try reader.string("version") == "1.1")
        #expect(try reader.string("flag") == "true")
        #expect(try reader.bool("FLAG") == true)
        #expect(try reader.string("empty") == nil)
        #expect(try reader.strings("list") == ["1", "true"])
        #expect(try reader.lenient("spec")?.int("a") == 1)
        #expect(rendered { _ = try reader.required("empty") }?.contains("is missing") == true)
        #expect(rendered { _ = try reader.string("spec") }?.contains("found a mapping") == true)
    }

    @Test(arguments: [
        ("timout", "timeout"), ("tiemout", "timeout"), ("TimeOut", "timeout"), ("nam", "name"),
        ("nmae", "name"), ("retires", "retries"), ("x", nil), ("something", nil), ("", nil),
        (String(repeating: "name", count: 100_000), nil),
    ])
    func `the nearest name is one with few changes`(word: String, nearest: String?) {
        #expect(Suggestion.nearest(to: word, among: Self.keys) == nearest)
        #expect(Suggestion.nearest(to: word, among: []) == nil)
    }

    @Test(arguments: [
        ("", "", 0), ("a", "", 1), ("", "ab", 2), ("kitten", "sitting", 3), ("ab", "ba", 1),
        ("abcd", "acbd", 1), ("ca", "abc", 3), ("é", "e", 1),
    ])
    func `swaps of neighbours count as one change`(a: String, b: String, distance: Int) {
        #expect(Suggestion.distance(a, b) == distance)
        #expect(Suggestion.distance(b, a) == distance)
    }
}
