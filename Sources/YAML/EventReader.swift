internal import CLibYAML

/// libyaml's event stream: the one owner of its parser, and the one file of this target with unsafe
/// code. Places are counted in characters from the beginning of what was given.
@safe struct EventReader: ~Copyable {
    /// An event as a value.
    enum Event {
        case scalar(String, style: YAMLScalar.Style, tag: String?, anchor: String?)
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

    /// What libyaml could not read, in its words, and where.
    struct Problem: Error {
        enum Place {
            case character(Int)
            /// Bytes that are no characters.
            case byte(Int)
        }

        let text: String
        let place: Place
        /// What it was reading, and where that began.
        let context: String?
        let contextCharacter: Int
    }

    // The parser is given addresses of itself and of the input: both stay where they were allocated.
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        // Safe: allocated and initialised here, freed in deinit alone.
        unsafe parser = .allocate(capacity: 1)
        unsafe parser.initialize(to: yaml_parser_t())
        // Only memory could be missing, and then nothing else works either.
        precondition(unsafe yaml_parser_initialize(parser) == 1, "libyaml has no memory")
        unsafe input = .allocate(capacity: max(1, bytes.count))
        _ = unsafe input.initialize(from: bytes)
        // Safe: the input outlives the parser, and its length is given.
        unsafe yaml_parser_set_input_string(parser, input.baseAddress, bytes.count)
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    }

    deinit {
        // Safe: the owner is not copyable, so this happens once; the parser goes before its input.
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe input.deallocate()
    }

    /// The next event and the characters it takes up.
    func next() throws(Problem) -> (event: Event, characters: Range<Int>) {
        var event = unsafe yaml_event_t()
        // Safe: the parser fills the event, and it is deleted once its strings were copied.
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw problem() }
        defer { unsafe yaml_event_delete(&event) }
        let (start, end) = unsafe (Int(event.start_mark.index), Int(event.end_mark.index))
        return unsafe (Self.convert(event), start..<max(start, end))
    }

    private func problem() -> Problem {
        // Safe: texts of problems are C constants, or nil.
        let text = unsafe parser.pointee.problem.map { unsafe String(cString: $0) }
        let context = unsafe parser.pointee.context.map { unsafe String(cString: $0) }
        // The reader below the scanner counts bytes, and sets no mark.
        let isReader = unsafe parser.pointee.error == YAML_READER_ERROR
        let place: Problem.Place =
            isReader
            ? unsafe .byte(Int(parser.pointee.problem_offset))
            : unsafe .character(Int(parser.pointee.problem_mark.index))
        return Problem(
            text: text ?? "unreadable text", place: place, context: context,
            contextCharacter: unsafe Int(parser.pointee.context_mark.index))
    }

    private static func convert(_ event: yaml_event_t) -> Event {
        // Safe: the type says which member of the union is set.
        switch unsafe event.type {
        case YAML_SCALAR_EVENT: return unsafe scalar(event)
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

    /// Of a scalar event only.
    private static func scalar(_ event: yaml_event_t) -> Event {
        let scalar = unsafe event.data.scalar
        // Safe: libyaml gives the length of its text, which may hold NUL.
        let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
        let style: YAMLScalar.Style =
            switch unsafe scalar.style {
            case YAML_SINGLE_QUOTED_SCALAR_STYLE, YAML_DOUBLE_QUOTED_SCALAR_STYLE: .quoted
            case YAML_LITERAL_SCALAR_STYLE, YAML_FOLDED_SCALAR_STYLE: .block
            default: .plain
            }
        return unsafe .scalar(
            String(decoding: bytes, as: UTF8.self), style: style, tag: text(scalar.tag),
            anchor: text(scalar.anchor))
    }

    /// Safe: anchors and tags hold no NUL and end with one.
    private static func text(_ pointer: UnsafeMutablePointer<UInt8>?) -> String? {
        unsafe pointer.map { unsafe String(cString: $0) }
    }
}
