import Backends
import Blocks
import HTTP
import JSON
import Synchronization
import TestSupport
import Testing

/// One hint for each puzzling answer, in the journal and the log; the answer itself is Dapr's.
@Suite(.timeLimit(.minutes(2))) struct ExplainTests {
    /// A request, the status of its answer, and the hint; empty for none.
    private struct Row: CustomTestStringConvertible {
        let method: String
        let target: String
        let body: String?
        let status: Int
        let hint: String

        init(
            _ method: String, _ target: String, _ body: String?, _ status: Int, _ hint: String
        ) {
            self.method = method
            self.target = target
            self.body = body
            self.status = status
            self.hint = hint
        }

        var testDescription: String { "\(method) \(target) \(body ?? "")" }
    }

    private static let state = "/v1.0/state/statestore"
    private static let rows: [Row] = [
        // Names.
        Row("GET", "/v1.0/state/statstore/a", nil, 400, "did you mean `statestore`?"),
        Row("POST", "/v1.0/state/other", "[]", 400, "known here: `statestore`"),
        Row("POST", "/v1.0/publish/statestore/t", "1", 404, "statestore is a state store, not a"),
        Row(
            "POST", "/v1.0/publish/pubsub/t", "1", 404, "this sidecar has no pub/sub component: add"
        ),
        Row(
            "GET", "/v1.0/secrets/s/k", nil, 500,
            "this sidecar has no secret store: add a Component"),
        // Routes.
        Row("DELETE", state, #"[{"key":"a"}]"#, 404, "nothing was deleted: DELETE wants one key"),
        Row("PATCH", state, "[]", 404, "/v1.0/state/statestore takes POST or PUT, not PATCH"),
        Row("GET", "/v1.0/states/statestore/a", nil, 404, "did you mean /v1.0/state/statestore/a?"),
        Row("GET", "/v1/state/statestore/a", nil, 404, "did you mean /v1.0/state/statestore/a?"),
        Row("GET", "/state/statestore/a", nil, 404, "did you mean /v1.0/state/statestore/a?"),
        Row("POST", "/v1.0/publsh/pubsub/t", "1", 404, "did you mean /v1.0/publish/pubsub/t?"),
        Row("POST", "/v1.0/bindings/b", "{}", 404, "fakedapr does not have Dapr's bindings yet"),
        Row("GET", "/orders", nil, 404, "an invocation is /v1.0/invoke/{app-id}/method/{path}"),
        // Callees.
        Row("GET", "/v1.0/invoke/orders/method/x", nil, 500, "no sidecar has the app id orders"),
        Row("GET", "/v1.0/invoke/me/method/x", nil, 500, "the sidecar of me has no application"),
        // Bodies.
        Row("POST", state, "", 400, "the body is empty: send a JSON list"),
        Row("POST", state, #"{"key":"a","value":1}"#, 400, "the body is to be a JSON list"),
        Row("POST", state, "[{'key':'a'}]", 400, "JSON has double quotes"),
        Row("POST", "\(state)/transaction", "[]", 400, "the body is to be a JSON object"),
        // Accepted, and yet not as it looks.
        Row(
            "POST", state, #"[{"key":"a","value":12345678901234567890}]"#, 204,
            "Dapr's stores would keep the number 12345678901234567890 as 12345678901234567000"),
        Row(
            "POST", state, #"[{"key":"a","value":{"b":[1.123456789]}}]"#, 204,
            "Dapr's Redis store would keep the number 1.123456789 as 1.123457"),
        Row("POST", "\(state)?ttlInSeconds=5", "[]", 204, "write metadata.ttlInSeconds=…"),
        // Nothing to tell.
        Row("POST", state, #"[{"key":"a","value":[1.50, -2e3, 0.0, 1E2, 100000000]}]"#, 204, ""),
        Row("GET", "\(state)/a", nil, 204, ""), Row("GET", "/v1.0/healthz", nil, 204, ""),
        Row("POST", "\(state)?metadata.ttlInSeconds=5", "[]", 204, ""),
    ]

    @Test(arguments: rows)
    private func `a puzzling answer has a hint`(row: Row) async throws {
        var plan = SidecarPlan()
        plan.appID = "me"
        try await SidecarFixture.run(plan) { sidecar in
            let response = try sidecar.send(
                row.method, row.target, row.body)
            #expect(response.status == row.status, "\(response.text)")
            let hint = try #require(await sidecar.journal().first).hint ?? ""
            #expect(row.hint.isEmpty ? hint.isEmpty : hint.contains(row.hint), "\(hint)")
            #expect(!response.text.contains("hint"))
        }
    }

    @Test(arguments: [nil, "wrong"])
    func `a token that is missing or wrong is told`(token: String?) async throws {
        var plan = SidecarPlan()
        plan.settings.apiToken = "right"
        try await SidecarFixture.run(plan) { sidecar in
            let headers = token.map { [("dapr-api-token", $0)] } ?? []
            #expect(try sidecar.send("GET", "/v1.0/metadata", headers: headers).status == 401)
            let hint = try #require(await sidecar.journal().first?.hint)
            #expect(hint.contains(token == nil ? "has an API token" : "is not the sidecar's"))
            #expect(!hint.contains("right"))
        }
    }

    @Test func `an etag of before is told`() async throws {
        try await SidecarFixture.run { sidecar in
            let save = #"[{"key":"a","value":1,"etag":"9"}]"#
            #expect(try sidecar.send("POST", Self.state, save).status == 409)
            let hint = try #require(await sidecar.journal().first?.hint)
            #expect(hint.contains("read it again"))
        }
    }

    private final class Lines: SidecarLog {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }

        func write(_ level: LogLevel, _ message: String, scope: String) {
            if scope == "fakedapr.hint" { lines.withLock { $0.append("\(level) \(message)") } }
        }
    }

    @Test func `the log tells a hint once`() async throws {
        let lines = Lines()
        var plan = SidecarPlan()
        plan.log = lines
        try await SidecarFixture.run(plan) { sidecar in
            for _ in 0..<3 { _ = try sidecar.send("GET", "/v1.0/state/statstore/a") }
            _ = try sidecar.send("GET", "/v1.0/state/statestor/a")
        }
        #expect(lines.all == ["info hint: did you mean `statestore`?"])
    }

    // MARK: Messages

    private static let orders =
        #"[{"pubsubname":"pubsub","topic":"orders","route":"in"},"#
        + #"{"pubsubname":"pubsub","topic":"all-*","route":"in"}]"#

    @Test(arguments: [
        ("orders", "application/json", "{}", ""), ("all-x", "application/json", "{}", ""),
        (
            "order", "application/json", "{}",
            "no application here is subscribed to the topic order of pubsub: did you mean `orders`?"
        ),
        ("orders", "", #"{"a":1}"#, "send Content-Type: application/json"),
        ("orders", "application/json", "{", "the body is no JSON though its Content-Type says so"),
        ("orders", "text/plain", "{}", ""), ("orders", "", "text", ""),
        ("orders?ttlInSeconds=1", "application/json", "{}", "write metadata.ttlInSeconds=…"),
    ])
    func `a message that does not arrive as it was meant has a hint`(
        topic: String, type: String, body: String, expected: String
    ) async throws {
        let answer: RecordingApp.Answer = { request in
            guard request.target == "/dapr/subscribe" else { return Response(status: 200) }
            return Response(status: 200, body: Array(Self.orders.utf8)[...])
        }
        try await AppFixture.run(answer: answer) { fixture in
            try Deadline.wait("the subscription") {
                try fixture.send("GET", "/v1.0/metadata").text.contains("orders")
            }
            let headers = type.isEmpty ? [] : [("Content-Type", type)]
            let response = try fixture.send(
                "POST", "/v1.0/publish/pubsub/\(topic)", headers: headers, body)
            #expect(response.status == 204)
            let journal = try fixture.send("GET", "/_fakedapr/journal?api=publish")
            let entry = try JSONValue.parse(journal.body[...])["entries"]?.array?.first
            let hint = entry?["hint"]?.string ?? ""
            #expect(expected.isEmpty ? hint.isEmpty : hint.contains(expected), "\(hint)")
        }
    }

    /// What an application answers to `GET /dapr/subscribe`, and the hint; empty for none.
    @Test(arguments: [
        (200, orders, ""),
        (
            200, #"[{"pubsubname":"pubsb","topic":"t","route":"in"}]"#,
            "myapp subscribes to the topic t of pubsb, which is no pub/sub component: did you mean"
        ),
        (200, "{}", "the answer to GET /dapr/subscribe is no list of subscriptions"),
        (500, "", "myapp failed when it was asked for its subscriptions"),
    ])
    func `a subscription that brings nothing has a hint`(
        status: Int, body: String, expected: String
    ) async throws {
        let answer: RecordingApp.Answer = { request in
            guard request.target == "/dapr/subscribe" else { return Response(status: 200) }
            return Response(status: status, body: Array(body.utf8)[...])
        }
        try await AppFixture.run(answer: answer) { fixture in
            let wait = try fixture.send(
                "POST", "/_fakedapr/wait", #"{"api":"subscribe","app":"myapp","exactly":1}"#)
            let entry = try JSONValue.parse(wait.body[...])["entries"]?.array?.first
            #expect(entry?["status"]?.text == String(status))
            let hint = entry?["hint"]?.string ?? ""
            #expect(expected.isEmpty ? hint.isEmpty : hint.contains(expected), "\(hint)")
        }
    }
}
