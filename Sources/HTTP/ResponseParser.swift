package import Bytes

/// The head of a response.
package struct ResponseHead: Sendable {
    /// How the body is delimited (RFC 9112 §6.3).
    package enum Framing: Equatable, Sendable {
        case none
        case length(Int)
        case chunked
        /// All that comes until the peer closes.
        case untilClose
    }

    /// How many bytes the head took, its empty line included.
    package let byteCount: Int
    package let status: Int
    package let fields: Fields
    package let framing: Framing
    /// Whether the connection may carry another request.
    package let keepsAlive: Bool
}

/// Reads the head of a response (RFC 9112 §4). Pure.
package enum ResponseParser {
    /// The head at the beginning of `bytes`; nil while its end has not come.
    ///
    /// - Parameter isHEAD: whether the request was a HEAD, whose answer has no body.
    package static func parse(
        _ bytes: ByteSlice, isHEAD: Bool, limits: HTTPLimits
    ) throws(ParseError) -> ResponseHead? {
        guard let end = HeadParser.end(of: bytes, from: bytes.startIndex) else {
            guard bytes.count < limits.headBytes else {
                throw ParseError(offset: limits.headBytes, reason: .headTooLarge)
            }
            return nil
        }
        guard end - bytes.startIndex <= limits.headBytes else {
            throw ParseError(offset: limits.headBytes, reason: .headTooLarge)
        }
        let head = bytes[..<end]
        let (text, next) = try HeadParser.firstLine(of: head)
        let (status, isHTTP10) = try statusLine(text)
        let lines = try HeadParser.fields(in: head, at: next, most: limits.fields)
        let fields = Fields(head: head, lines: lines)
        let framing = try framing(fields, status: status, isHEAD: isHEAD)
        let staysOpen =
            isHTTP10
            ? fields.contains("keep-alive", in: "connection")
            : !fields.contains("close", in: "connection")
        return ResponseHead(
            byteCount: head.count, status: status, fields: fields, framing: framing,
            keepsAlive: staysOpen && framing != .untilClose)
    }

    private static func statusLine(
        _ text: ByteSlice
    ) throws(ParseError) -> (status: Int, isHTTP10: Bool) {
        let version = text.prefix(8)
        let isHTTP10 = version.equals("HTTP/1.0")
        let code = text.dropFirst(9).prefix(3)
        let after = text.dropFirst(12).first
        guard isHTTP10 || version.equals("HTTP/1.1"), text.dropFirst(8).first == 0x20,
            code.count == 3, code.allSatisfy(\.isDigit), after == nil || after == 0x20
        else { throw ParseError(offset: 0, reason: .badStatusLine) }
        let status = code.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        guard status >= 100 else { throw ParseError(offset: 9, reason: .badStatusLine) }
        return (status, isHTTP10)
    }

    private static func framing(
        _ fields: Fields, status: Int, isHEAD: Bool
    ) throws(ParseError) -> ResponseHead.Framing {
        if isHEAD || status < 200 || status == 204 || status == 304 { return .none }
        let codings = fields.all("transfer-encoding")
        if let coding = codings.last {
            guard codings.count == 1, coding.equalsIgnoringCase("chunked") else {
                throw ParseError(offset: 0, reason: .unsupportedTransferCoding)
            }
            return .chunked
        }
        guard let length = try BodyLength.parse(fields) else { return .untilClose }
        return .length(length)
    }
}
