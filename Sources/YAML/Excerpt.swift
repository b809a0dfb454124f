/// One source line as a diagnostic shows it, with the caret line that goes below. A long line is cut
/// round the caret, and what would steer a terminal is replaced.
struct Excerpt: Equatable, Sendable {
    let text: String
    /// Blanks, `^`, and a `~` for every further column of the span.
    let caret: String

    private static let longest = 120
    private static let before = 60

    /// The line that `span` begins in; nil when it is empty.
    init?(of span: SourceSpan, in source: SourceText) {
        let line = Array(source.line(span.start.line).unicodeScalars)
        guard !line.isEmpty else { return nil }
        let start = min(span.start.column - 1, line.count)
        let isOneLine = span.end.line == span.start.line
        let end = isOneLine ? min(span.end.column - 1, line.count) : Self.trimmedEnd(line)
        let from = start > Self.longest - Self.before / 2 ? start - Self.before : 0
        let to = min(line.count, from + Self.longest)
        text =
            (from > 0 ? "…" : "") + Self.printable(line[from..<to])
            + (to < line.count ? "…" : "")
        let underlined = line[start..<max(start, min(end, to))]
        caret =
            (from > 0 ? " " : "") + Self.blanks(line[from..<start]) + "^"
            + String(repeating: "~", count: max(0, Self.width(underlined) - 1))
    }

    private static func trimmedEnd(_ line: [Unicode.Scalar]) -> Int {
        (line.lastIndex { !$0.properties.isWhitespace } ?? -1) + 1
    }

    private static func printable(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var text = String.UnicodeScalarView()
        for scalar in scalars {
            let isControl = scalar != "\t" && scalar.properties.generalCategory == .control
            text.append(isControl ? "\u{FFFD}" : scalar)
        }
        return String(text)
    }

    /// A tab stays a tab, so that the caret stands under its character whatever a tab is worth.
    private static func blanks(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        scalars.reduce(into: "") { blanks, scalar in
            blanks += scalar == "\t" ? "\t" : String(repeating: " ", count: columns(of: scalar))
        }
    }

    private static func width(_ scalars: ArraySlice<Unicode.Scalar>) -> Int {
        scalars.reduce(0) { $0 + columns(of: $1) }
    }

    /// Columns in a terminal: none for what combines with the character before, two for East Asian
    /// wide characters and emoji (UAX #11).
    private static func columns(of scalar: Unicode.Scalar) -> Int {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3,
            0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
            0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}
