internal import Bytes
internal import HTTP
internal import JSON
internal import Transport
internal import WasmRunner

/// What a step did, as values that matchers and captures look into.
struct Outcome {
    private var parts: [String: JSONValue] = [:]
    private var headers: [(name: String, value: String)] = []
    private(set) var timings: String?

    init() {}

    init(_ response: IncomingResponse) {
        parts["status"] = .number(String(response.status))
        parts["body"] = .string(String(text: response.body))
        parts["json"] = try? JSONValue.parse(response.body)
        take(response.fields)
    }

    private mutating func take(_ fields: Fields) {
        for index in 0..<fields.count {
            let (name, value) = fields[index]
            headers.append((String(text: name).lowercased(), String(text: value)))
        }
    }

    /// A request that an application got: `method`, `path`, `query`, `headers`, `body`, `json`.
    init(_ head: RequestHead, _ body: ByteSlice) {
        parts["method"] = .string(String(text: head.method))
        parts["path"] = .string(String(text: head.path))
        parts["query"] = head.query.map { .string(String(text: $0)) }
        parts["body"] = .string(String(text: body))
        parts["json"] = try? JSONValue.parse(body)
        take(head.fields)
    }

    init(_ guest: GuestOutcome) {
        if case .exited(let status) = guest.end { parts["exit"] = .number(String(status)) }
        parts["end"] = .string(guest.end.text)
        parts["stdout"] = .string(String(text: guest.output))
        parts["stderr"] = .string(String(text: guest.errorOutput))
        parts["calls"] = .array(guest.calls.map(Self.call))
        timings =
            "load \(Self.milliseconds(guest.timings.load)) ms, "
            + "compile \(Self.milliseconds(guest.timings.compile)) ms"
            + "\(guest.timings.isCached ? " (cached)" : ""), "
            + "instantiate \(Self.milliseconds(guest.timings.instantiate)) ms, "
            + "run \(Self.milliseconds(guest.timings.run)) ms"
    }

    private static func call(_ call: GuestCall) -> JSONValue {
        var members = [
            JSONValue.Member("method", .string(call.method)),
            JSONValue.Member("url", .string(call.url)),
        ]
        switch call.result {
        case .answered(let status): members.append(.init("status", .number(String(status))))
        case .refused: members.append(.init("error", .string("refused")))
        case .failed: members.append(.init("error", .string("failed")))
        }
        return .object(members)
    }

    private static func milliseconds(_ duration: Duration) -> String {
        let hundredths = duration.nanoseconds / 10_000
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }

    /// The value at a path: `status`, `headers.etag`, `json.items[0].name`; nil when there is none.
    func value(_ path: String) -> JSONValue? {
        if path.hasPrefix("headers.") {
            let name = path.dropFirst("headers.".count).lowercased()
            return headers.first { $0.name == name }.map { .string($0.value) }
        }
        var steps = path.split(whereSeparator: { ".[]".contains($0) })[...]
        guard let first = steps.popFirst() else { return nil }
        return steps.reduce(parts[String(first)]) { value, step in
            if let elements = value?.array, let index = Int(step) {
                return elements.indices.contains(index) ? elements[index] : nil
            }
            return value?[String(step)]
        }
    }

    /// What helps to see why a part is not as expected.
    func context(for part: String) -> String? {
        switch part {
        case "exit", "end", "calls":
            let output = (parts["stdout"]?.string ?? "") + (parts["stderr"]?.string ?? "")
            let end = parts["end"]?.string ?? ""
            return output.isEmpty ? "the guest \(end)" : "the guest \(end) and wrote\n\(output)"
        case "status", "json":
            let body = parts["body"]?.string ?? ""
            return body.isEmpty ? nil : "the answer's body was\n\(body.prefix(2000))"
        default: return nil
        }
    }
}

/// The words for a request that got no answer.
enum ExchangeTexts {
    static func text(_ error: ExchangeError) -> String {
        switch error {
        case .cannotConnect(let error): "cannot connect: \(error.reason)"
        case .disconnected: "the connection was closed"
        case .timedOut: "it took too long"
        case .malformed(let error): "not HTTP: \(error.explanation)"
        case .tooLarge: "the answer is too large"
        case .body: "the request's body gave out"
        }
    }
}
