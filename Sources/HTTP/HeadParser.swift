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
        var index = start
        while let newline = bytes[index...].index(of: lineFeed) {
            let next = newline + 1
            if next < bytes.endIndex, bytes[next] == lineFeed { return next + 1 }
            if next + 1 < bytes.endIndex, bytes[next] == carriageReturn,
                bytes[next + 1] == lineFeed
            {
                return next + 2
            }
            index = next
        }
        return nil
    }

    /// The index of the line feed that ends the line at `start`, and the line without its end.
    static func line(
        in head: ByteSlice, at start: Int
    ) throws(ParseError) -> (text: ByteSlice, next: Int) {
        guard let newline = head[start...].index(of: lineFeed) else {
            throw ParseError(offset: start - head.startIndex, reason: .badRequestLine)
        }
        // RFC 9112 §2.2: a bare LF, or a bare CR, is a line end to some and not to others.
        guard newline > start, head[newline - 1] == carriageReturn else {
            throw ParseError(offset: newline - head.startIndex, reason: .bareLineFeed)
        }
        let text = head[start..<(newline - 1)]
        if let bare = text.index(of: carriageReturn) {
            throw ParseError(offset: bare - head.startIndex, reason: .bareCarriageReturn)
        }
        return (text, newline + 1)
    }

    /// The field lines of `head` from `start` to its empty line.
    static func fields(
        in head: ByteSlice, at start: Int, most: Int
    ) throws(ParseError) -> [Fields.Line] {
        var lines: [Fields.Line] = []
        lines.reserveCapacity(8)
        var index = start
        while true {
            let (text, next) = try line(in: head, at: index)
            if text.isEmpty { return lines }
            guard lines.count < most else {
                throw ParseError(offset: index - head.startIndex, reason: .tooManyFields)
            }
            lines.append(try field(text, origin: head.startIndex))
            index = next
        }
    }

    /// One field line, without its end.
    ///
    /// - Parameter origin: the index from which an error's offset is counted.
    static func field(
        _ text: ByteSlice, origin: Int
    ) throws(ParseError) -> Fields.Line {
        func refused(_ index: Int, _ reason: ParseError.Reason) -> ParseError {
            ParseError(offset: index - origin, reason: reason)
        }
        guard let first = text.first, first != 0x20, first != 0x09 else {
            // RFC 9112 §5.2: obs-fold.
            throw refused(text.startIndex, .foldedField)
        }
        guard let colon = text.index(of: UInt8(ascii: ":")), colon > text.startIndex else {
            throw refused(text.startIndex, .badFieldName)
        }
        if text[colon - 1] == 0x20 || text[colon - 1] == 0x09 {
            // RFC 9112 §5.1: read differently by two servers, this smuggles.
            throw refused(colon - 1, .spaceBeforeColon)
        }
        if let bad = text[..<colon].firstIndex(where: { !$0.isToken }) {
            throw refused(bad, .badFieldName)
        }
        let value = Fields.trimmed(text[(colon + 1)...])
        if let bad = value.firstIndex(where: { !$0.isFieldValue }) {
            throw refused(bad, .badFieldValue)
        }
        return Fields.Line(
            name: UInt32(text.startIndex)..<UInt32(colon),
            value: UInt32(value.startIndex)..<UInt32(value.endIndex))
    }

    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")
}

extension UInt8 {
    /// RFC 9110 §5.6.2: a character of a token. Two words of bits: bytes 0–63 and 64–127.
    @inlinable package var isToken: Bool {
        guard self < 128 else { return false }
        let bits: UInt64 = self < 64 ? 0x03FF_6CFA_0000_0000 : 0x57FF_FFFF_C7FF_FFFE
        return bits >> UInt64(self & 63) & 1 == 1
    }

    /// RFC 9110 §5.5: a byte that a field value may hold.
    @inlinable package var isFieldValue: Bool { self >= 0x20 && self != 0x7F || self == 0x09 }
}
