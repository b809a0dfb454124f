package import Bytes

/// The body of `POST /v1.0/state/{store}/transaction`: Go's `http.stateTransactionRequestBody`.
///
/// Decoded in two stages, as there: the outer body by `encoding/json`, each operation's `request` by
/// a map-to-struct decoder with words of its own, whose failure counts only when its turn comes.
package struct TransactionRequest: Sendable {
    package struct Operation: Sendable {
        package private(set) var operation = ""
        package private(set) var item: Result<SaveItem, GoDecodingError> = .success(SaveItem())

        fileprivate init(_ value: JSONReader, _ decoder: inout GoDecoder) {
            guard value.kind == .object || value.kind == .null else {
                decoder.mismatch(
                    value, "stateTransactionRequestBody.operations",
                    "http.stateTransactionRequestBodyOperation")
                return
            }
            value.forEachMember { name, member in
                if name.equalsIgnoringCase("operation") {
                    let field = "stateTransactionRequestBodyOperation.operations.operation"
                    operation = String(text: decoder.string(member, field) ?? [])
                } else if name.equalsIgnoringCase("request") {
                    decoder.any(member, "stateTransactionRequestBodyOperation.operations.request")
                    do throws(GoDecodingError) {
                        item = .success(try MappedItem.decode(member))
                    } catch {
                        item = .failure(error)
                    }
                }
            }
        }
    }

    package private(set) var operations: [Operation] = []
    package private(set) var metadata: [String: String] = [:]

    package static func decode(_ body: ByteSlice) throws(GoDecodingError) -> TransactionRequest {
        var decoder = try GoDecoder(body)
        var request = TransactionRequest()
        let root = decoder.root
        if root.kind == .object {
            root.forEachMember { request.take($0, $1, &decoder) }
        } else if root.kind != .null {
            decoder.mismatch(root, nil, "http.stateTransactionRequestBody")
        }
        if let failure = decoder.failure { throw failure }
        return request
    }

    private mutating func take(
        _ name: ByteSlice, _ value: JSONReader, _ decoder: inout GoDecoder
    ) {
        if name.equalsIgnoringCase("metadata") {
            metadata = decoder.stringMap(value, "stateTransactionRequestBody.metadata")
        } else if name.equalsIgnoringCase("operations") {
            guard value.kind == .array || value.kind == .null else {
                return decoder.mismatch(
                    value, "stateTransactionRequestBody.operations",
                    "[]http.stateTransactionRequestBodyOperation")
            }
            operations = []
            value.forEachElement { operations.append(Operation($0, &decoder)) }
        }
    }
}

/// The second stage: a generic map becomes a `state.SetRequest`; field names are Go's, all problems
/// are told, sorted.
private enum MappedItem {
    static func decode(_ value: JSONReader) throws(GoDecodingError) -> SaveItem {
        var item = SaveItem()
        guard value.kind != .null else { return item }
        guard value.kind == .object else { throw .notAMap(typeName(value)) }
        var problems: [String] = []
        value.forEachMember { take($0, $1, &item, &problems) }
        guard problems.isEmpty else { throw .mapping(problems.sorted()) }
        return item
    }

    private static func take(
        _ name: ByteSlice, _ value: JSONReader, _ item: inout SaveItem, _ problems: inout [String]
    ) {
        if name.equalsIgnoringCase("key") {
            item.key = string(value, "Key", &problems) ?? item.key
        } else if name.equalsIgnoringCase("value") {
            item.value = value.bytes
        } else if name.equalsIgnoringCase("etag") {
            item.etag = string(value, "ETag", &problems)
        } else if name.equalsIgnoringCase("metadata") {
            item.metadata = map(value, &problems)
        } else if name.equalsIgnoringCase("options") {
            options(value, &item, &problems)
        } else if name.equalsIgnoringCase("contenttype") {
            _ = string(value, "ContentType", &problems)
        }
    }

    private static func options(
        _ value: JSONReader, _ item: inout SaveItem, _ problems: inout [String]
    ) {
        guard value.kind == .object || value.kind == .null else {
            return problems.append("'Options' expected a map, got '\(typeName(value))'")
        }
        value.forEachMember { name, member in
            if name.equalsIgnoringCase("concurrency") {
                let text = string(member, "Options.Concurrency", &problems)
                item.concurrency = text.map { String(text: $0) }
            } else if name.equalsIgnoringCase("consistency") {
                let text = string(member, "Options.Consistency", &problems)
                item.consistency = text.map { String(text: $0) }
            }
        }
    }

    private static func map(_ value: JSONReader, _ problems: inout [String]) -> [String: String] {
        guard value.kind == .object || value.kind == .null else {
            problems.append("'Metadata' expected a map, got '\(typeName(value))'")
            return [:]
        }
        var map: [String: String] = [:]
        value.forEachMember { name, member in
            let name = String(text: name)
            map[name] = string(member, "Metadata[\(name)]", &problems).map { String(text: $0) }
        }
        return map
    }

    private static func string(
        _ value: JSONReader, _ field: String, _ problems: inout [String]
    ) -> ByteSlice? {
        switch value.kind {
        case .string: return value.string
        case .null: return nil
        default:
            problems.append(
                "'\(field)' expected type 'string', got unconvertible type "
                    + "'\(unconvertibleName(value))', value: '\(printed(value))'")
            return nil
        }
    }

    /// The value as Go's `%v` prints it.
    private static func printed(_ value: JSONReader) -> String {
        String(text: ValueRewriter.rewrite(value, as: .goPrint))
    }

    /// The kind as Go's reflection names it.
    private static func typeName(_ value: JSONReader) -> String {
        switch value.kind {
        case .number: "float64"
        case .array: "slice"
        case .object: "map"
        case .bool: "bool"
        case .string: "string"
        case .null: "nil"
        }
    }

    /// The type as Go prints it.
    private static func unconvertibleName(_ value: JSONReader) -> String {
        switch value.kind {
        case .array: "[]interface {}"
        case .object: "map[string]interface {}"
        default: typeName(value)
        }
    }
}
