internal import Bytes

/// What request and response heads share: where a head ends and how its field lines read.
///
/// Pure: reads nothing, remembers nothing; limits come from the caller.
enum HeadParser {
    /// The index after the empty line that ends a head; nil while it has not come.
    ///
    /// A lone LF ends a line here, so that a head written with them is refused by `line` at once
    /// instead of being waited for.
    ///
    /// - Parameter start: where to look from; what was searched before need not be searched again.
    static func end(of bytes: ByteSlice, from start: Int) -> Int? {
        let origin = bytes.startIndex
        let bytes = bytes.span
        var index = start - origin
        while let newline = bytes.index(of: lineFeed, from: index) {
            let next = newline + 1
            if next < bytes.count, bytes[next] == lineFeed { return origin + next + 1 }
            if next + 1 < bytes.count, bytes[next] == carriageReturn, bytes[next + 1] == lineFeed {
                return origin + next + 2
            }
            index = next
        }
        return nil
    }

    /// The line at `start` without its end, and where the next one begins.
    ///
    /// - Parameter head: the whole head; indices count from its beginning.
    static func line(
        in head: Span<UInt8>, at start: Int
    ) throws(ParseError) -> (text: Range<Int>, next: Int) {
        guard let newline = head.index(of: lineFeed, from: start) else {
            throw ParseError(offset: start, reason: .badRequestLine)
        }
        // RFC 9112 §2.2: a bare LF, or a bare CR, is a line end to some and not to others.
        guard newline > start, head[newline - 1] == carriageReturn else {
            throw ParseError(offset: newline, reason: .bareLineFeed)
        }
        if let bare = head.index(of: carriageReturn, from: start), bare < newline - 1 {
            throw ParseError(offset: bare, reason: .bareCarriageReturn)
        }
        return (start..<(newline - 1), newline + 1)
    }

    /// The first line of `head`, and where the next one begins, counted from `head`'s beginning.
    static func firstLine(of head: ByteSlice) throws(ParseError) -> (text: ByteSlice, next: Int) {
        let (text, next) = try line(in: head.span, at: 0)
        return (head[head.startIndex + text.lowerBound..<head.startIndex + text.upperBound], next)
    }

    /// The field lines of `head` from `start`, counted from its beginning, to its empty line.
    static func fields(
        in head: ByteSlice, at start: Int, most: Int
    ) throws(ParseError) -> [Fields.Line] {
        let origin = UInt32(head.startIndex)
        let head = head.span
        var lines: [Fields.Line] = []
        lines.reserveCapacity(8)
        var index = start
        while true {
            let (text, next) = try line(in: head, at: index)
            if text.isEmpty { return lines }
            guard lines.count < most else {
                throw ParseError(offset: index, reason: .tooManyFields)
            }
            lines.append(try field(text, of: head).moved(by: origin))
            index = next
        }
    }

    /// The field line that stands at `text`, without its end.
    static func field(
        _ text: Range<Int>, of head: Span<UInt8>
    ) throws(ParseError) -> Fields.Line {
        let start = text.lowerBound
        guard !text.isEmpty, !head[start].isBlank else {
            // RFC 9112 §5.2: obs-fold.
            throw ParseError(offset: start, reason: .foldedField)
        }
        guard let colon = head.index(of: UInt8(ascii: ":"), from: start), colon > start,
            colon < text.upperBound
        else { throw ParseError(offset: start, reason: .badFieldName) }
        if head[colon - 1].isBlank {
            // RFC 9112 §5.1: read differently by two servers, this smuggles.
            throw ParseError(offset: colon - 1, reason: .spaceBeforeColon)
        }
        for index in start..<colon where !head[index].isToken {
            throw ParseError(offset: index, reason: .badFieldName)
        }
        var (first, end) = (colon + 1, text.upperBound)
        while first < end, head[first].isBlank { first += 1 }
        while first < end, head[end - 1].isBlank { end -= 1 }
        if !head.isFieldValue(from: first, to: end) {
            let bad = (first..<end).first { !head[$0].isFieldValue }
            throw ParseError(offset: bad ?? first, reason: .badFieldValue)
        }
        return Fields.Line(
            name: UInt32(start)..<UInt32(colon), value: UInt32(first)..<UInt32(end))
    }

    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")
}

extension Span<UInt8> {
    /// Whether all bytes between two places may stand in a field's value. Looks at every one, which a
    /// processor does sixteen at a time.
    func isFieldValue(from start: Int, to end: Int) -> Bool {
        let value = extracting(start..<end)
        var isOne = true
        for index in value.indices { isOne = value[index].isFieldValue && isOne }
        return isOne
    }
}

extension UInt8 {
    /// A blank or a tab: what may stand around a field's value.
    var isBlank: Bool { self == 0x20 || self == 0x09 }

    /// RFC 9110 §5.6.2: a character of a token. Two words of bits: bytes 0–63 and 64–127.
    @inlinable package var isToken: Bool {
        guard self < 128 else { return false }
        let bits: UInt64 = self < 64 ? 0x03FF_6CFA_0000_0000 : 0x57FF_FFFF_C7FF_FFFE
        return bits >> UInt64(self & 63) & 1 == 1
    }

    /// RFC 9110 §5.5: a byte that a field value may hold.
    @inlinable package var isFieldValue: Bool { self >= 0x20 && self != 0x7F || self == 0x09 }
}
