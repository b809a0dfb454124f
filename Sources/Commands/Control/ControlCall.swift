internal import Bytes
internal import HTTP
internal import JSON
internal import Transport
internal import YAML

/// The control API of one sidecar, spoken to by a command.
struct ControlCall {
    private let call: SidecarCall
    private let url: String

    /// Where `--url`, FAKEDAPR_URL, DAPR_HTTP_ENDPOINT, DAPR_HTTP_PORT say, in this order.
    init(_ options: ParsedOptions, environment: [String: String] = ProcessEnvironment.all)
        throws(Failure)
    {
        url = Self.url(options, environment)
        let sandbox = options["sandbox"].map { [Response.Field("fakedapr-sandbox", $0)] } ?? []
        call = try SidecarCall(
            url: url, token: environment["DAPR_API_TOKEN"] ?? "", fields: sandbox)
    }

    static func url(
        _ options: ParsedOptions, _ environment: [String: String] = ProcessEnvironment.all
    ) -> String {
        if let url = options["url"] { return url }
        if let url = environment["DAPR_HTTP_ENDPOINT"], !url.isEmpty { return url }
        let port = environment["DAPR_HTTP_PORT"] ?? ""
        return "http://127.0.0.1:\(port.isEmpty ? "3500" : port)"
    }

    /// - Returns: the answer's body; null when it has none.
    /// - Throws: `Refused` for what the sidecar answers in its own words.
    func send(_ request: ControlRequest) async throws -> JSONValue {
        let answer: (status: Int, body: ByteSlice)
        do throws(CallError) {
            answer = try await call.send(
                request.method, "/_fakedapr\(request.target)", body: request.body?.bytes ?? [],
                type: request.body == nil ? nil : "application/json", within: request.patience)
        } catch {
            throw Failure(
                .runtime,
                "no answer from \(url): \(error.text): is a sidecar running there? "
                    + "--url names another")
        }
        let value = (try? JSONValue.parse(answer.body)) ?? .null
        guard 200..<300 ~= answer.status else {
            throw refusal(answer.status, answer.body, value, request)
        }
        return value
    }

    /// Reads what goes on and on.
    ///
    /// - Parameter take: gets the pieces; false ends it.
    func stream(
        _ target: String, on reactor: Reactor, _ take: (ByteSlice) -> Bool
    ) async throws(CallError) {
        try await call.stream("/_fakedapr\(target)", on: reactor, take)
    }

    private func refusal(
        _ status: Int, _ body: ByteSlice, _ value: JSONValue, _ request: ControlRequest
    ) -> ControlRefusal {
        let message = value["message"]?.string ?? String(text: body)
        switch status {
        case 400:
            return ControlRefusal(
                request.body?.name == nil ? .usage : .file, Self.mistake(value, request.body),
                value, isDiagnostic: request.body != nil && value["line"] != nil)
        case 401:
            return ControlRefusal(
                .runtime, "\(url) wants its token: set DAPR_API_TOKEN", value)
        case 409 where value["expected"] != nil:
            let isLate = value["timedOut"]?.bool ?? false
            return ControlRefusal(
                isLate ? .timeout : .expectation, NearMissText.of(value), value)
        case 404 where value["errorCode"]?.string?.hasPrefix("FAKEDAPR") != true:
            return ControlRefusal(
                .runtime,
                "\(url) has no control API: is it a fakedapr, started without --no-control?", value)
        default:
            return ControlRefusal(
                .runtime, message.isEmpty ? "\(url) answers \(status)" : message, value)
        }
    }

    /// With the line of the document that is meant.
    private static func mistake(_ value: JSONValue, _ body: ControlBody?) -> String {
        let message = value["message"]?.string ?? "the request is refused"
        let hint = value["hint"]?.string
        guard let body, let line = value["line"]?.double, let column = value["column"]?.double
        else { return [message, hint].compactMap(\.self).joined(separator: ": ") }
        let source = SourceText(name: body.name ?? "the options", bytes: Array(body.bytes))
        let mark = SourceMark(line: Int(line), column: Int(column), offset: 0)
        return Diagnostic(.error, message, at: SourceSpan(at: mark), in: source, hint: hint)
            .rendered
    }
}

/// What a sidecar has refused, in its own words.
struct ControlRefusal: Error {
    let failure: Failure
    /// The answer, for `--output json`.
    let value: JSONValue

    init(
        _ status: ExitStatus, _ message: String, _ value: JSONValue, isDiagnostic: Bool = false
    ) {
        failure = Failure(status, message, isDiagnostic: isDiagnostic)
        self.value = value
    }
}

/// A failed expectation as people read it.
enum NearMissText {
    static func of(_ value: JSONValue) -> String {
        var lines = [value["message"]?.string ?? "the expectation failed"]
        for entry in (value["entries"]?.array ?? []).suffix(toldLimit) {
            lines.append("  done: \(JournalLine.text(entry))")
        }
        for miss in value["nearest"]?.array ?? [] {
            if let entry = miss["entry"] { lines.append("  nearest: \(JournalLine.text(entry))") }
            for difference in miss["differs"]?.array ?? [] {
                let (path, expected, actual) = (
                    difference["path"], difference["expected"], difference["actual"]
                )
                lines.append(
                    "    \(plain(path)): expected \(plain(expected)), found \(plain(actual))")
            }
        }
        return lines.joined(separator: "\n")
    }

    /// Entries that were meant and are told at most.
    private static let toldLimit = 5

    private static func plain(_ value: JSONValue?) -> String {
        value.map { $0.string ?? $0.text } ?? "nothing"
    }
}
