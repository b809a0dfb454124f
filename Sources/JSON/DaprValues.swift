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
        var bytes: [UInt8] = []
        append(JSONReader(scanned: value[scanned.range]), to: &bytes, encoder)
        return bytes
    }

    private static func append(
        _ value: JSONReader, to bytes: inout [UInt8], _ encoder: Encoder
    ) {
        switch value.kind {
        case .null, .bool: bytes.append(contentsOf: value.bytes)
        case .number: bytes.append(contentsOf: number(value, encoder).utf8)
        case .string: append(string: value.string, to: &bytes, encoder)
        case .array: append(array: value, to: &bytes, encoder)
        case .object: append(object: value, to: &bytes, encoder)
        }
    }

    private static func append(
        array: JSONReader, to bytes: inout [UInt8], _ encoder: Encoder
    ) {
        bytes.append(UInt8(ascii: "["))
        var isFirst = true
        array.forEachElement { element in
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            append(element, to: &bytes, encoder)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    private static func append(
        object: JSONReader, to bytes: inout [UInt8], _ encoder: Encoder
    ) {
        bytes.append(UInt8(ascii: "{"))
        for (index, member) in members(of: object, encoder).enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            append(string: member.name, to: &bytes, encoder)
            bytes.append(UInt8(ascii: ":"))
            append(member.value, to: &bytes, encoder)
        }
        bytes.append(UInt8(ascii: "}"))
    }

    /// The members; of several with one name the last.
    private static func members(
        of object: JSONReader, _ encoder: Encoder
    ) -> [(name: ByteSlice, value: JSONReader)] {
        var members: [(name: ByteSlice, value: JSONReader)] = []
        var places: [ByteSlice: Int] = [:]
        object.forEachMember { name, value in
            if let place = places[name] {
                members[place].value = value
            } else {
                places[name] = members.count
                members.append((name, value))
            }
        }
        guard encoder == .goJSON else { return members }
        return members.sorted { $0.name.lexicographicallyPrecedes($1.name) }
    }

    private static func append(
        string: ByteSlice, to bytes: inout [UInt8], _ encoder: Encoder
    ) {
        var writer = JSONWriter(
            reserving: string.count + 2, escapesHTML: encoder == .goJSON,
            hasShortEscapes: encoder == .goJSON)
        writer.string(string)
        bytes.append(contentsOf: writer.bytes)
    }

    private static func number(_ value: JSONReader, _ encoder: Encoder) -> String {
        let number = Double(String(text: value.bytes)) ?? 0
        // jsoniter rounds what fits its fast path (0x4ffffff) to six decimals.
        guard encoder == .jsoniterFastest, abs(number) <= 83_886_079 else {
            return GoFloat.json(number)
        }
        // Its sign is a test for less than zero, which -0 does not pass and -1e-9 does.
        let rounded = (abs(number) * 1_000_000 + 0.5).rounded(.down) / 1_000_000
        return (number < 0 ? "-" : "") + GoFloat.json(rounded)
    }
}
