/// A message about a place in a text: where, what, and how to mend it. A value: whoever meets it
/// decides where it is printed and what it means for the exit code.
package struct Diagnostic: Error, Equatable, Sendable {
    package enum Severity: String, Sendable {
        case error
        case warning
    }

    package private(set) var severity: Severity
    package let file: String
    package let span: SourceSpan
    /// *what failed: why*, lower case, no full stop.
    package let message: String
    /// How to mend it.
    package let hint: String?
    private let excerpt: Excerpt?

    package init(
        _ severity: Severity, _ message: String, at span: SourceSpan, in source: SourceText,
        hint: String? = nil
    ) {
        self.severity = severity
        self.message = message
        self.span = span
        self.hint = hint
        file = source.name
        excerpt = Excerpt(of: span, in: source)
    }

    /// `file:line:column`, both counted from 1.
    package var place: String { "\(file):\(span.start.line):\(span.start.column)" }

    /// The diagnostic as people read it, without colour.
    package var rendered: String { rendered(colored: false) }

    /// `file:line:column: error: message`, then the source line, the caret line and the hint where
    /// there are such, each indented by two. Ends without a line feed.
    package func rendered(colored: Bool) -> String {
        let paint = Paint(isOn: colored)
        let word = paint(severity == .error ? .red : .yellow, "\(severity.rawValue):")
        var lines = ["\(paint(.bold, "\(place):")) \(word) \(message)"]
        if let excerpt {
            lines.append("  \(excerpt.text)")
            lines.append("  \(paint(.green, excerpt.caret))")
        }
        if let hint { lines.append("  \(paint(.bold, "hint:")) \(hint)") }
        return lines.joined(separator: "\n")
    }

    /// The same diagnostic as a warning.
    package var asWarning: Diagnostic {
        var copy = self
        copy.severity = .warning
        return copy
    }
}

/// Terminal colours, or none.
private struct Paint {
    enum Style: String {
        case bold = "1"
        case red = "1;31"
        case green = "1;32"
        case yellow = "1;33"
    }

    let isOn: Bool

    func callAsFunction(_ style: Style, _ text: String) -> String {
        isOn ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }
}
