internal import Bytes
internal import HTTP
internal import JSON
internal import Matching
internal import Transport
internal import WasmRunner

/// What a step did, as values that matchers and captures look into.
struct Outcome {
    private var seen = Observation()
    private(set) var timings: String?

    init() {}

    init(_ response: IncomingResponse) {
        seen["status"] = .number(String(response.status))
        seen["body"] = .string(String(text: response.body))
        seen["json"] = try? JSONValue.parse(response.body)
        take(response.fields)
    }

    private mutating func take(_ fields: Fields) {
        for index in 0..<fields.count {
            let (name, value) = fields[index]
            seen.addHeader(String(text: name), String(text: value))
        }
    }

    init(_ guest: GuestOutcome) {
        if case .exited(let status) = guest.end { seen["exit"] = .number(String(status)) }
        seen["end"] = .string(guest.end.text)
        seen["stdout"] = .string(String(text: guest.output))
        seen["stderr"] = .string(String(text: guest.errorOutput))
        seen["calls"] = .array(guest.calls.map(Self.call))
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
    func value(_ path: String) -> JSONValue? { seen.value(path) }

    /// An HTTP answer; nil for what is none.
    var answer: RecordedExchange.Answer? {
        guard let status = seen["status"]?.double else { return nil }
        return RecordedExchange.Answer(status: Int(status), body: seen["body"]?.string ?? "")
    }

    /// What helps to see why a part is not as expected.
    func context(for part: String) -> String? {
        switch part {
        case "exit", "end", "calls":
            let output = (seen["stdout"]?.string ?? "") + (seen["stderr"]?.string ?? "")
            let end = seen["end"]?.string ?? ""
            return output.isEmpty ? "the guest \(end)" : "the guest \(end) and wrote\n\(output)"
        case "status", "json":
            let body = seen["body"]?.string ?? ""
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
