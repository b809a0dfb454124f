/// What stands between two lines that begin with `---`: Dapr cuts resource files there before it
/// parses, and drops the rest of those lines.
struct ResourcePiece {
    let bytes: ArraySlice<UInt8>
    let start: LineIndex.Start
    /// A warning when the separator before the piece has text on its line that is lost.
    let ignored: Diagnostic?

    private static let separator = Array("---".utf8)

    static func pieces(of source: SourceText) -> [ResourcePiece] {
        let whole = source.bytes
        var pieces: [ResourcePiece] = []
        var (first, lost): (Int, Diagnostic?) = (0, nil)
        // A separator in the first line is the parser's: Dapr looks for a line feed before it.
        for line in 1..<max(1, source.lineCount)
        where whole[source.lineStart(line).byte...].starts(with: separator) {
            let end = source.lineStart(line).byte
            pieces.append(piece(first, end, lost, source))
            (first, lost) = (line + 1, Self.lost(line, source))
        }
        if first < source.lineCount { pieces.append(piece(first, whole.count, lost, source)) }
        return pieces
    }

    private static func piece(
        _ line: Int, _ end: Int, _ lost: Diagnostic?, _ source: SourceText
    ) -> ResourcePiece {
        let start = source.lineStart(line)
        return ResourcePiece(bytes: source.bytes[start.byte..<end], start: start, ignored: lost)
    }

    private static func lost(_ line: Int, _ source: SourceText) -> Diagnostic? {
        let text = source.line(line + 1).utf8.dropFirst(separator.count)
        guard let first = text.firstIndex(where: { $0 != 0x20 && $0 != 0x09 }),
            text[first] != UInt8(ascii: "#")
        else { return nil }
        let column = text.distance(from: text.startIndex, to: first) + separator.count
        let offset = source.lineStart(line).byte
        let span = SourceSpan(
            start: source.mark(byte: offset + column),
            end: source.mark(byte: offset + separator.count + text.count))
        return Diagnostic(
            .warning, "this text is not read: it stands in the line of a `---`", at: span,
            in: source, hint: "begin the document on the line below")
    }
}
