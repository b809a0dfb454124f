package import Bytes

/// A value as Dapr's stores re-serialise it: they keep the decoded value, not the bytes.
package enum DaprValues {
    package enum Encoder: Sendable {
        /// Go's `encoding/json`: sorted members, HTML escapes, float64 numbers.
        case goJSON
        /// jsoniter's fastest configuration: no HTML escapes, floats of modest size rounded to six
        /// decimals. Its member order is random; ours is the one that was sent.
        case jsoniterFastest
    }

    /// - Parameter value: one value; bytes that are none come back as they are.
    package static func reserialise(_ value: ByteSlice, as encoder: Encoder) -> [UInt8] {
        guard let scanned = try? JSONScanner.wholeValue(of: value) else { return Array(value) }
        return ValueRewriter.rewrite(
            JSONReader(scanned: value[scanned.range]),
            as: encoder == .goJSON ? .goJSON : .jsoniterFastest)
    }
}
