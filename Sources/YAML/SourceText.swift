/// A text with a name, in which positions can be shown.
package struct SourceText: Sendable {
    /// The file's name as people are to see it.
    package let name: String
    package let bytes: [UInt8]

    package init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }

    /// The line `number`, counted from 1, without its end; empty when there is none.
    func line(_ number: Int) -> String {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard number >= 1, number <= lines.count else { return "" }
        let line = lines[number - 1]
        return String(decoding: line.last == 13 ? line.dropLast() : line, as: UTF8.self)
    }
}

/// A place in a text.
package struct SourceMark: Hashable, Sendable {
    /// Counted from 1.
    package let line: Int
    /// Counted from 1, in characters.
    package let column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}

/// What a node takes up in its text.
package struct SourceSpan: Hashable, Sendable {
    package let start: SourceMark
    package let end: SourceMark

    package init(start: SourceMark, end: SourceMark) {
        self.start = start
        self.end = end
    }
}
