package import Bytes

/// One event of a bulk publish, as it was sent.
package struct BulkPublishEntry: Sendable {
    package fileprivate(set) var entryID: ByteSlice = []
    package fileprivate(set) var contentType: ByteSlice = []
    /// nil when the entry has none of its own.
    package fileprivate(set) var metadata: [String: String]?
    /// The event's JSON; nil when there was none.
    fileprivate var event: ByteSlice?

    /// Why an event is not what its content type says.
    package enum Misfit: Error {
        case mismatch
        /// Text that is no base64 from this byte on.
        case base64(Int)
    }

    /// The event as its content type has it.
    package func bytes() throws(Misfit) -> ByteSlice {
        let event = self.event ?? Array("null".utf8)[...]
        let json = JSONReader(scanned: event)
        let type = String(text: contentType).prefix { $0 != ";" }.lowercased()
        switch type {
        // What is no event is found out when it gets its envelope.
        case "application/json", "application/cloudevents+json": return event
        case "application/octet-stream":
            guard json.kind == .string else { throw .mismatch }
            let text = json.string
            guard let bytes = Base64.decode(text) else { throw .base64(Base64.fault(in: text)) }
            return bytes[...]
        case _ where type.hasPrefix("text/") || type == "application/xml":
            guard json.kind == .string else { throw .mismatch }
            return json.string
        default: throw .mismatch
        }
    }
}

/// The body of `POST /v1.0/publish/bulk/{pubsubname}/{topic}`.
package enum BulkPublishRequest {
    package static func decode(_ body: ByteSlice) throws(GoDecodingError) -> [BulkPublishEntry] {
        var decoder = try GoDecoder(body)
        var entries: [BulkPublishEntry] = []
        switch decoder.root.kind {
        case .null: return []
        case .array: decoder.root.forEachElement { entries.append(entry($0, &decoder)) }
        default: decoder.mismatch(decoder.root, nil, "[]http.bulkPublishMessageEntry")
        }
        if let failure = decoder.failure { throw failure }
        return entries
    }

    private static func entry(
        _ value: JSONReader, _ decoder: inout GoDecoder
    ) -> BulkPublishEntry {
        var entry = BulkPublishEntry()
        guard value.kind == .object || value.kind == .null else {
            decoder.mismatch(value, nil, "http.bulkPublishMessageEntry")
            return entry
        }
        value.forEachMember { name, member in
            if name.equalsIgnoringCase("entryid") {
                entry.entryID =
                    decoder.string(member, "bulkPublishMessageEntry.entryId") ?? entry.entryID
            } else if name.equalsIgnoringCase("event") {
                entry.event = member.bytes
            } else if name.equalsIgnoringCase("contenttype") {
                entry.contentType =
                    decoder.string(member, "bulkPublishMessageEntry.contentType")
                    ?? entry.contentType
            } else if name.equalsIgnoringCase("metadata"), member.kind != .null {
                entry.metadata = decoder.stringMap(member, "bulkPublishMessageEntry.metadata")
            }
        }
        return entry
    }
}
