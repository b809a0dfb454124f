package import Bytes

/// The head of a request that is being written. Pure.
package struct RequestWriter {
    private var bytes: [UInt8] = []

    package init(method: String, target: ByteSlice, host: String) {
        bytes.reserveCapacity(512 + target.count)
        bytes.append(contentsOf: method.utf8)
        bytes.append(0x20)
        bytes.append(contentsOf: target)
        bytes.append(contentsOf: " HTTP/1.1\r\nHost: ".utf8)
        bytes.append(contentsOf: host.utf8)
        bytes.append(contentsOf: Self.lineEnd)
    }

    /// Adds a field as it came. A control character in a value becomes a blank: a value must not
    /// begin a line of its own.
    package mutating func add(_ name: ByteSlice, _ value: ByteSlice) {
        FieldLine.append(name, value, to: &bytes)
    }

    package mutating func add(_ name: String, _ value: some StringProtocol) {
        FieldLine.append(name, value, to: &bytes)
    }

    /// The head with a body of known length, in one buffer.
    package consuming func finished(with body: ByteSlice, framing: Framing) -> [UInt8] {
        switch framing {
        case .none: break
        case .length: add("Content-Length", String(body.count))
        case .chunked: return finished(streaming: nil) + Serializer.chunk(body)
        }
        bytes.append(contentsOf: Self.lineEnd)
        bytes.append(contentsOf: body)
        return bytes
    }

    /// How the end of a body that is there whole is told.
    package enum Framing {
        /// There is none.
        case none
        case length
        /// As one chunk; for an empty body the last one alone.
        case chunked
    }

    /// The head before a body that comes in pieces; chunked when its length is not known.
    package consuming func finished(streaming length: Int?) -> [UInt8] {
        if let length {
            add("Content-Length", String(length))
        } else {
            add("Transfer-Encoding", "chunked")
        }
        bytes.append(contentsOf: Self.lineEnd)
        return bytes
    }

    private static let lineEnd: [UInt8] = [0x0D, 0x0A]
}

/// One field line.
package enum FieldLine {
    package static func append(_ name: ByteSlice, _ value: ByteSlice, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: name)
        bytes.append(contentsOf: separator)
        append(value: value, to: &bytes)
    }

    package static func append(
        _ name: String, _ value: some StringProtocol, to bytes: inout [UInt8]
    ) {
        bytes.append(contentsOf: name.utf8)
        bytes.append(contentsOf: separator)
        append(value: value.utf8, to: &bytes)
    }

    private static func append(value: some Sequence<UInt8>, to bytes: inout [UInt8]) {
        let start = bytes.count
        bytes.append(contentsOf: value)
        if !bytes.span.isFieldValue(from: start, to: bytes.count) {
            for index in start..<bytes.count where !bytes[index].isFieldValue {
                bytes[index] = 0x20
            }
        }
        bytes.append(contentsOf: lineEnd)
    }

    private static let separator: [UInt8] = [0x3A, 0x20]
    private static let lineEnd: [UInt8] = [0x0D, 0x0A]
}
