/// Makes nodes of libyaml's events, within bounds: follows aliases, merges `<<`, refuses or drops
/// keys that are given twice. Reads one piece of a text; places are those of the whole.
struct DocumentBuilder: ~Copyable {
    private let source: SourceText
    private let options: YAMLOptions
    private let reader: PieceReader
    private var anchors: [String: YAMLNode] = [:]
    private var nodeCount = 0
    private var aliasCount = 0
    private(set) var warnings: [Diagnostic] = []

    /// - Parameter piece: bytes of `source` that begin at `origin`.
    init(
        _ piece: ArraySlice<UInt8>, from origin: LineIndex.Start, of source: SourceText,
        options: YAMLOptions
    ) {
        self.source = source
        self.options = options
        reader = PieceReader(piece, from: origin, of: source)
    }

    /// The next document; nil at the end of the piece. One that nobody wrote (of comments only) is
    /// passed over.
    mutating func nextDocument() throws(Diagnostic) -> YAMLNode? {
        while true {
            let (event, _) = try reader.next()
            switch event {
            case .streamEnd: return nil
            case .documentStart:
                anchors = [:]
                (nodeCount, aliasCount) = (0, 0)
                let (first, span) = try reader.next()
                let node = try node(first, span, depth: 0)
                _ = try reader.next()  // the end of the document
                if !(node.isNull && node.span.start == node.span.end) { return node }
            default: continue
            }
        }
    }

    // MARK: Nodes

    private mutating func node(
        _ event: EventReader.Event, _ span: SourceSpan, depth: Int
    ) throws(Diagnostic) -> YAMLNode {
        switch event {
        case .scalar(let text, let style, let tag, let anchor):
            try count(1, span)
            let scalar = YAMLScalar(text, style: style, tag: tag, schema: options.schema)
            return remember(try checked(scalar, span), anchor)
        case .sequenceStart(let anchor):
            try enter(depth, span)
            return remember(try sequence(span, depth), anchor)
        case .mappingStart(let anchor):
            try enter(depth, span)
            return remember(try mapping(span, depth), anchor)
        case .alias(let name): return try alias(name, span, depth)
        default: throw refused("cannot read the document: a value is missing", span)
        }
    }

    private func checked(_ scalar: YAMLScalar, _ span: SourceSpan) throws(Diagnostic) -> YAMLNode {
        if scalar.contradictsTag, let tag = scalar.tag {
            let short = "!!" + tag.dropFirst(Tag.prefix.count)
            throw refused("cannot read the value: it is no \(short)", span)
        }
        guard !scalar.isBinary else {
            throw refused("cannot read the value: !!binary is not supported", span)
        }
        return YAMLNode(.scalar(scalar), at: span)
    }

    private mutating func sequence(
        _ span: SourceSpan, _ depth: Int
    ) throws(Diagnostic) -> YAMLNode {
        var nodes: [YAMLNode] = []
        while true {
            let (event, place) = try reader.next()
            if case .sequenceEnd = event {
                let end = Self.end(place, after: nodes.last)
                return YAMLNode(.sequence(nodes), at: SourceSpan(start: span.start, end: end))
            }
            nodes.append(try node(event, place, depth: depth + 1))
        }
    }

    private mutating func mapping(
        _ span: SourceSpan, _ depth: Int
    ) throws(Diagnostic) -> YAMLNode {
        var members = MemberList()
        while true {
            let (event, place) = try reader.next()
            if case .mappingEnd = event {
                let end = Self.end(place, after: members.last)
                let whole = SourceSpan(start: span.start, end: end)
                return YAMLNode(.mapping(members.merged()), at: whole)
            }
            let key = try node(event, place, depth: depth + 1)
            let name = try name(of: key)
            if let first = members[name] { try meetAgain(name, key, first) }
            let (valueEvent, valuePlace) = try reader.next()
            let value = try node(valueEvent, valuePlace, depth: depth + 1)
            if MemberList.isMerge(key) { try checkMerge(value) }
            members.set(YAMLNode.Member(name: name, key: key, value: value))
        }
    }

    /// A block ends where its last node does: libyaml says where the next thing begins.
    private static func end(_ place: SourceSpan, after last: YAMLNode?) -> SourceMark {
        guard place.start == place.end, let last else { return place.end }
        return last.span.end
    }

    private func name(of key: YAMLNode) throws(Diagnostic) -> String {
        guard let scalar = key.scalar, scalar.value != .null else {
            throw refused("expected a key, found \(key.kindName)", key.span)
        }
        return options.schema == .go ? scalar.value.goText : scalar.text
    }

    private mutating func meetAgain(
        _ name: String, _ key: YAMLNode, _ first: YAMLNode.Member
    ) throws(Diagnostic) {
        let start = first.key.span.start
        let again = refused(
            "the key `\(name)` is given a second time", key.span,
            hint: "the first one is at line \(start.line), column \(start.column)")
        guard options.lastOfDuplicatesWins else { throw again }
        warn(again)
    }

    // MARK: Aliases

    private mutating func alias(
        _ name: String, _ span: SourceSpan, _ depth: Int
    ) throws(Diagnostic) -> YAMLNode {
        guard let node = anchors[name] else {
            throw refused(
                "cannot follow the alias `*\(name)`: no anchor `&\(name)` ends before it", span,
                hint: Suggestion.hint(for: name, among: anchors.keys.sorted()))
        }
        aliasCount += 1
        guard aliasCount <= options.limits.aliases else {
            throw refused("more than \(options.limits.aliases) aliases in a document", span)
        }
        let (nodes, height) = node.measure
        try checkDepth(depth + height, span)
        // Counted again, or nine lines of aliases could stand for a billion nodes.
        try count(nodes, span)
        return YAMLNode(node.value, at: span)
    }

    private mutating func remember(_ node: YAMLNode, _ anchor: String?) -> YAMLNode {
        if let anchor { anchors[anchor] = node }
        return node
    }

    private func checkMerge(_ value: YAMLNode) throws(Diagnostic) {
        for source in value.sequence ?? [value] where source.mapping == nil {
            throw refused("cannot merge: expected a mapping, found \(source.kindName)", source.span)
        }
    }

    // MARK: Bounds and messages

    private mutating func enter(_ depth: Int, _ span: SourceSpan) throws(Diagnostic) {
        try checkDepth(depth + 1, span)
        try count(1, span)
    }

    private func checkDepth(_ depth: Int, _ span: SourceSpan) throws(Diagnostic) {
        guard depth <= options.limits.depth else {
            throw refused("nested more than \(options.limits.depth) levels deep", span)
        }
    }

    private mutating func count(_ nodes: Int, _ span: SourceSpan) throws(Diagnostic) {
        nodeCount += nodes
        guard nodeCount <= options.limits.nodes else {
            throw refused(
                "more than \(options.limits.nodes) nodes in a document, aliases counted", span)
        }
    }

    private mutating func warn(_ diagnostic: Diagnostic) {
        if warnings.count < options.limits.warnings { warnings.append(diagnostic.asWarning) }
    }

    private func refused(_ message: String, _ span: SourceSpan, hint: String? = nil) -> Diagnostic {
        Diagnostic(.error, message, at: span, in: source, hint: hint)
    }
}
