internal import Backends
internal import Bytes
internal import JSON
internal import Matching
internal import Transport

/// The way to an application that is not there: its stubs answer.
///
/// Confined to the sandbox's loop.
final class StubChannel: AppChannel {
    var isHealthy = true
    private let app: StubbedApp
    private unowned let sandbox: Sandbox

    init(to app: StubbedApp, in sandbox: Sandbox) {
        self.app = app
        self.sandbox = sandbox
    }

    private static let bodyLimit = 64 << 20

    func call(_ request: AppRequest) async throws(AppChannelError) -> AppResponse {
        let body: ByteSlice
        do throws(BodySourceError) {
            body = try await request.body.collect(upTo: Self.bodyLimit)
        } catch {
            throw .body(error)
        }
        let seen = StubRequest.observation(
            method: request.method, target: request.target, fields: request.fields, body: body)
        guard let answer = app.answer(to: seen) else { return try unmatched(seen) }
        await sandbox.hold(for: answer.delay)
        return AppResponse(
            status: answer.status, fields: answer.fields, body: .bytes(answer.body))
    }

    func probe(_ request: AppRequest) async throws(AppChannelError) -> AppResponse {
        try await call(request)
    }

    /// What a Dapr library answers of itself; everything else is a call that nobody has foreseen.
    private func unmatched(_ seen: Observation) throws(AppChannelError) -> AppResponse {
        let path = seen.value("path")?.string ?? ""
        if path.hasPrefix("/dapr/") {
            return AppResponse(status: 404, fields: [], body: .bytes([]))
        }
        // A message that is taken without a word.
        if app.subscribes(at: path) {
            return AppResponse(status: 200, fields: [], body: .bytes([]))
        }
        throw .failed(app.refusal(of: seen))
    }
}

extension Sandbox {
    /// Holds an answer of a stub back, by the sandbox's clock: a timeout and the delay that it is to
    /// end go by one time.
    package func hold(for delay: Duration) async {
        guard delay > .zero else { return }
        await clock.work.pausing { await sleep(for: delay) }
    }
}
