internal import Backends
internal import Bytes
package import JSON

/// A journal entry as JSON: what there is nothing of is left out.
///
/// Made when somebody reads, never on a request's way.
extension JournalEntry {
    /// The entry as one object, in one line.
    package var json: [UInt8] {
        var writer = JSONWriter(
            reserving: 512 + requestBody.count + responseBody.count, escapesHTML: false)
        write(to: &writer)
        return writer.bytes
    }

    package func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("sequence")
        writer.number(Int(clamping: sequence))
        writer.member("time", time.rfc3339WithFraction)
        writer.member("app", appID)
        writer.member("api", api.rawValue)
        if !method.isEmpty { writer.member("method", String(text: method)) }
        if !target.isEmpty { writer.member("path", String(text: path)) }
        if let query { writer.member("query", String(text: query)) }
        // 0 stands for no answer.
        if status != 0 {
            writer.key("status")
            writer.number(status)
        }
        if !state.isEmpty { writeState(to: &writer) }
        write(detail, to: &writer)
        if !head.isEmpty { writeHeaders(to: &writer) }
        writeBody(requestBody, of: requestBodyLength, to: &writer)
        writeResponse(to: &writer)
        if let cutBodiesHash {
            writer.member("bodiesHash", String(cutBodiesHash, radix: 16))
        }
        writer.endObject()
    }

    private func writeState(to writer: inout JSONWriter) {
        writer.key("state")
        writer.beginArray()
        for record in state {
            writer.beginObject()
            writer.member("operation", record.operation.rawValue)
            writer.member("store", record.store)
            writer.key("key")
            writer.string(record.key)
            writer.endObject()
        }
        writer.endArray()
    }

    private func write(_ detail: JournalDetail, to writer: inout JSONWriter) {
        if let message = detail.message {
            writer.member("pubsub", message.pubsub)
            writer.member("topic", message.topic)
        }
        if let attempt = detail.attempt {
            writer.key("attempt")
            writer.number(attempt)
        }
        let texts = [
            ("outcome", detail.outcome?.rawValue), ("callee", callee),
            ("fault", detail.fault), ("hint", hint),
        ]
        for (name, text) in texts {
            if let text { writer.member(name, text) }
        }
    }

    private func writeHeaders(to writer: inout JSONWriter) {
        writer.key("headers")
        writer.beginObject()
        for header in headers { writer.member(header.name, header.value) }
        writer.endObject()
    }

    private func writeBody(
        _ body: ByteSlice, of length: Int, to writer: inout JSONWriter
    ) {
        guard length > 0 else { return }
        if body.count < length {
            writer.key("bodyLength")
            writer.number(length)
        }
        let text = String(text: body)
        writer.member("body", text)
        if !text.utf8.elementsEqual(body), body.count == length {
            writer.member("bodyBase64", String(text: Base64.encode(body)))
        }
        if let scanned = try? JSONScanner.wholeValue(of: body, maxDepth: Self.depth) {
            writer.key("json")
            writer.compacted(body[scanned.range])
        }
    }

    /// How deep a body's JSON may be for people to see it as such.
    private static let depth = 512

    private func writeResponse(to writer: inout JSONWriter) {
        writer.key("response")
        writer.beginObject()
        if status != 0 {
            writer.key("status")
            writer.number(status)
        }
        writeBody(responseBody, of: responseBodyLength, to: &writer)
        writer.endObject()
    }
}

extension JournalEntry {
    /// The request's header fields, names in lower case, values of one name joined as RFC 9110 §5.3
    /// has it.
    package var headers: [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        for line in head.split(separator: UInt8(ascii: "\n")) {
            guard let colon = line.index(of: UInt8(ascii: ":")) else { continue }
            let name = String(text: line[..<colon]).lowercased()
            let value = String(text: Self.trimmed(line[(colon + 1)...]))
            if let index = fields.firstIndex(where: { $0.name == name }) {
                fields[index].value += ", \(value)"
            } else {
                fields.append((name, value))
            }
        }
        return fields
    }

    private static func trimmed(_ value: ByteSlice) -> ByteSlice {
        var value = value
        while let first = value.first, first.isBlank { value = value.dropFirst() }
        while let last = value.last, last.isBlank { value = value.dropLast() }
        return value
    }
}

extension UInt8 {
    fileprivate var isBlank: Bool { self == 0x20 || self == 0x09 || self == 0x0D }
}

/// What questions to the journal may look into, by name. Parsed when it is asked for.
extension JournalEntry {
    /// The names of what may be asked for, besides `headers.NAME`.
    package static let parts = [
        "api", "app", "method", "path", "query", "status", "store", "operation", "key", "pubsub",
        "topic", "attempt", "outcome", "callee", "fault", "hint", "headers", "body", "json",
        "response",
    ]

    /// The part `name`, nil when there is nothing of it.
    ///
    /// - Parameter record: which of its state operations is meant.
    package func part(_ name: String, _ record: StateRecord? = nil) -> JSONValue? {
        if name.hasPrefix("headers.") {
            let header = name.dropFirst("headers.".count).lowercased()
            return headers.first { $0.name == header }.map { .string($0.value) }
        }
        return switch name {
        case "api": .string(api.rawValue)
        case "app": .string(appID)
        case "method": method.isEmpty ? nil : .string(String(text: method))
        case "path": target.isEmpty ? nil : .string(String(text: path))
        case "query": query.map { .string(String(text: $0)) }
        case "status": status == 0 ? nil : .number(String(status))
        case "store": record.map { .string($0.store) }
        case "operation": record.map { .string($0.operation.rawValue) }
        case "key": record.map { .string(String(text: $0.key)) }
        case "pubsub": message.map { .string($0.pubsub) }
        case "topic": message.map { .string($0.topic) }
        case "attempt": detail.attempt.map { .number(String($0)) }
        case "outcome": detail.outcome.map { .string($0.rawValue) }
        case "callee": callee.map { .string($0) }
        case "fault": detail.fault.map { .string($0) }
        case "hint": hint.map { .string($0) }
        case "headers": .object(headers.map { .init($0.name, .string($0.value)) })
        case "body": .string(String(text: requestBody))
        case "json": try? JSONValue.parse(requestBody)
        case "response": response
        default: nil
        }
    }

    /// Whom an invocation went to; the usual path is read here, so that its entry keeps nothing more.
    package var callee: String? {
        if let callee = detail.callee { return callee }
        guard api == .invoke else { return nil }
        let parts = path.split(separator: UInt8(ascii: "/"), maxSplits: 4)
        guard parts.count >= 4, parts[1].equals("invoke"), parts[3].equals("method") else {
            return nil
        }
        return String(text: parts[2])
    }

    private var response: JSONValue {
        var members: [JSONValue.Member] = []
        if status != 0 { members.append(.init("status", .number(String(status)))) }
        members.append(.init("body", .string(String(text: responseBody))))
        if let json = try? JSONValue.parse(responseBody) { members.append(.init("json", json)) }
        return .object(members)
    }
}
