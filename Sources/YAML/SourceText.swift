/// A text with a name, in which positions can be shown: the way from what a parser or a person
/// counts in (bytes, characters) to line and column.
package struct SourceText: Sendable {
    /// The file's name as people are to see it.
    package let name: String
    package let bytes: [UInt8]
    private let index: LineIndex

    package init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
        index = LineIndex(bytes)
    }

    package init(name: String, text: String) {
        self.init(name: name, bytes: Array(text.utf8))
    }

    /// The line `number`, counted from 1, without its end; empty when there is none. Bytes that are
    /// no UTF-8 are shown as U+FFFD.
    package func line(_ number: Int) -> String {
        guard index.lines.indices.contains(number - 1) else { return "" }
        let start = index.lines[number - 1].byte
        let rest = bytes[start...].prefix { $0 != 0x0A && $0 != 0x0D }
        return String(decoding: rest, as: UTF8.self)
    }

    /// The place of a byte.
    package func mark(byte: Int) -> SourceMark {
        let offset = min(max(byte, index.lines[0].byte), bytes.count)
        let line = index.line { $0.byte <= offset }
        let before = bytes[index.lines[line].byte..<offset]
        let column = before.reduce(1) { $0 + ($1.isContinuation ? 0 : 1) }
        return SourceMark(line: line + 1, column: column, offset: offset)
    }

    /// The place of a character, which is what libyaml counts.
    func mark(character: Int) -> SourceMark {
        let line = index.line { $0.character <= character }
        return SourceMark(
            line: line + 1, column: character - index.lines[line].character + 1,
            offset: index.byte(ofCharacter: character, in: bytes))
    }

    /// Where a line begins; `number` counts from 0.
    func lineStart(_ number: Int) -> LineIndex.Start { index.lines[number] }

    var lineCount: Int { index.lines.count }
}
