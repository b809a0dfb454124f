/// Reads YAML into nodes. Pure.
package struct YAMLParser {
    private let source: SourceText
    private let limits: YAMLLimits
    private var anchors: [String: YAMLNode] = [:]
    private var nodeCount = 0

    private init(_ source: SourceText, limits: YAMLLimits) {
        self.source = source
        self.limits = limits
    }

    /// The documents of a text; none for one of comments only.
    package static func documents(
        of source: SourceText, limits: YAMLLimits = YAMLLimits()
    ) throws(Diagnostic) -> [YAMLNode] {
        guard source.bytes.count <= limits.bytes else {
            throw Diagnostic(
                .error, "the file is larger than \(limits.bytes) bytes",
                at: SourceSpan(line: 1, column: 1), in: source)
        }
        var parser = YAMLParser(source, limits: limits)
        return try parser.documents()
    }

    /// The documents of a resource file, each parsed alone, as Dapr does: a broken one does not
    /// take the others with it. Positions are those of the whole file.
    package static func resourceDocuments(
        of source: SourceText, limits: YAMLLimits = YAMLLimits()
    ) -> [Result<YAMLNode, Diagnostic>] {
        pieces(of: source).flatMap { piece -> [Result<YAMLNode, Diagnostic>] in
            do throws(Diagnostic) {
                return try documents(of: piece, limits: limits).map { .success($0) }
            } catch {
                return [.failure(error)]
            }
        }
    }

    /// The text cut at lines that begin with `---`; every piece has the lines before it blanked, so
    /// that its positions stay those of the file.
    private static func pieces(of source: SourceText) -> [SourceText] {
        let lines = source.bytes.split(
            separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        var pieces: [SourceText] = []
        var start = 0
        for end in 1...lines.count {
            guard end == lines.count || lines[end].starts(with: "---".utf8) else { continue }
            let blank = repeatElement(UInt8(ascii: "\n"), count: start)
            let text = lines[start..<end].joined(separator: [UInt8(ascii: "\n")])
            pieces.append(SourceText(name: source.name, bytes: blank + Array(text)))
            start = end
        }
        return pieces
    }

    // MARK: Events to nodes

    private mutating func documents() throws(Diagnostic) -> [YAMLNode] {
        let reader = EventReader(source.bytes)
        var documents: [YAMLNode] = []
        while true {
            let (event, _) = try next(reader)
            switch event {
            case .streamEnd: return documents
            case .documentStart:
                anchors = [:]
                nodeCount = 0
                let (first, span) = try next(reader)
                let node = try node(first, span, reader, depth: 0)
                // A document of comments only is a null that nobody wrote.
                if !(node.isNull && node.span.start == node.span.end) { documents.append(node) }
            default: continue
            }
        }
    }

    private func next(
        _ reader: borrowing EventReader
    ) throws(Diagnostic) -> (event: EventReader.Event, span: SourceSpan) {
        do throws(EventReader.Problem) { return try reader.next() } catch {
            throw Diagnostic(
                .error, "not YAML: \(error.text)",
                at: SourceSpan(line: error.mark.line, column: error.mark.column), in: source)
        }
    }

    private mutating func node(
        _ event: EventReader.Event, _ span: SourceSpan, _ reader: borrowing EventReader, depth: Int
    ) throws(Diagnostic) -> YAMLNode {
        guard depth <= limits.depth else {
            throw refused("nested more than \(limits.depth) levels deep", span)
        }
        try count(1, span)
        switch event {
        case .scalar(let text, let isPlain, let anchor):
            return remember(YAMLNode(.scalar(text, isPlain: isPlain), at: span), anchor)
        case .sequenceStart(let anchor):
            return remember(try sequence(span, reader, depth), anchor)
        case .mappingStart(let anchor):
            return remember(try mapping(span, reader, depth), anchor)
        case .alias(let name):
            guard let node = anchors[name] else { throw refused("no anchor &\(name)", span) }
            // Counted again, or nine lines of aliases could stand for a billion nodes.
            try count(size(of: node), span)
            return YAMLNode(node.value, at: span)
        default:
            throw refused("not YAML: a value is missing", span)
        }
    }

    private mutating func sequence(
        _ span: SourceSpan, _ reader: borrowing EventReader, _ depth: Int
    ) throws(Diagnostic) -> YAMLNode {
        var nodes: [YAMLNode] = []
        while true {
            let (event, place) = try next(reader)
            if case .sequenceEnd = event {
                return YAMLNode(.sequence(nodes), at: SourceSpan(start: span.start, end: place.end))
            }
            nodes.append(try node(event, place, reader, depth: depth + 1))
        }
    }

    private mutating func mapping(
        _ span: SourceSpan, _ reader: borrowing EventReader, _ depth: Int
    ) throws(Diagnostic) -> YAMLNode {
        var members: [YAMLNode.Member] = []
        while true {
            let (event, place) = try next(reader)
            if case .mappingEnd = event {
                let whole = SourceSpan(start: span.start, end: place.end)
                return YAMLNode(.mapping(merged(members)), at: whole)
            }
            let key = try node(event, place, reader, depth: depth + 1)
            let (valueEvent, valuePlace) = try next(reader)
            let value = try node(valueEvent, valuePlace, reader, depth: depth + 1)
            if let text = key.text, text != "<<",
                let first = members.first(where: { $0.key.text == text })
            {
                throw refused(
                    "the key `\(text)` stands here a second time", key.span,
                    hint: "it was given in line \(first.key.span.start.line) already")
            }
            members.append(YAMLNode.Member(key: key, value: value))
        }
    }

    /// Members that `<<` brings in; what the mapping says itself wins.
    private func merged(_ members: [YAMLNode.Member]) -> [YAMLNode.Member] {
        guard members.contains(where: { $0.key.text == "<<" }) else { return members }
        var merged = members.filter { $0.key.text != "<<" }
        for member in members where member.key.text == "<<" {
            for source in member.value.sequence ?? [member.value] {
                for inherited in source.mapping ?? []
                where !merged.contains(where: { $0.key.text == inherited.key.text }) {
                    merged.append(inherited)
                }
            }
        }
        return merged
    }

    // MARK: Bounds

    private mutating func count(_ nodes: Int, _ span: SourceSpan) throws(Diagnostic) {
        nodeCount += nodes
        guard nodeCount <= limits.nodes else {
            throw refused("more than \(limits.nodes) nodes, aliases counted", span)
        }
    }

    private func size(of node: YAMLNode) -> Int {
        switch node.value {
        case .scalar: 1
        case .sequence(let nodes): nodes.reduce(1) { $0 + size(of: $1) }
        case .mapping(let members):
            members.reduce(1) { $0 + size(of: $1.key) + size(of: $1.value) }
        }
    }

    private mutating func remember(_ node: YAMLNode, _ anchor: String?) -> YAMLNode {
        if let anchor { anchors[anchor] = node }
        return node
    }

    private func refused(_ message: String, _ span: SourceSpan, hint: String? = nil) -> Diagnostic {
        Diagnostic(.error, message, at: span, in: source, hint: hint)
    }
}

extension SourceSpan {
    /// One place.
    init(line: Int, column: Int) {
        let mark = SourceMark(line: line, column: column)
        self.init(start: mark, end: mark)
    }
}
