import Backends
import Blocks
import Bytes
import Synchronization
import TestSupport
import Testing
import Transport

/// What a caller meets when policies surround a store or an application (resiliency.md §4 of the
/// specification).
@Suite struct ResiliencyTests {
    /// What an operation comes to, call by call; the last step for ever.
    private final class Script: Sendable {
        enum Step: Sendable {
            case ok
            case failure(StateError)
            case status(Int)
            /// Takes longer than anybody waits.
            case slow
        }

        private let state: Mutex<(steps: [Step], calls: Int)>

        init(_ steps: Step...) { state = Mutex((steps, 0)) }

        var calls: Int { state.withLock { $0.calls } }

        func next() -> Step {
            state.withLock { state in
                state.calls += 1
                return state.steps.count > 1 ? state.steps.removeFirst() : state.steps[0]
            }
        }
    }

    private final class ScriptedStore: StateStore {
        let features: [StateFeature] = [.etag, .transactional]
        let script: Script

        init(_ script: Script) { self.script = script }

        private func step() async throws(StateError) {
            switch script.next() {
            case .failure(let error): throw error
            case .slow: try? await Task.sleep(for: .milliseconds(400))
            default: break
            }
        }

        func get(_ key: StateKey, consistency: Consistency?) async throws(StateError) -> StoredItem?
        {
            try await step()
            return nil
        }

        func set(_ write: StateWrite) async throws(StateError) { try await step() }

        func setEach(_ writes: [StateWrite]) async -> [Result<Void, StateError>] {
            var results: [Result<Void, StateError>] = []
            for _ in writes {
                do throws(StateError) { results.append(.success(try await step())) } catch {
                    results.append(.failure(error))
                }
            }
            return results
        }

        func delete(_ removal: StateRemoval) async throws(StateError) { try await step() }

        func bulkGet(_ keys: [StateKey], parallelism: Int) async throws(StateError) -> [BulkItem] {
            try await step()
            return []
        }

        func transact(_ operations: [StateOperation]) async throws(StateError) { try await step() }

        func export(_ scope: KeyScope) async throws(StateError) -> [StateEntry] { [] }
        func replace(
            _ scope: KeyScope, with entries: [StateEntry]
        ) async throws(StateError) {}
        func close() async {}
    }

    private final class ScriptedApp: AppChannel {
        var isHealthy = true
        let script: Script

        init(_ script: Script) { self.script = script }

        func call(_ request: AppRequest) async throws(AppChannelError) -> AppResponse {
            guard case .bytes(let body) = request.body else { throw .failed("a stream") }
            switch script.next() {
            case .slow: try? await Task.sleep(for: .milliseconds(400))
            case .status(let status):
                let text = "\(status) \(String(text: body))"
                return AppResponse(
                    status: status, fields: [AppField("Content-Type", "x/y")],
                    body: .bytes(Array(text.utf8)[...]))
            default: break
            }
            return AppResponse(status: 200, fields: [], body: .bytes([]))
        }

        func probe(_ request: AppRequest) async throws(AppChannelError) -> AppResponse {
            try await call(request)
        }
    }

    private static func resource(_ policies: String, _ targets: String) -> String {
        """
        kind: Resiliency
        metadata: {name: r}
        spec:
          policies: \(policies)
          targets: \(targets)
        """
    }

    // MARK: State

    private static func state(
        _ script: Script, _ policies: String,
        _ body: (SidecarFixture) async throws -> Void
    ) async throws {
        let targets =
            "{components: {statestore: {outbound: {timeout: t, retry: r, circuitBreaker: b}}}}"
        var plan = SidecarPlan(stub: { ScriptedStore(script) })
        plan.resiliencies = [resource(policies, targets)]
        try await SidecarFixture.run(plan, body)
    }

