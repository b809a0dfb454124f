import Testing

@testable import YAML

@Suite struct DocumentTests {
    @Test(arguments: [
        ("a: 1", "{a: 1}"),
        ("{a: 1, b: [x, 'y', \"z\"]}", "{a: 1, b: ['x', 'y', 'z']}"),
        ("{\"a\": {\"b\": [1, true, null]}}", "{a: {b: [1, true, null]}}"),
        ("- a\n- - b\n  - c\n- d: e\n  f: g\n", "['a', ['b', 'c'], {d: 'e', f: 'g'}]"),
        ("a:\n- 1\n- 2\nb:", "{a: [1, 2], b: null}"),
        ("a: |\n  x\n  y\nb: >-\n  x\n  y\n", "{a: 'x\ny\n', b: 'x y'}"),
        ("a: one\n  two\n", "{a: 'one two'}"),
        ("a: \"\\u00e9\\n\"", "{a: 'é\n'}"),
        ("# only\n--- # here\na: 1 # there\n...\n", "{a: 1}"),
        ("\u{FEFF}a: 1\nb: 2", "{a: 1, b: 2}"),
        ("a: 1\r\nb: 2\r\n", "{a: 1, b: 2}"),
        ("%YAML 1.2\n---\na: 1\n", "{a: 1}"),
        ("--- ~", "null"),
        ("--- ''", "''"),
        ("a: &x {b: 1}\nc: *x\n", "{a: {b: 1}, c: {b: 1}}"),
        ("- &x a\n- &x b\n- *x", "['a', 'b', 'b']"),
        ("&k a: 1\nb: *k", "{a: 1, b: 'a'}"),
        ("a: {<<: {x: 1, y: 2}, y: 3}", "{a: {y: 3, x: 1}}"),
        ("<<: [{x: 1}, {x: 2, y: 2}]\nz: 0", "{z: 0, x: 1, y: 2}"),
        ("'<<': 1", "{<<: 1}"),
        ("a: !thing b", "{a: 'b'}"),
        ("a: ! 12", "{a: '12'}"),
    ])
    func `a document is read`(text: String, shown: String) throws {
        #expect(try document(text).shown == shown)
    }

    @Test(arguments: [
        ("", []), ("# nothing\n", []), ("---\n---\n# x\n...\n", []),
        ("a\n---\nb\n", ["'a'", "'b'"]), ("---\na: &x 1\n---\n- 2\n...\n", ["{a: 1}", "[2]"]),
    ])
    func `a stream holds any number of documents`(text: String, shown: [String]) throws {
        #expect(try documents(text).map(\.shown) == shown)
    }

    @Test(arguments: [
        ("a: é\nbc: d", "1:1-2:6", ["1:4-1:5", "2:5-2:6"]),
        ("# x\na:   'it'\n", "2:1-2:10", ["2:6-2:10"]),
        ("a: [1,\n 22]\nb: {c: d}\n", "1:1-3:10", ["1:4-2:5", "3:4-3:10"]),
        ("a:\n  - x\n  - yy\n\n# c\nb:\n- z\n", "1:1-7:4", ["2:3-3:7", "7:1-7:4"]),
        ("a:\n  b:\n    c: d\n\n\ne:\n", "1:1-6:3", ["2:3-3:9", "6:3-6:3"]),
        ("a: &x b\nc: *x\n", "1:1-2:6", ["1:4-1:8", "2:4-2:6"]),
        ("'世': \"🙂\u{2028}x\"\r\nb: c\r", "1:1-2:5", ["1:6-1:11", "2:4-2:5"]),
        ("\u{FEFF}a: b", "1:1-1:5", ["1:4-1:5"]),
    ])
    func `every kind of node knows its place`(
        text: String, whole: String, values: [String]
    ) throws {
        let node = try document(text)
        #expect(node.span.shown == whole)
        #expect(try #require(node.mapping).map(\.value.span.shown) == values)
    }

    @Test func `offsets cut a node's own text out of the file`() throws {
        let filler = String(repeating: "é世🙂 ", count: 100)
        let source = SourceText(
            name: "f.yaml", text: "# \(filler)\nkéy: '\(filler)'\nb: [ü, {c: d}]\n")
        let node = try YAMLParser.document(of: source)
        func text(_ span: SourceSpan) -> String {
            String(decoding: source.bytes[span.start.offset..<span.end.offset], as: UTF8.self)
        }
        let members = try #require(node.mapping)
        #expect(members.map { text($0.key.span) } == ["kéy", "b"])
        #expect(members.map { text($0.value.span) } == ["'\(filler)'", "[ü, {c: d}]"])
    }

    @Test(arguments: [0, 1, 63, 64, 65, 127, 128, 200])
    func `a byte and its character are the same place`(length: Int) {
        let text =
            String(repeating: "é", count: length) + "\n" + String(repeating: "x", count: length)
        let source = SourceText(name: "f.yaml", text: text)
        for (character, index) in text.unicodeScalars.indices.enumerated() {
            let byte = text.utf8.distance(from: text.startIndex, to: index)
            #expect(source.mark(byte: byte) == source.mark(character: character))
        }
        let end = source.mark(character: text.unicodeScalars.count)
        #expect(end == source.mark(byte: source.bytes.count))
        #expect(end == SourceMark(line: 2, column: length + 1, offset: source.bytes.count))
    }

    static let sample = Array(
        """
        %YAML 1.2
        ---
        name: &n "a \\u00e9 世" # comment
        list: [1, {x: 'y'}, *n]
        text: |
          line
           more
        <<: {merged: !!str 5}
        ? "q"
        : - a
          - b: c
        ...
        --- second
        """.utf8)

    @Test(arguments: 0...sample.count)
    func `every prefix of a document is read or refused at a place inside it`(length: Int) {
        let source = SourceText(name: "f.yaml", bytes: Array(Self.sample.prefix(length)))
        do throws(Diagnostic) {
            let nodes = try YAMLParser.documents(of: source)
            #expect(nodes.count <= 2)
        } catch {
            #expect(error.span.start.offset <= length)
            #expect(error.rendered.hasPrefix("f.yaml:\(error.span.start.line):"))
        }
        for result in YAMLParser.resourceDocuments(of: source) {
            if case .success(let node) = result { #expect(node.span.end.offset <= length) }
        }
    }

    @Test(arguments: 0..<sample.count)
    func `any byte may be broken`(position: Int) {
        for byte: UInt8 in [0x00, 0x09, 0x0A, 0x26, 0x2A, 0x5B, 0x80, 0xC3, 0xFF] {
            var bytes = Self.sample
            bytes[position] = byte
            let source = SourceText(name: "f.yaml", bytes: bytes)
            do throws(Diagnostic) {
                for node in try YAMLParser.documents(of: source) {
                    #expect(node.span.end.offset <= bytes.count)
                }
            } catch {
                #expect(error.span.start.offset <= bytes.count)
            }
        }
    }
}
