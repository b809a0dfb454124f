internal import ArgumentParser
internal import Bytes
internal import JSON
internal import Transport

/// `fakedapr wait`: returns once a sidecar answers, or has done something, so that a script need not
/// sleep.
struct WaitCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait", abstract: "Wait until a sidecar is ready, or has done something.")
    static let table = OptionTable.control(
        "wait", operands: "[<document>]",
        [
            .option(
                "timeout", nil, "duration", "How long: 500ms, 30s; a bare number means seconds.")
        ] + JournalQuestionOptions.rows)
    static let discussion = """
        Without a question: asks /v1.0/healthz/outbound, as daprd's --wait does, or the path that \
        the URL names, until the answer is a success; a minute at most. With a document or options: \
        until what `fakedapr verify` would check is so; 5 seconds at most. Ends with 124 when the \
        time is up.

        EXAMPLES
          fakedapr wait
          fakedapr wait --url http://127.0.0.1:3501/v1.0/healthz --timeout 10s
          fakedapr wait --topic orders --api deliver --at-least 3 --timeout 2s
        """
    static let actions = [
        ControlAction(
            arguments: ["[<document>]"],
            requests: { options, words throws(Failure) in
                let time = try Patience(options, default: "5s")
                var body = try JournalQuestionOptions.body(options, words, "wait")
                if words.isEmpty {
                    body = ControlBody(time.added(to: try JournalQuestionOptions.value(options)))
                } else if options["timeout"] != nil {
                    throw Failure(.usage, "write the timeout into the document")
                }
                var request = ControlRequest.post("/wait", body)
                request.patience = max(time.duration, .seconds(600)) + .seconds(10)
                return [request]
            })
    ]

    @Argument(parsing: .captureForPassthrough) var words: [String] = []

    func run(_ options: ParsedOptions, _ console: Console) async throws -> Int32 {
        guard options.words.isEmpty, !JournalQuestionOptions.isAsked(options) else {
            return try await ask(options, console)
        }
        let url = ControlCall.url(options)
        let time = try Patience(options, default: "60s")
        let deadline = Reactor.monotonicNow() + time.duration.nanoseconds
        if let why = try Readiness(url).wait(until: deadline) {
            throw Failure(
                .timeout,
                "nothing is ready at \(url) within \(time.text): \(why): is it running, and is this "
                    + "its URL?")
        }
        console.result?.set(.members(["url": .string(url), "ready": .bool(true)]))
        return 0
    }
}

/// How long is waited.
private struct Patience {
    let duration: Duration
    /// With its unit.
    let text: String

    init(_ options: ParsedOptions, default fallback: String) throws(Failure) {
        let given = options["timeout"] ?? fallback
        text = Int64(given) == nil ? given : "\(given)s"
        guard let duration = GoDuration.parse(text), duration >= .zero else {
            throw Failure(.usage, "invalid --timeout `\(given)`: write 500ms or 30s")
        }
        self.duration = duration
    }

    func added(to question: JSONValue) -> JSONValue {
        .object((question.object ?? []) + [.init("timeout", .string(text))])
    }
}