    private static let requests: [(method: String, target: String, body: String?)] = [
        ("GET", "/k", nil), ("POST", "", #"[{"key":"k","value":1}]"#), ("DELETE", "/k", nil),
        ("POST", "/bulk", #"{"keys":["a"]}"#),
        (
            "POST", "/transaction",
            #"{"operations":[{"operation":"upsert","request":{"key":"k","value":1}}]}"#
        ),
    ]

    private static let texts = [
        (500, "ERR_STATE_GET", "fail to get k from state store statestore: "),
        (500, "ERR_STATE_SAVE", "failed saving state in state store statestore: "),
        (500, "ERR_STATE_DELETE", "failed deleting state with key k: "),
        (500, "ERR_STATE_BULK_GET", ""),
        (500, "ERR_STATE_TRANSACTION", "error while executing state transaction: "),
    ]

    @Test(arguments: [0, 1, 2, 3, 4])
    func `a state operation is tried again until it works`(index: Int) async throws {
        let script = Script(.failure(.failed("a")), .failure(.failed("b")), .ok)
        try await Self.state(script, "{retries: {r: {duration: 1ms, maxRetries: 3}}}") { sidecar in
            let request = Self.requests[index]
            let response = try sidecar.send(
                request.method, "/v1.0/state/statestore\(request.target)", request.body)
            #expect(response.status < 300)
            #expect(script.calls == 3)
        }
    }

    @Test(arguments: [0, 1, 2, 3, 4])
    func `a state operation that takes too long says so`(index: Int) async throws {
        try await Self.state(Script(.slow), "{timeouts: {t: 20ms}}") { sidecar in
            let request = Self.requests[index]
            let response = try sidecar.send(
                request.method, "/v1.0/state/statestore\(request.target)", request.body)
            let (status, code, text) = Self.texts[index]
            #expect(response.status == status)
            #expect(
                response.text
                    == Answer.error(status, code, text + "context deadline exceeded").body)
        }
    }

    @Test func `an open breaker answers in the store's place`() async throws {
        let script = Script(.failure(.failed("boom")))
        try await Self.state(
            script, "{circuitBreakers: {b: {trip: consecutiveFailures > 1}}}"
        ) { sidecar in
            for text in ["boom", "boom", "circuit breaker is open"] {
                let response = try sidecar.send("GET", "/v1.0/state/statestore/k")
                #expect(response.text.contains("statestore: \(text)"))
            }
            #expect(script.calls == 2)
        }
    }

    @Test(arguments: [(1, 1), (2, 4), (4, 4)])
    func `an etag that does not fit is tried again, but not by a save`(
        index: Int, calls: Int
    ) async throws {
        let script = Script(.failure(.etagMismatch(detail: nil)))
        try await Self.state(script, "{retries: {r: {duration: 1ms, maxRetries: 3}}}") { sidecar in
            let request = Self.requests[index]
            _ = try sidecar.send(
                request.method, "/v1.0/state/statestore\(request.target)", request.body)
            #expect(script.calls == calls)
        }
    }

    @Test func `of several writes only those that failed are sent again`() async throws {
        // a, b, c; then b and c; then c.
        let script = Script(
            .ok, .failure(.failed("x")), .failure(.failed("y")), .ok, .failure(.failed("z")), .ok)
        let body = #"[{"key":"a","value":1},{"key":"b","value":1},{"key":"c","value":1}]"#
        try await Self.state(script, "{retries: {r: {duration: 1ms, maxRetries: 3}}}") { sidecar in
            let answer1 = try sidecar.send("POST", "/v1.0/state/statestore", body)
            #expect(answer1.status == 204)
            #expect(script.calls == 6)
        }
    }

    @Test func `a write whose etag does not fit is not sent again beside others`() async throws {
        let script = Script(.failure(.etagMismatch(detail: nil)), .failure(.failed("y")), .ok)
        let body = #"[{"key":"a","value":1},{"key":"b","value":1}]"#
        try await Self.state(script, "{retries: {r: {duration: 1ms, maxRetries: 3}}}") { sidecar in
            let answer2 = try sidecar.send("POST", "/v1.0/state/statestore", body)
            #expect(answer2.status == 409)
            #expect(script.calls == 3)
        }
    }

    // MARK: Invocation

    private static func app(
        _ script: Script, _ policies: String,
        _ body: (SidecarFixture) async throws -> Void
    ) async throws {
        let targets = "{apps: {callee: {timeout: t, retry: r, circuitBreaker: b}}}"
        var plan = SidecarPlan()
        plan.appID = "callee"
        plan.app = { _ in ScriptedApp(script) }
        plan.resiliencies = [resource(policies, targets)]
        try await SidecarFixture.run(plan, body)
    }

    private static func invoke(
        _ sidecar: SidecarFixture, _ method: String = "m", id: String = "callee",
        body: String = "hello"
    ) throws -> WireResponse {
        try sidecar.send("POST", "/v1.0/invoke/\(id)/method/\(method)", body)
    }

    @Test func `an application that fails is called again with the whole body`() async throws {
        let script = Script(.status(500), .status(404), .status(302))
        try await Self.app(script, "{retries: {r: {duration: 1ms, maxRetries: 3}}}") { sidecar in
            let body = String(repeating: "x", count: 200_000)
            let response = try Self.invoke(sidecar, body: body)
            #expect(response.status == 302)
            #expect(response.text == "302 \(body)")
            #expect(script.calls == 3)
        }
    }

    @Test func `after the last attempt the caller has the application's own answer`() async throws {
        let script = Script(.status(500), .status(503))
        try await Self.app(script, "{retries: {r: {duration: 1ms, maxRetries: 2}}}") { sidecar in
            let response = try Self.invoke(sidecar)
            #expect(response.status == 503)
            #expect(response.text == "503 hello")
            #expect(response["content-type"] == "x/y")
            #expect(script.calls == 3)
        }
    }

    @Test func `only the statuses that match are tried again`() async throws {
        let script = Script(.status(429), .status(500))
        try await Self.app(
            script,
            "{retries: {r: {duration: 1ms, maxRetries: 3, matching: {httpStatusCodes: '429'}}}}"
        ) { sidecar in
            let answer3 = try Self.invoke(sidecar)
            #expect(answer3.status == 500)
            #expect(script.calls == 2)
        }
    }

    @Test func `an application that takes too long is a 500, not a 504`() async throws {
        try await Self.app(Script(.slow), "{timeouts: {t: 20ms}}") { sidecar in
            let response = try Self.invoke(sidecar)
            let expected = Answer.error(
                500, "ERR_DIRECT_INVOKE",
                "failed to invoke, id: callee, err: context deadline exceeded")
            #expect(response.status == 500)
            #expect(response.text == expected.body)
        }
    }

    @Test func `each method has a breaker of its own`() async throws {
        let script = Script(.status(500), .status(200))
        try await Self.app(
            script, "{circuitBreakers: {b: {trip: consecutiveFailures > 0}}}"
        ) { sidecar in
            let answer4 = try Self.invoke(sidecar, "s/500?a=1")
            #expect(answer4.status == 500)
            let refused = try Self.invoke(sidecar, "s/500?a=2")
            let expected = Answer.error(
                500, "ERR_DIRECT_INVOKE",
                "failed to invoke, id: callee, err: circuit breaker is open")
            #expect(refused.status == 500)
            #expect(refused.text == expected.body)
            let answer5 = try Self.invoke(sidecar, "ok")
            #expect(answer5.status == 200)
            #expect(script.calls == 2)
        }
    }

    private final class Lines: SidecarLog {
        private let all = Mutex<[String]>([])
        func write(_ level: LogLevel, _ message: String, scope: String) {
            all.withLock { $0.append(message) }
        }
        var text: [String] { all.withLock { $0 } }
    }

    @Test func `a default policy is for whom no target names, there or not`() async throws {
        let lines = Lines()
        var plan = SidecarPlan()
        plan.log = lines
        plan.resiliencies = [
            Self.resource(
                "{retries: {DefaultAppRetryPolicy: {duration: 1ms, maxRetries: 2}}}", "{}")
        ]
        try await SidecarFixture.run(plan) { sidecar in
            let answer6 = try Self.invoke(sidecar, "a/b", id: "nobody")
            #expect(answer6.status == 500)
        }
        #expect(
            lines.text.contains(
                "Error processing operation endpoint[nobody, nobody:a/b]. Retrying in 1ms…"))
    }

    @Test func `retries end with their caller`() async throws {
        let script = Script(.status(500))
        try await Self.app(script, "{retries: {r: {duration: 5ms}}}") { sidecar in
            do {
                let client = try sidecar.client()
                try client.send("POST /v1.0/invoke/callee/method/m HTTP/1.1\r\nHost: x\r\n\r\n")
                try Deadline.wait("the application to be called again") { script.calls > 2 }
            }
            // Only a request that has ended is in the journal.
            let deadline = Deadline.after(.seconds(20))
            while await sidecar.journal().isEmpty, Reactor.monotonicNow() < deadline {
                await Task.yield()
            }
            #expect(await sidecar.journal().map(\.status) == [500])
        }
    }

    // MARK: Metadata

    @Test func `metadata lists all resources, the broken ones too`() async throws {
        var plan = SidecarPlan()
        plan.resiliencies = [
            Self.resource("{timeouts: {t: soon}}", "{}"),
            "kind: Resiliency\nmetadata: {name: other}\n",
        ]
        try await SidecarFixture.run(plan) { sidecar in
            let text = try sidecar.send("GET", "/v1.0/metadata").text
            #expect(text.contains(#""resiliencies":[{"name":"r"},{"name":"other"}]"#))
        }
    }
}
