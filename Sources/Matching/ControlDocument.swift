package import Bytes
internal import JSON
package import YAML

/// What people and programs hand to fakedapr (bodies of control requests, seeds, faults, stubs): JSON
/// or YAML, read into one kind of node, so that one strict reader finds every mistake and its place.
package struct ControlDocument {
    package let source: SourceText
    /// An empty mapping when the text is empty.
    package let root: YAMLNode

    /// The nesting that is read at most.
    private static let maxDepth = 100

    /// - Parameter name: the file's, or what the body is called in messages.
    package init(name: String, bytes: ByteSlice) throws(Diagnostic) {
        source = SourceText(name: name, bytes: Array(bytes))
        root = try Self.read(source)
    }

    /// Strict: refuses what is no mapping, and any key that `keys` does not hold.
    package func keyed(_ keys: [String]) throws(Diagnostic) -> KeyedReader {
        try KeyedReader(root, in: source, keys: keys)
    }

    private static func read(_ source: SourceText) throws(Diagnostic) -> YAMLNode {
        let isSpace = { (byte: UInt8) in [0x20, 0x09, 0x0A, 0x0D].contains(byte) }
        guard let first = source.bytes.first(where: { !isSpace($0) }) else {
            return YAMLNode(.mapping([]), at: SourceSpan(at: source.mark(byte: 0)))
        }
        guard [UInt8(ascii: "{"), UInt8(ascii: "[")].contains(first) else {
            return try YAMLParser.document(of: source)
        }
        let bytes = source.bytes[...]
        let range: Range<Int>
        do throws(JSONSyntaxError) {
            range = try JSONScanner.wholeValue(of: bytes, maxDepth: maxDepth).range
        } catch {
            // What is no JSON may be YAML in its flow style.
            if let document = try? YAMLParser.document(of: source) { return document }
            throw Diagnostic(
                .error, error.text, at: SourceSpan(at: source.mark(byte: error.offset)),
                in: source)
        }
        return try node(JSONReader(scanned: bytes[range]), source)
    }

    private static func node(
        _ reader: JSONReader, _ source: SourceText
    ) throws(Diagnostic) -> YAMLNode {
        YAMLNode(try value(reader, source), at: span(reader, source))
    }

    private static func value(
        _ reader: JSONReader, _ source: SourceText
    ) throws(Diagnostic) -> YAMLNode.Value {
        switch reader.kind {
        case .string: return .scalar(YAMLScalar(String(text: reader.string), style: .quoted))
        case .null, .bool, .number: return .scalar(YAMLScalar(String(text: reader.bytes)))
        case .array:
            var elements: [YAMLNode] = []
            try reader.forEachElement { (element) throws(Diagnostic) in
                elements.append(try node(element, source))
            }
            return .sequence(elements)
        case .object: return .mapping(try members(reader, source))
        }
    }

    private static func members(
        _ reader: JSONReader, _ source: SourceText
    ) throws(Diagnostic) -> [YAMLNode.Member] {
        var members: [YAMLNode.Member] = []
        var names: Set<String> = []
        try reader.forEachNamed { (name, value) throws(Diagnostic) in
            let text = String(text: name.string)
            let key = YAMLNode(
                .scalar(YAMLScalar(text, style: .quoted)), at: span(name, source))
            guard names.insert(text).inserted else {
                throw source.refused("the key `\(text)` is given twice", key)
            }
            members.append(
                YAMLNode.Member(name: text, key: key, value: try node(value, source)))
        }
        return members
    }

    private static func span(_ reader: JSONReader, _ source: SourceText) -> SourceSpan {
        SourceSpan(
            start: source.mark(byte: reader.bytes.startIndex),
            end: source.mark(byte: reader.bytes.endIndex))
    }
}
