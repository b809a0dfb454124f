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
        bytes.reserveCapacity(
            256 + response.lines.count + (hasBody && !isHEAD ? response.body.count : 0))
        StatusLine.append(response.status, to: &bytes)
        for field in response.fields { FieldLine.append(field.name, field.value, to: &bytes) }
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
            FieldLine.append("Connection", "close", to: &bytes)
        } else if isHTTP10 {
            FieldLine.append("Connection", "keep-alive", to: &bytes)
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

    private static let lineEnd: [UInt8] = Array("\r\n".utf8)
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

    /// The reason phrase as Go's net/http names it, and so Dapr: its `invoke` shows it to people.
    ///
    /// Empty for a status that has none there.
    package static func reason(_ status: Int) -> String {
        switch status {
        case 100: "Continue"
        case 101: "Switching Protocols"
        case 102: "Processing"
        case 103: "Early Hints"
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 203: "Non-Authoritative Information"
        case 204: "No Content"
        case 205: "Reset Content"
        case 206: "Partial Content"
        case 207: "Multi-Status"
        case 208: "Already Reported"
        case 226: "IM Used"
        case 300: "Multiple Choices"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 303: "See Other"
        case 304: "Not Modified"
        case 305: "Use Proxy"
        case 307: "Temporary Redirect"
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 402: "Payment Required"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 407: "Proxy Authentication Required"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 411: "Length Required"
        case 412: "Precondition Failed"
        case 413: "Request Entity Too Large"
        case 414: "Request URI Too Long"
        case 415: "Unsupported Media Type"
        case 416: "Requested Range Not Satisfiable"
        case 417: "Expectation Failed"
        case 418: "I'm a teapot"
        case 421: "Misdirected Request"
        case 422: "Unprocessable Entity"
        case 423: "Locked"
        case 424: "Failed Dependency"
        case 425: "Too Early"
        case 426: "Upgrade Required"
        case 428: "Precondition Required"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 451: "Unavailable For Legal Reasons"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        case 506: "Variant Also Negotiates"
        case 507: "Insufficient Storage"
        case 508: "Loop Detected"
        case 510: "Not Extended"
        case 511: "Network Authentication Required"
        default: ""
        }
    }
}
