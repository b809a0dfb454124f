package import Bytes

/// One value of a save request or of a transaction, as it was sent.
package struct SaveItem: Sendable {
    package internal(set) var key: ByteSlice = []
    /// The value's JSON, byte for byte; `null` when there was none.
    package internal(set) var value: ByteSlice = SaveItem.null
    package internal(set) var etag: ByteSlice?
    package internal(set) var metadata: [String: String] = [:]
    package internal(set) var concurrency: String?
    package internal(set) var consistency: String?

    static let null: ByteSlice = Array("null".utf8)[...]
}

/// The body of `POST /v1.0/state/{store}`: Go's `[]state.SetRequest`.
package enum SaveRequest {
    package static func decode(_ body: ByteSlice) throws(GoDecodingError) -> [SaveItem] {
        var decoder = try GoDecoder(body)
        var items: [SaveItem] = []
        switch decoder.root.kind {
        case .null: return []
        case .array: decoder.root.forEachElement { items.append(item($0, &decoder)) }
        default: decoder.mismatch(decoder.root, nil, "[]state.SetRequest")
        }
        if let failure = decoder.failure { throw failure }
        return items
    }

    private static func item(_ value: JSONReader, _ decoder: inout GoDecoder) -> SaveItem {
        var item = SaveItem()
        guard value.kind == .object || value.kind == .null else {
            decoder.mismatch(value, nil, "state.SetRequest")
            return item
        }
        value.forEachMember { name, member in
            if name.equalsIgnoringCase("key") {
                item.key = decoder.string(member, "SetRequest.key") ?? item.key
            } else if name.equalsIgnoringCase("value") {
                decoder.any(member, "SetRequest.value")
                item.value = member.bytes
            } else if name.equalsIgnoringCase("etag") {
                item.etag = decoder.string(member, "SetRequest.etag")
            } else if name.equalsIgnoringCase("metadata") {
                item.metadata = decoder.stringMap(member, "SetRequest.metadata")
            } else if name.equalsIgnoringCase("options") {
                options(member, &item, &decoder)
            } else if name.equalsIgnoringCase("contenttype") {
                _ = decoder.string(member, "SetRequest.contentType")
            }
        }
        return item
    }

    private static func options(
        _ value: JSONReader, _ item: inout SaveItem, _ decoder: inout GoDecoder
    ) {
        guard value.kind == .object || value.kind == .null else {
            return decoder.mismatch(value, "SetRequest.options", "state.SetStateOption")
        }
        value.forEachMember { name, member in
            if name.equalsIgnoringCase("concurrency") {
                let text = decoder.string(member, "SetStateOption.options.Concurrency")
                item.concurrency = text.map { String(text: $0) }
            } else if name.equalsIgnoringCase("consistency") {
                let text = decoder.string(member, "SetStateOption.options.Consistency")
                item.consistency = text.map { String(text: $0) }
            }
        }
    }
}
