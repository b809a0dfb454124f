internal import Backends
internal import Blocks
internal import HTTP
internal import JSON
internal import Matching
internal import YAML

/// The clock of a sandbox: `{"mode": "manual", "at": "2026-01-01T00:00:00Z"}`,
/// `{"mode": "accelerated", "rate": 60}`, `{"mode": "real"}`, `{"advance": "1h"}`.
///
/// An `advance` answers when what became due by it has run.
enum ClockEndpoints {
    static var all: [ControlEndpoint] {
        [
            ControlEndpoint(["GET"], "/_fakedapr/clock", "how the time goes, and what it is") {
                .json(200, description(of: $0.sidecar.sandbox.clock))
            },
            ControlEndpoint(
                ["POST"], "/_fakedapr/clock",
                "sets the clock (real, manual, accelerated), or lets time pass (advance)",
                handle: change),
        ]
    }

    private static func change(_ call: Call) async throws(ControlError) -> Response {
        let document = try await call.document()
        let change = try Call.reading { () throws(Diagnostic) in
            try ClockChange(document.root, in: document.source)
        }
        let sandbox = call.sidecar.sandbox
        do throws(ClockProblem) { try await sandbox.change(change) } catch {
            let code = if case .store = error { 500 } else { 409 }
            throw ControlError(code, "FAKEDAPR_CLOCK", error.text)
        }
        return .json(200, description(of: sandbox.clock))
    }

    static func description(of clock: SandboxClock) -> JSONValue {
        var members: [JSONValue.Member] = []
        switch clock.mode {
        case .real: members.append(.init("mode", .string("real")))
        case .manual: members.append(.init("mode", .string("manual")))
        case .accelerated(let rate):
            members.append(.init("mode", .string("accelerated")))
            let isWhole = rate == rate.rounded()
            members.append(.init("rate", .number(isWhole ? String(Int(rate)) : String(rate))))
        }
        members.append(.init("now", .string(clock.now.rfc3339WithFraction)))
        return .object(members)
    }
}
