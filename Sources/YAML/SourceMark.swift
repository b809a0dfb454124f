/// A place in a text.
package struct SourceMark: Hashable, Sendable {
    /// Counted from 1.
    package let line: Int
    /// Counted from 1, in characters (Unicode scalars).
    package let column: Int
    /// Bytes before it in the file.
    package let offset: Int

    package init(line: Int, column: Int, offset: Int) {
        self.line = line
        self.column = column
        self.offset = offset
    }
}

/// What a node takes up in its text.
package struct SourceSpan: Hashable, Sendable {
    package let start: SourceMark
    /// The first place after it.
    package let end: SourceMark

    package init(start: SourceMark, end: SourceMark) {
        self.start = start
        self.end = end
    }

    /// One place, nothing long.
    package init(at mark: SourceMark) {
        self.init(start: mark, end: mark)
    }
}
