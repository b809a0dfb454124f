/// A message about a place in a text: where, what, and how to mend it.
package struct Diagnostic: Error, Equatable, Sendable {
    package enum Severity: String, Sendable {
        case error
        case warning
    }

    package let severity: Severity
    package let file: String
    package let span: SourceSpan
    package let message: String
    /// How to mend it.
    package let hint: String?
    /// The line that `span` begins in.
    package let sourceLine: String

    package init(
        _ severity: Severity, _ message: String, at span: SourceSpan, in source: SourceText,
        hint: String? = nil
    ) {
        self.severity = severity
        self.message = message
        self.span = span
        self.hint = hint
        file = source.name
        sourceLine = source.line(span.start.line)
    }

    /// `file:line:column: error: message`, the source line, a caret, the hint.
    package var rendered: String {
        let place = "\(file):\(span.start.line):\(span.start.column)"
        var lines = ["\(place): \(severity.rawValue): \(message)"]
        if !sourceLine.isEmpty {
            lines.append("  \(sourceLine)")
            lines.append("  \(indent)^\(underline)")
        }
        if let hint { lines.append("  hint: \(hint)") }
        return lines.joined(separator: "\n")
    }

    /// Blanks up to the column; a tab stays a tab, so that the caret stands under its character.
    private var indent: String {
        String(
            sourceLine.unicodeScalars.prefix(span.start.column - 1).map { scalar -> Character in
                scalar == "\t" ? "\t" : " "
            })
    }

    private var underline: String {
        let rest = sourceLine.unicodeScalars.count - span.start.column
        let length =
            span.end.line == span.start.line ? span.end.column - span.start.column - 1 : rest
        return String(repeating: "~", count: max(0, min(length, rest)))
    }

    /// The same diagnostic as a warning.
    package var asWarning: Diagnostic {
        Diagnostic(copying: self, severity: .warning)
    }

    private init(copying other: Diagnostic, severity: Severity) {
        self.severity = severity
        file = other.file
        span = other.span
        message = other.message
        hint = other.hint
        sourceLine = other.sourceLine
    }
}
