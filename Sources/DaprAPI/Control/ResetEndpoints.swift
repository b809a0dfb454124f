internal import Blocks
internal import HTTP
internal import JSON
internal import Matching
internal import YAML

/// `POST /_fakedapr/reset` and `/seed`: what a test begins with.
enum ResetEndpoints {
    static var all: [ControlEndpoint] {
        [
            ControlEndpoint(
                ["POST"], "/_fakedapr/reset",
                #"put the sandbox back: {} or {"only": ["state", "topics", …]}"#, handle: reset),
            ControlEndpoint(
                ["POST"], "/_fakedapr/seed",
                #"put keys and messages: {"state": {STORE: {KEY: VALUE}}, "topics": …, "stubs": […], "faults": […]}"#,
                handle: seed),
        ]
    }

    private static func reset(_ call: Call) async throws(ControlError) -> Response {
        let document = try await call.document()
        let parts = try Call.reading { () throws(Diagnostic) in try SandboxPart.read(document) }
        let report = try await ControlError.ofContents { () throws(Sandbox.ContentsFailure) in
            try await call.sidecar.sandbox.reset(parts)
        }
        let names = SandboxPart.allCases.filter { parts.contains($0) }
        return .json(
            200,
            .object([
                .init("reset", .array(names.map { .string($0.rawValue) })),
                .init("abandonedDeliveries", .number(String(report.abandonedDeliveries))),
            ]))
    }

    private static func seed(_ call: Call) async throws(ControlError) -> Response {
        let document = try await call.document()
        let seed = try Call.reading { () throws(Diagnostic) in
            try SeedReader(document.source).seed(document.keyed(SeedReader.keys))
        }
        try await ControlError.ofContents { () throws(Sandbox.ContentsFailure) in
            try await call.sidecar.sandbox.seed(seed)
        }
        let messages = seed.topics.reduce(0) { $0 + $1.events.count }
        return .json(
            200,
            .object([
                .init("keys", .number(String(seed.state.count))),
                .init("messages", .number(String(messages))),
                .init("stubs", .number(String(seed.stubs.reduce(0) { $0 + $1.stubs.count }))),
                .init("faults", .number(String(seed.faults.count))),
            ]))
    }
}

extension SandboxPart {
    /// `only: [state, topics]`; without it, all.
    static func read(_ document: ControlDocument) throws(Diagnostic) -> Set<SandboxPart> {
        guard let nodes = try document.keyed(["only"]).list("only") else {
            return Set(allCases)
        }
        var parts: Set<SandboxPart> = []
        for node in nodes {
            let word = try document.source.word(node, of: allCases.map(\.rawValue))
            if let part = SandboxPart(rawValue: word) { parts.insert(part) }
        }
        return parts
    }
}

extension ControlError {
    /// What could not be read or written is a mistake of the request or of a back end.
    static func ofContents<Value>(
        _ body: () async throws(Sandbox.ContentsFailure) -> Value
    ) async throws(ControlError) -> Value {
        do throws(Sandbox.ContentsFailure) { return try await body() } catch {
            throw error.isRequest
                ? .badRequest(error.text)
                : ControlError(500, "FAKEDAPR_BACKEND_FAILED", error.text)
        }
    }
}
