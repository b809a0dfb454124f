package import Bytes

/// The body of `POST /v1.0/state/{store}/bulk`: Go's `http.BulkGetRequest`.
package struct BulkGetRequest: Sendable {
    package private(set) var keys: [ByteSlice] = []
    package private(set) var parallelism = 0
    package private(set) var metadata: [String: String] = [:]

    package static func decode(_ body: ByteSlice) throws(GoDecodingError) -> BulkGetRequest {
        var decoder = try GoDecoder(body)
        var request = BulkGetRequest()
        let root = decoder.root
        if root.kind == .object {
            root.forEachMember { request.take($0, $1, &decoder) }
        } else if root.kind != .null {
            decoder.mismatch(root, nil, "http.BulkGetRequest")
        }
        if let failure = decoder.failure { throw failure }
        return request
    }

    private mutating func take(
        _ name: ByteSlice, _ value: JSONReader, _ decoder: inout GoDecoder
    ) {
        if name.equalsIgnoringCase("keys") {
            keys = strings(value, &decoder)
        } else if name.equalsIgnoringCase("parallelism") {
            parallelism = decoder.integer(value, "BulkGetRequest.parallelism")
        } else if name.equalsIgnoringCase("metadata") {
            metadata = decoder.stringMap(value, "BulkGetRequest.metadata")
        }
    }

    private func strings(_ value: JSONReader, _ decoder: inout GoDecoder) -> [ByteSlice] {
        guard value.kind == .array || value.kind == .null else {
            decoder.mismatch(value, "BulkGetRequest.keys", "[]string")
            return []
        }
        var strings: [ByteSlice] = []
        value.forEachElement { element in
            strings.append(decoder.string(element, "BulkGetRequest.keys") ?? [])
        }
        return strings
    }
}
