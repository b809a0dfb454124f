/// An expression's text by code points, with lines and columns for messages.
struct ExpressionText {
    let scalars: [Unicode.Scalar]
    private let lineStarts: [Int]

    init(_ text: String) {
        let scalars = Array(text.unicodeScalars)
        self.scalars = scalars
        lineStarts = [0] + scalars.indices.filter { scalars[$0] == "\n" }.map { $0 + 1 }
    }

    func text(_ range: Range<Int>) -> String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars[range])
        return String(text)
    }

    func finding(_ message: String, at offset: Int) -> CELProblem.Finding {
        let line = (lineStarts.lastIndex { $0 <= offset } ?? 0)
        return CELProblem.Finding(
            line: line + 1, column: offset - lineStarts[line] + 1, message: message)
    }

    func problem(_ findings: [CELProblem.Finding], hint: String? = nil) -> CELProblem {
        // Stable, as Go's sort is here: findings at one place stay in the order they were made.
        let ordered = findings.enumerated().sorted {
            ($0.element.line, $0.element.column, $0.offset)
                < ($1.element.line, $1.element.column, $1.offset)
        }.map(\.element)
        return CELProblem(
            findings: ordered, text: ordered.map(rendered).joined(separator: "\n"), hint: hint)
    }

    /// The finding, its line and a caret. What is wider than ASCII gets wide dots.
    private func rendered(_ finding: CELProblem.Finding) -> String {
        let start = lineStarts[finding.line - 1]
        let line = scalars[start...].prefix { $0 != "\n" }.map { $0 == "\t" ? " " : $0 }
        let dots = line.prefix(finding.column - 1).map { $0.isASCII ? "." : "．" }.joined()
        let isWide = finding.column <= line.count && !line[finding.column - 1].isASCII
        return "ERROR: <input>:\(finding.line):\(finding.column): \(finding.message)"
            + "\n | \(line.map { String($0) }.joined())\n | \(dots)\(isWide ? "＾" : "^")"
    }
}
