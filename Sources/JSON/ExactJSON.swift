package import Bytes

/// JSON as Go writes a map whose numbers it has kept as text: members sorted, `<`, `>` and `&`
/// escaped, numbers as they were. What CloudEvent envelopes are made of.
package enum ExactJSON {
    /// `bytes` written anew; nil when they are not one whole JSON value.
    package static func rewritten(_ bytes: ByteSlice) -> [UInt8]? {
        guard let scanned = try? JSONScanner.wholeValue(of: bytes, maxDepth: 10_000) else {
            return nil
        }
        return ValueRewriter.rewrite(JSONReader(scanned: bytes[scanned.range]), as: .goExact)
    }

    /// The value in `bytes`, looked at without making a tree of it; nil when there is no whole one.
    package static func reader(_ bytes: ByteSlice) -> JSONReader? {
        guard let scanned = try? JSONScanner.wholeValue(of: bytes, maxDepth: 10_000) else {
            return nil
        }
        return JSONReader(scanned: bytes[scanned.range])
    }

    /// A value that was scanned already, written anew.
    package static func rewritten(_ value: JSONReader) -> [UInt8] {
        ValueRewriter.rewrite(value, as: .goExact)
    }

    /// A text in quotes with the same escapes.
    package static func string(_ text: String) -> [UInt8] {
        var writer = JSONWriter(reserving: text.utf8.count + 2)
        writer.string(text)
        return writer.bytes
    }

    /// The same of bytes; what is not UTF-8 becomes U+FFFD.
    package static func string(_ text: ByteSlice) -> [UInt8] {
        var writer = JSONWriter(reserving: text.count + 2)
        writer.string(text)
        return writer.bytes
    }
}
