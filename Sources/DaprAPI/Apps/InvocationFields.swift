internal import Blocks
internal import Bytes
internal import HTTP

/// The header fields of an invocation in both directions (invoke.md §4–5 of the specification). Pure.
enum InvocationFields {
    /// What the callee gets of the caller's fields.
    ///
    /// - Parameter stripsToken: whether `dapr-api-token` was for the sidecar alone.
    static func request(_ fields: Fields, stripsToken: Bool) -> [AppField] {
        var result: [AppField] = []
        result.reserveCapacity(fields.count + 8)
        let listed = connectionTokens(fields)
        var hasAgent = false
        var hasBaggage = false
        for index in 0..<fields.count {
            let (name, value) = fields[index]
            switch fate(of: name, listed) {
            case .dropped: continue
            case .renamed:
                result.append(AppField(Array("dapr-".utf8) + name, value))
            case .kept:
                if stripsToken, name.equalsIgnoringCase("dapr-api-token") { continue }
                if name.count == 7, name.equalsIgnoringCase("baggage") {
                    // Dapr reads the first one only.
                    if hasBaggage { continue }
                    hasBaggage = true
                }
                if name.count == 10, name.equalsIgnoringCase("user-agent") { hasAgent = true }
                result.append(AppField(name, value))
            }
        }
        if !hasAgent { result.append(agent) }
        return result
    }

    private static let agent = AppField("User-Agent", "Go-http-client/1.1")

    private enum Fate { case kept, dropped, renamed }

    private static func fate(of name: ByteSlice, _ listed: [ByteSlice]) -> Fate {
        guard let first = name.first else { return .dropped }
        switch first | 0x20 {
        case UInt8(ascii: "h"):
            if name.equalsIgnoringCase("host") || name.equalsIgnoringCase("http2-settings") {
                return .dropped
            }
        case UInt8(ascii: "c"):
            if name.equalsIgnoringCase("connection") || name.equalsIgnoringCase("content-length") {
                return .dropped
            }
        case UInt8(ascii: "t"):
            if name.equalsIgnoringCase("transfer-encoding") || name.equalsIgnoringCase("te")
                || name.equalsIgnoringCase("trailer")
            {
                return .dropped
            }
        case UInt8(ascii: "k"): if name.equalsIgnoringCase("keep-alive") { return .dropped }
        case UInt8(ascii: "p"):
            if name.equalsIgnoringCase("proxy-connection")
                || name.equalsIgnoringCase("proxy-authorization")
                || name.equalsIgnoringCase("proxy-authenticate")
            {
                return .dropped
            }
        case UInt8(ascii: "u"): if name.equalsIgnoringCase("upgrade") { return .dropped }
        case UInt8(ascii: "e"): if name.equalsIgnoringCase("expect") { return .dropped }
        case UInt8(ascii: "d"):
            if name.equalsIgnoringCase("dapr-app-id")
                || name.equalsIgnoringCase("destination-app-id")
            {
                return .dropped
            }
        // What sidecars tell each other.
        case UInt8(ascii: "f"):
            if name.prefix(9).equalsIgnoringCase("fakedapr-") { return .dropped }
        case UInt8(ascii: "g"):
            if name.prefix(5).equalsIgnoringCase("grpc-") { return .renamed }
        default: break
        }
        if name.suffix(4).equalsIgnoringCase("-bin") { return .dropped }
        if !listed.isEmpty, listed.contains(where: { $0.equalsIgnoringCase(name) }) {
            return .dropped
        }
        return .kept
    }

    /// What `Connection` names besides itself (RFC 9110 §7.6.1).
    private static func connectionTokens(_ fields: Fields) -> [ByteSlice] {
        let values = fields.all("connection")
        guard !values.isEmpty else { return [] }
        return values.flatMap { $0.split(separator: UInt8(ascii: ",")) }.map { token in
            token.drop { $0 == 0x20 || $0 == 0x09 }.prefix { $0 != 0x20 && $0 != 0x09 }
        }.filter { !$0.equalsIgnoringCase("keep-alive") && !$0.equalsIgnoringCase("close") }
    }

    // MARK: Back

    /// What an application's fields are to its caller.
    struct Answer {
        /// The field lines, ready to be sent.
        var lines: [UInt8] = []
        var hasContentType = false
        var hasDate = false
        var hasTrace = false
    }

    static func response(_ fields: [AppField], isEventStream: Bool) -> Answer {
        var answer = Answer()
        answer.lines.reserveCapacity(256)
        var listed: [ByteSlice] = []
        for field in fields where field.name.equalsIgnoringCase("connection") {
            listed += field.value.split(separator: UInt8(ascii: ",")).map { token in
                token.drop { $0 == 0x20 }.prefix { $0 != 0x20 }
            }
        }
        for field in fields where fate(of: field.name, listed) == .kept {
            switch field.name.count {
            case 12 where field.name.equalsIgnoringCase("content-type"):
                if isEventStream { continue }
                answer.hasContentType = true
            case 4 where field.name.equalsIgnoringCase("date"): answer.hasDate = true
            case 11 where field.name.equalsIgnoringCase("traceparent"): answer.hasTrace = true
            default: break
            }
            FieldLine.append(field.name, field.value, to: &answer.lines)
        }
        return answer
    }
}
