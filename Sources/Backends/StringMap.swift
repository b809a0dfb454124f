package import Bytes
internal import JSON

/// A map of texts as a JSON object, the form in which brokers keep a message's metadata. Pure.
package enum StringMap {
    /// Members by name, as Go writes a map.
    package static func json(_ map: Metadata) -> [UInt8] {
        guard !map.isEmpty else { return Array("{}".utf8) }
        var writer = JSONWriter()
        writer.beginObject()
        for (name, value) in map.sorted(by: { $0.key < $1.key }) { writer.member(name, value) }
        writer.endObject()
        return writer.bytes
    }

    /// What is no object, or no text in one, is left out.
    package static func parse(_ bytes: ByteSlice) -> Metadata {
        guard bytes.count > 2, let members = (try? JSONValue.parse(bytes))?.object else {
            return [:]
        }
        var map: Metadata = [:]
        for member in members { map[member.name] = member.value.string ?? member.value.text }
        return map
    }
}
