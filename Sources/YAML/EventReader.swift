internal import CLibYAML

/// libyaml's event stream: the one owner of its parser, and the one file of this target with unsafe
/// code.
@safe struct EventReader: ~Copyable {
    /// An event as a value.
    enum Event {
        case scalar(String, isPlain: Bool, anchor: String?)
        case sequenceStart(anchor: String?)
        case sequenceEnd
        case mappingStart(anchor: String?)
        case mappingEnd
        case alias(String)
        case documentStart
        case documentEnd
        case streamEnd
        case other
    }

    /// What libyaml could not read, and where.
    struct Problem: Error {
        let text: String
        let mark: SourceMark
    }

    // The parser is given addresses of itself and of the input: both stay where they were allocated.
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>

    init(_ bytes: [UInt8]) {
        unsafe parser = .allocate(capacity: 1)
        unsafe parser.initialize(to: yaml_parser_t())
        // Only memory could be missing, and then nothing else works either.
        precondition(unsafe yaml_parser_initialize(parser) == 1, "libyaml has no memory")
        unsafe input = .allocate(capacity: max(1, bytes.count))
        _ = unsafe input.initialize(from: bytes)
        unsafe yaml_parser_set_input_string(parser, input.baseAddress, bytes.count)
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe input.deallocate()
    }

    /// The next event and what it takes up.
    func next() throws(Problem) -> (event: Event, span: SourceSpan) {
        var event = unsafe yaml_event_t()
        // Safe: the parser fills the event, and it is deleted once its strings were copied.
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw problem() }
        defer { unsafe yaml_event_delete(&event) }
        let span = unsafe SourceSpan(
            start: Self.mark(event.start_mark), end: Self.mark(event.end_mark))
        return unsafe (Self.convert(event), span)
    }

    private func problem() -> Problem {
        let text = unsafe parser.pointee.problem.map { unsafe String(cString: $0) }
        let mark = unsafe Self.mark(parser.pointee.problem_mark)
        return Problem(text: text ?? "unreadable text", mark: mark)
    }

    private static func mark(_ mark: yaml_mark_t) -> SourceMark {
        SourceMark(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }

    private static func convert(_ event: yaml_event_t) -> Event {
        switch unsafe event.type {
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            // Safe: libyaml gives the length of its text.
            let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            let isPlain = unsafe scalar.style == YAML_PLAIN_SCALAR_STYLE && scalar.tag == nil
            return unsafe .scalar(
                String(decoding: bytes, as: UTF8.self), isPlain: isPlain,
                anchor: text(scalar.anchor))
        case YAML_SEQUENCE_START_EVENT:
            return unsafe .sequenceStart(anchor: text(event.data.sequence_start.anchor))
        case YAML_MAPPING_START_EVENT:
            return unsafe .mappingStart(anchor: text(event.data.mapping_start.anchor))
        case YAML_ALIAS_EVENT: return unsafe .alias(text(event.data.alias.anchor) ?? "")
        case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
        case YAML_MAPPING_END_EVENT: return .mappingEnd
        case YAML_DOCUMENT_START_EVENT: return .documentStart
        case YAML_DOCUMENT_END_EVENT: return .documentEnd
        case YAML_STREAM_END_EVENT: return .streamEnd
        default: return .other
        }
    }

    private static func text(_ pointer: UnsafeMutablePointer<UInt8>?) -> String? {
        unsafe pointer.map { unsafe String(cString: $0) }
    }
}
