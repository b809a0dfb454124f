package import Bytes

/// Turns messages into bytes. Pure.
package enum Serializer {
    /// The whole answer in one buffer, so that it leaves in one system call.
    ///
    /// - Parameters:
    ///   - date: the value of the `Date` field.
    ///   - isHEAD: the body is left out, its length told.
    package static func serialize(
        _ response: Response, date: [UInt8], isHEAD: Bool, keepsAlive: Bool, isHTTP10: Bool
    ) -> [UInt8] {
        let hasBody = StatusLine.allowsBody(response.status)
        let isStream = response.stream != nil
        let isChunked = (isStream || response.isChunked) && !isHTTP10
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256 + (hasBody && !isHEAD ? response.body.count : 0))
        StatusLine.append(response.status, to: &bytes)
        for field in response.fields { append(field.name, field.value, to: &bytes) }
        bytes.append(contentsOf: response.lines)
        if !response.hasDate {
            bytes.append(contentsOf: datePrefix)
            bytes.append(contentsOf: date)
            bytes.append(contentsOf: lineEnd)
        }
        if hasBody, isChunked {
            bytes.append(contentsOf: chunkedLine)
        } else if hasBody, !isStream {
            // A streamed body's end is the connection's for an HTTP/1.0 peer (RFC 9112 §6.3).
            bytes.append(contentsOf: lengthPrefix)
            bytes.append(decimal: response.body.count)
            bytes.append(contentsOf: lineEnd)
        }
        if !keepsAlive {
            append("Connection", "close", to: &bytes)
        } else if isHTTP10 {
            append("Connection", "keep-alive", to: &bytes)
        }
        bytes.append(contentsOf: lineEnd)
        guard hasBody, !isHEAD, !isStream else { return bytes }
        if isChunked {
            appendChunk(response.body, to: &bytes)
            if !response.body.isEmpty { appendChunk([], to: &bytes) }
        } else {
            bytes.append(contentsOf: response.body)
        }
        return bytes
    }

    /// One chunk (RFC 9112 §7.1); an empty one is the last.
    package static func chunk(_ piece: ByteSlice) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(piece.count + 24)
        appendChunk(piece, to: &bytes)
        return bytes
    }

    private static func appendChunk(_ piece: ByteSlice, to bytes: inout [UInt8]) {
        appendHexadecimal(piece.count, to: &bytes)
        bytes.append(contentsOf: lineEnd)
        bytes.append(contentsOf: piece)
        bytes.append(contentsOf: lineEnd)
    }

    private static func appendHexadecimal(_ number: Int, to bytes: inout [UInt8]) {
        var shift = max(0, (Int.bitWidth - 1 - number.leadingZeroBitCount) / 4 * 4)
        while shift >= 0 {
            let digit = UInt8(number >> shift & 15)
            bytes.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
            shift -= 4
        }
    }

    /// A request with a body of known length.
    package static func serialize(
        method: String, target: ByteSlice, host: String, fields: [Response.Field],
        body: ByteSlice
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256 + body.count)
        bytes.append(contentsOf: method.utf8)
        bytes.append(0x20)
        bytes.append(contentsOf: target)
        bytes.append(contentsOf: " HTTP/1.1\r\n".utf8)
        append("Host", host, to: &bytes)
        for field in fields { append(field.name, field.value, to: &bytes) }
        if !body.isEmpty || !["GET", "HEAD", "DELETE", "OPTIONS", "TRACE"].contains(method) {
            append("Content-Length", String(body.count), to: &bytes)
        }
        bytes.append(contentsOf: lineEnd)
        bytes.append(contentsOf: body)
        return bytes
    }

    /// Appends a field line. A control character in a value becomes a blank: a value that came from
    /// outside must not begin a line of its own.
    private static func append(_ name: String, _ value: String, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: name.utf8)
        bytes.append(contentsOf: separator)
        let start = bytes.count
        bytes.append(contentsOf: value.utf8)
        for index in start..<bytes.count where !bytes[index].isFieldValue { bytes[index] = 0x20 }
        bytes.append(contentsOf: lineEnd)
    }

    private static let lineEnd: [UInt8] = Array("\r\n".utf8)
    private static let separator: [UInt8] = Array(": ".utf8)
    private static let datePrefix: [UInt8] = Array("Date: ".utf8)
    private static let chunkedLine: [UInt8] = Array("Transfer-Encoding: chunked\r\n".utf8)
    private static let lengthPrefix: [UInt8] = Array("Content-Length: ".utf8)
}

/// Status lines and what a status says about its body.
package enum StatusLine {
    /// RFC 9110 §6.4.1: none after 1xx, 204 and 304.
    package static func allowsBody(_ status: Int) -> Bool {
        status >= 200 && status != 204 && status != 304
    }

    static func append(_ status: Int, to bytes: inout [UInt8]) {
        switch status {
        case 200: bytes.append(contentsOf: ok)
        case 204: bytes.append(contentsOf: noContent)
        default: bytes.append(contentsOf: "HTTP/1.1 \(status) \(reason(status))\r\n".utf8)
        }
    }

    private static let ok: [UInt8] = Array("HTTP/1.1 200 OK\r\n".utf8)
    private static let noContent: [UInt8] = Array("HTTP/1.1 204 No Content\r\n".utf8)

    /// The reason phrase of RFC 9110 §15, empty for a status it does not name.
    package static func reason(_ status: Int) -> String {
        switch status {
        case 100: "Continue"
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 304: "Not Modified"
        case 307: "Temporary Redirect"
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 417: "Expectation Failed"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: ""
        }
    }
}
