package import Bytes

/// Reads the head of a request (RFC 9112), strictly where leniency would let a second request be
/// smuggled. Pure: no I/O, no memory of earlier calls; limits come from the caller.
package enum RequestParser {
    /// The head at the beginning of `bytes`; nil while its end has not come.
    ///
    /// - Parameter searched: an index up to which an earlier call found no end.
    package static func parse(
        _ bytes: ByteSlice, searched: Int? = nil, limits: HTTPLimits
    ) throws(ParseError) -> RequestHead? {
        // A byte that cannot begin a request (a TLS handshake, say) is refused at once.
        if let first = bytes.first, !first.isToken {
            throw ParseError(offset: 0, reason: .badMethod)
        }
        let from = max(bytes.startIndex, (searched ?? bytes.startIndex) - 3)
        guard let end = HeadParser.end(of: bytes, from: from) else {
            guard bytes.count < limits.headBytes else {
                throw ParseError(offset: limits.headBytes, reason: .headTooLarge)
            }
            return nil
        }
        guard end - bytes.startIndex <= limits.headBytes else {
            throw ParseError(offset: limits.headBytes, reason: .headTooLarge)
        }
        return try head(bytes[..<end], limits: limits)
    }

    private static func head(
        _ bytes: ByteSlice, limits: HTTPLimits
    ) throws(ParseError) -> RequestHead {
        let (text, next) = try HeadParser.firstLine(of: bytes)
        let line = try requestLine(text)
        let lines = try HeadParser.fields(in: bytes, at: next, most: limits.fields)
        let fields = Fields(head: bytes, lines: lines)
        try checkHost(fields, isHTTP10: line.isHTTP10)
        let (path, query) = try split(line.target)
        return RequestHead(
            bytes: bytes, method: line.method, path: path, query: query, fields: fields,
            framing: try framing(fields, isHTTP10: line.isHTTP10),
            keepsAlive: keepsAlive(fields, isHTTP10: line.isHTTP10),
            expectsContinue: try expectsContinue(fields, isHTTP10: line.isHTTP10),
            isHTTP10: line.isHTTP10)
    }

    // MARK: Request line, RFC 9112 §3

    private struct RequestLine {
        let method: ByteSlice
        let target: ByteSlice
        let isHTTP10: Bool
    }

    private static func requestLine(_ text: ByteSlice) throws(ParseError) -> RequestLine {
        func refused(_ index: Int, _ reason: ParseError.Reason) -> ParseError {
            ParseError(offset: index - text.startIndex, reason: reason)
        }
        guard let first = text.firstIndex(of: 0x20), let last = text.lastIndex(of: 0x20),
            first < last
        else { throw refused(text.startIndex, .badRequestLine) }
        let (method, target) = (text[..<first], text[(first + 1)..<last])
        if let bad = method.firstIndex(where: { !$0.isToken }) { throw refused(bad, .badMethod) }
        if let bad = target.firstIndex(where: { $0 <= 0x20 || $0 == 0x7F }) {
            throw refused(bad, .badTarget)
        }
        guard !target.isEmpty else { throw refused(first + 1, .badTarget) }
        let version = text[(last + 1)...]
        let isHTTP10 = version.equals("HTTP/1.0")
        guard isHTTP10 || version.equals("HTTP/1.1") else {
            throw refused(last + 1, isVersion(version) ? .unsupportedVersion : .badRequestLine)
        }
        return RequestLine(method: method, target: target, isHTTP10: isHTTP10)
    }

    private static func isVersion(_ text: ByteSlice) -> Bool {
        text.count == 8 && text.prefix(5).equals("HTTP/")
            && text[text.startIndex + 5].isDigit && text[text.startIndex + 6] == UInt8(ascii: ".")
            && text[text.startIndex + 7].isDigit
    }

    /// Path and query of a target in origin, absolute or asterisk form (RFC 9112 §3.2).
    private static func split(
        _ target: ByteSlice
    ) throws(ParseError) -> (path: ByteSlice, query: ByteSlice?) {
        let local = try localPart(of: target)
        let mark = local.firstIndex(of: UInt8(ascii: "?"))
        // RFC 9110 §4.2.3: an absolute form without a path means the root.
        let written = local[..<(mark ?? local.endIndex)]
        let path = written.isEmpty ? [UInt8(ascii: "/")] : written
        guard Percent.isWellFormed(path) else { throw ParseError(offset: 0, reason: .badEscape) }
        return (path, mark.map { local[($0 + 1)...] })
    }

    private static func localPart(of target: ByteSlice) throws(ParseError) -> ByteSlice {
        if target.first == UInt8(ascii: "/") || target.equals("*") { return target }
        let scheme = target.prefix(while: { $0 != UInt8(ascii: ":") })
        let rest = target[scheme.endIndex...]
        guard scheme.equalsIgnoringCase("http") || scheme.equalsIgnoringCase("https"),
            rest.prefix(3).equals("://")
        else { throw ParseError(offset: 0, reason: .badTarget) }
        let authority = rest.dropFirst(3)
        let end = authority.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }
        guard let end else { return [UInt8(ascii: "/")] }
        return authority[end...]
    }

    // MARK: Fields that the server itself obeys

    private static func checkHost(_ fields: Fields, isHTTP10: Bool) throws(ParseError) {
        // RFC 9112 §3.2: exactly one, and needed in HTTP/1.1.
        let hosts = fields.count(of: "host")
        if hosts > 1 { throw ParseError(offset: 0, reason: .severalHosts) }
        if hosts == 0, !isHTTP10 { throw ParseError(offset: 0, reason: .missingHost) }
    }

    private static func framing(
        _ fields: Fields, isHTTP10: Bool
    ) throws(ParseError) -> RequestHead.Framing {
        let length = try BodyLength.parse(fields)
        let codings = fields.all("transfer-encoding")
        guard !codings.isEmpty else { return length.map { .length($0) } ?? .none }
        // RFC 9112 §6.1 and §6.3 let a server refuse all three, and smuggling needs one of them.
        if length != nil { throw ParseError(offset: 0, reason: .lengthAndTransferCoding) }
        if isHTTP10 { throw ParseError(offset: 0, reason: .transferCodingInHTTP10) }
        guard codings.count == 1, codings[0].equalsIgnoringCase("chunked") else {
            throw ParseError(offset: 0, reason: .unsupportedTransferCoding)
        }
        return .chunked
    }

    private static func keepsAlive(_ fields: Fields, isHTTP10: Bool) -> Bool {
        guard fields["connection"] != nil else { return !isHTTP10 }
        if fields.contains("close", in: "connection") { return false }
        return !isHTTP10 || fields.contains("keep-alive", in: "connection")
    }

    private static func expectsContinue(
        _ fields: Fields, isHTTP10: Bool
    ) throws(ParseError) -> Bool {
        guard let expectation = fields["expect"] else { return false }
        guard expectation.equalsIgnoringCase("100-continue") else {
            throw ParseError(offset: 0, reason: .unknownExpectation)
        }
        return !isHTTP10
    }
}

/// Content-Length (RFC 9112 §6.3): digits only; repeated only with the same value.
enum BodyLength {
    static func parse(_ fields: Fields) throws(ParseError) -> Int? {
        guard let value = fields["content-length"] else { return nil }
        guard let length = decimal(value) else {
            throw ParseError(offset: 0, reason: .badContentLength)
        }
        guard fields.count(of: "content-length") > 1 else { return length }
        for other in fields.all("content-length") {
            guard let number = decimal(other) else {
                throw ParseError(offset: 0, reason: .badContentLength)
            }
            guard number == length else {
                throw ParseError(offset: 0, reason: .conflictingContentLengths)
            }
        }
        return length
    }

    private static func decimal(_ digits: ByteSlice) -> Int? {
        guard !digits.isEmpty else { return nil }
        var number = 0
        for digit in digits {
            guard digit.isDigit else { return nil }
            let (tens, tooLong) = number.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = tens.addingReportingOverflow(Int(digit - 0x30))
            guard !tooLong, !overflow else { return nil }
            number = sum
        }
        return number
    }
}
