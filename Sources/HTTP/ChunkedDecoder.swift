package import Bytes

/// Undoes the chunked transfer coding (RFC 9112 §7.1), step by step over whatever has arrived.
///
/// Pure: takes bytes from the front of the buffer it is handed, and asks for more by returning
/// `needsMore`. Line ends are CRLF only: a lone LF in a chunk line is how requests are smuggled.
package struct ChunkedDecoder {
    package enum Step: Equatable {
        case data(ByteSlice)
        case needsMore
        case end
    }

    private enum State {
        case size
        case data(Int)
        case dataEnd, trailer, done
    }

    private var state = State.size
    private var trailerBytes = 0
    private let limits: HTTPLimits

    package init(limits: HTTPLimits) { self.limits = limits }

    /// The next piece of the body, taken from the front of `buffer`.
    package mutating func next(from buffer: inout ByteSlice) throws(ParseError) -> Step {
        while true {
            switch state {
            case .size:
                guard let line = try takeLine(&buffer, .badChunkSize) else { return .needsMore }
                let size = try chunkSize(line)
                state = size == 0 ? .trailer : .data(size)
            case .data(let left):
                guard !buffer.isEmpty else { return .needsMore }
                let piece = buffer.prefix(left)
                buffer = buffer.dropFirst(piece.count)
                state = piece.count == left ? .dataEnd : .data(left - piece.count)
                return .data(piece)
            case .dataEnd:
                guard buffer.count >= 2 else {
                    guard buffer.first ?? 13 == 13 else { throw refused(.badChunkEnd) }
                    return .needsMore
                }
                guard buffer.prefix(2).equals("\r\n") else { throw refused(.badChunkEnd) }
                buffer = buffer.dropFirst(2)
                state = .size
            case .trailer:
                guard let line = try takeLine(&buffer, .badTrailer) else { return .needsMore }
                trailerBytes += line.count
                guard trailerBytes <= limits.headBytes else { throw refused(.headTooLarge) }
                if line.isEmpty { state = .done } else { try checkTrailer(line) }
            case .done:
                return .end
            }
        }
    }

    private func takeLine(
        _ buffer: inout ByteSlice, _ reason: ParseError.Reason
    ) throws(ParseError) -> ByteSlice? {
        guard let end = buffer.firstIndex(of: UInt8(ascii: "\n")) else {
            guard buffer.count <= limits.chunkLineBytes else { throw refused(.chunkLineTooLong) }
            return nil
        }
        guard end > buffer.startIndex, buffer[end - 1] == UInt8(ascii: "\r") else {
            throw refused(reason)
        }
        let line = buffer[..<(end - 1)]
        guard line.count <= limits.chunkLineBytes else { throw refused(.chunkLineTooLong) }
        guard line.allSatisfy({ $0.isFieldValue }) else { throw refused(reason) }
        buffer = buffer[(end + 1)...]
        return line
    }

    private func chunkSize(_ line: ByteSlice) throws(ParseError) -> Int {
        let digits = line.prefix(while: { $0.hexValue != nil })
        // Fifteen digits cannot overflow. An extension is skipped; anything else is refused, a
        // blank before it included.
        guard !digits.isEmpty, digits.count <= 15,
            digits.endIndex == line.endIndex || line[digits.endIndex] == UInt8(ascii: ";")
        else { throw refused(.badChunkSize) }
        return digits.reduce(0) { $0 << 4 | Int($1.hexValue ?? 0) }
    }

    /// Trailers are dropped, but not whatever stands in their place: a request, say.
    private func checkTrailer(_ line: ByteSlice) throws(ParseError) {
        do throws(ParseError) {
            _ = try HeadParser.field(0..<line.count, of: line.span)
        } catch {
            throw refused(.badTrailer)
        }
    }

    private func refused(_ reason: ParseError.Reason) -> ParseError {
        ParseError(offset: 0, reason: reason)
    }
}
