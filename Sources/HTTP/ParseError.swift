/// Why bytes are not an HTTP message, where, and what the peer is told.
package struct ParseError: Error, Equatable {
    /// Offset from the first byte of the message.
    package let offset: Int
    package let reason: Reason

    package enum Reason: Equatable, Sendable {
        case badRequestLine
        case badMethod
        case badTarget
        case badEscape
        case unsupportedVersion
        case badFieldName
        case spaceBeforeColon
        case foldedField
        case badFieldValue
        case bareCarriageReturn
        case bareLineFeed
        case tooManyFields
        case headTooLarge
        case missingHost
        case severalHosts
        case badContentLength
        case conflictingContentLengths
        case lengthAndTransferCoding
        case unsupportedTransferCoding
        case transferCodingInHTTP10
        case unknownExpectation
        case badChunkSize
        case chunkLineTooLong
        case badChunkEnd
        case badTrailer
        case badStatusLine
    }

    /// The status that answers it.
    package var status: Int {
        switch reason {
        case .headTooLarge, .tooManyFields: 431
        case .unsupportedTransferCoding: 501
        case .unsupportedVersion: 505
        case .unknownExpectation: 417
        default: 400
        }
    }

    /// What the peer reads after the status.
    package var explanation: String {
        switch reason {
        case .badRequestLine: "malformed request line"
        case .badMethod: "malformed method"
        case .badTarget: "malformed request target"
        case .badEscape: "malformed percent escape in the path"
        case .unsupportedVersion: "only HTTP/1.0 and HTTP/1.1 are spoken here"
        case .badFieldName: "malformed header name"
        case .spaceBeforeColon: "white space before the colon of a header"
        case .foldedField: "folded header line"
        case .badFieldValue: "control character in a header value"
        case .bareCarriageReturn: "carriage return without line feed"
        case .bareLineFeed: "line feed without carriage return"
        case .tooManyFields: "too many header fields"
        case .headTooLarge: "header fields too large"
        case .missingHost: "missing required Host header"
        case .severalHosts: "several Host headers"
        case .badContentLength: "malformed Content-Length"
        case .conflictingContentLengths: "conflicting Content-Length headers"
        case .lengthAndTransferCoding: "both Content-Length and Transfer-Encoding"
        case .unsupportedTransferCoding: "unsupported transfer encoding"
        case .transferCodingInHTTP10: "Transfer-Encoding in HTTP/1.0"
        case .unknownExpectation: "unknown expectation"
        case .badChunkSize: "malformed chunk size"
        case .chunkLineTooLong: "chunk size line too long"
        case .badChunkEnd: "malformed end of chunk"
        case .badTrailer: "malformed trailer"
        case .badStatusLine: "malformed status line"
        }
    }
}
