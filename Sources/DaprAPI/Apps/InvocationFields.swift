internal import Blocks
internal import Bytes
internal import HTTP

/// The header fields of an invocation in both directions (invoke.md §4–5 of the specification). Pure.
enum InvocationFields {
    /// What the callee gets of the caller's fields.
    ///
    /// - Parameters:
    ///   - stripsToken: whether `dapr-api-token` was for the sidecar alone.
    ///   - trace: the `traceparent` that takes the place of the caller's.
    static func request(_ fields: Fields, stripsToken: Bool, trace: String?) -> [AppField] {
        var result: [AppField] = []
        result.reserveCapacity(fields.count + 8)
        let listed = fields.all("connection").flatMap(connectionTokens)
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
                if trace != nil, name.equalsIgnoringCase("traceparent") { continue }
                if name.count == 7, name.equalsIgnoringCase("baggage") {
                    // Dapr reads the first one only.
                    if hasBaggage { continue }
                    hasBaggage = true
                }
                if name.count == 10, name.equalsIgnoringCase("user-agent") { hasAgent = true }
                result.append(AppField(fields, index))
            }
        }
        if !hasAgent { result.append(agent) }
        if let trace {
            result.append(trace == TraceParent.zero ? noTrace : AppField("Traceparent", trace))
        }
        return result
    }

    private static let noTrace = AppField("Traceparent", TraceParent.zero)
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

    /// What a value of `Connection` names besides itself (RFC 9110 §7.6.1).
    private static func connectionTokens(_ value: ByteSlice) -> [ByteSlice] {
        // Nearly always one word that names no field.
        if isConnectionOption(value) { return [] }
        return value.split(separator: UInt8(ascii: ",")).map { token in
            token.drop { $0 == 0x20 || $0 == 0x09 }.prefix { $0 != 0x20 && $0 != 0x09 }
        }.filter { !isConnectionOption($0) }
    }

    private static func isConnectionOption(_ token: ByteSlice) -> Bool {
        token.equalsIgnoringCase("keep-alive") || token.equalsIgnoringCase("close")
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
            listed += connectionTokens(field.value)
        }
        for field in fields {
            let name = field.name
            guard fate(of: name, listed) == .kept else { continue }
            switch name.count {
            case 12 where name.equalsIgnoringCase("content-type"):
                if isEventStream { continue }
                answer.hasContentType = true
            case 4 where name.equalsIgnoringCase("date"): answer.hasDate = true
            case 11 where name.equalsIgnoringCase("traceparent"): answer.hasTrace = true
            default: break
            }
            FieldLine.append(name, field.value, to: &answer.lines)
        }
        return answer
    }
}

extension AppField {
    /// The field of a message's head, where it lies.
    init(_ fields: Fields, _ index: Int) {
        let (bytes, nameEnd, valueStart) = fields.line(at: index)
        self.init(line: bytes, nameEnd: nameEnd, valueStart: valueStart)
    }
}
