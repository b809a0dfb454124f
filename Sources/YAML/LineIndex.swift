/// Where the lines of a text begin, in bytes and in characters. libyaml's own line numbers are not
/// used: it also ends lines at U+0085, U+2028 and U+2029, which no editor counts.
struct LineIndex: Sendable {
    struct Start: Sendable {
        let byte: Int
        let character: Int
    }

    static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
    private static let stride = 64

    /// Never empty. The first line begins after the byte order mark, where there is one.
    private(set) var lines: [Start]
    /// The byte offset of every 64th character, so that a lookup walks over 63 at most.
    private var checkpoints: [Int] = []

    init(_ bytes: [UInt8]) {
        let hasMark = bytes.starts(with: Self.byteOrderMark)
        lines = [hasMark ? Start(byte: 3, character: 1) : Start(byte: 0, character: 0)]
        var character = 0
        for (offset, byte) in bytes.enumerated() where !byte.isContinuation {
            if character % Self.stride == 0 { checkpoints.append(offset) }
            character += 1
            let isReturn = byte == 0x0D && !bytes[(offset + 1)...].starts(with: [0x0A])
            guard byte == 0x0A || isReturn else { continue }
            lines.append(Start(byte: offset + 1, character: character))
        }
    }

    /// The last line (counted from 0) whose start is not past the place; the first if none is.
    func line(where isReached: (Start) -> Bool) -> Int {
        var (low, high) = (0, lines.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if isReached(lines[middle]) { low = middle } else { high = middle }
        }
        return low
    }

    func byte(ofCharacter character: Int, in bytes: [UInt8]) -> Int {
        let checkpoint = character / Self.stride
        guard checkpoint < checkpoints.count else { return bytes.count }
        var offset = checkpoints[checkpoint]
        for _ in 0..<(character % Self.stride) where offset < bytes.count {
            offset += 1
            while offset < bytes.count, bytes[offset].isContinuation { offset += 1 }
        }
        return offset
    }
}

extension UInt8 {
    /// Whether it goes on with a character that an earlier byte began in UTF-8.
    var isContinuation: Bool { self & 0xC0 == 0x80 }
}
