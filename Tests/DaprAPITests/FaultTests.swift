import Blocks
import Bytes
import HTTP
import TestSupport
import Testing
import Transport

/// Faults on the wire: what each kind does to each kind of request.
@Suite struct FaultTests {
    // MARK: The table

    /// What is asked while a fault holds.
    enum Ask: String, Sendable, CaseIterable {
        case get, save, bulk, transaction, publish, invoke

        var request: (method: String, target: String, body: String?) {
            switch self {
            case .get: ("GET", "/v1.0/state/statestore/a", nil)
            case .save: ("POST", "/v1.0/state/statestore", #"[{"key":"a","value":"new"}]"#)
            case .bulk: ("POST", "/v1.0/state/statestore/bulk", #"{"keys":["a","b"]}"#)
            case .transaction:
                (
                    "POST", "/v1.0/state/statestore/transaction",
                    #"{"operations":[{"operation":"upsert","request":{"key":"a","value":1}}]}"#
                )
            case .publish: ("POST", "/v1.0/publish/pubsub/orders", #""first""#)
            case .invoke: ("GET", "/v1.0/invoke/other/method/items", nil)
            }
        }
    }

    /// What the caller meets.
    enum Outcome: Equatable, Sendable {
        case answer(Int, contains: String = "")
        /// The connection ends before the whole answer has come.
        case broken
    }

    struct Row: CustomTestStringConvertible, Sendable {
        let ask: Ask
        let fault: String
        let outcome: Outcome
        /// What the application gets of the topic; nil for what it gets anyway.
        var deliveries: [String]?
        /// How long it takes at least.
        var time = Duration.zero
        var testDescription: String { "\(fault) × \(ask)" }
    }

    static let value = "a value that is long enough to be cut in two"
    static let delay = #""delay":"60ms""#

    static func rows(_ ask: Ask, ok: Outcome, _ more: [Row]) -> [Row] {
        let late = Duration.milliseconds(60)
        let common = [
            Row(ask: ask, fault: #""kind":"latency",\#(delay)"#, outcome: ok, time: late),
            Row(
                ask: ask,
                fault: #""kind":"error","status":503,"errorCode":"ERR_X","message":"no luck""#,
                outcome: .answer(503, contains: #"{"errorCode":"ERR_X","message":"no luck"}"#),
                deliveries: []),
            Row(ask: ask, fault: #""kind":"reset""#, outcome: .broken, deliveries: []),
            Row(ask: ask, fault: #""kind":"truncate""#, outcome: .broken),
        ]
        return common + more
    }

    static func row(
        _ ask: Ask, _ fault: String, _ outcome: Outcome, _ deliveries: [String]? = nil,
        time: Duration = .zero
    ) -> Row {
        Row(
            ask: ask, fault: fault, outcome: outcome, deliveries: deliveries, time: time)
    }

    static let away = #""kind":"unavailable","message":"connection refused""#
    static let conflict = #""kind":"etagConflict""#
    static let slow = #""kind":"slowBody","bytesPerSecond":400"#

    static let table: [Row] =
        rows(
            .get, ok: .answer(200, contains: value),
            [
                row(.get, slow, .answer(200, contains: value), time: .milliseconds(100)),
                row(.get, away, .answer(500, contains: "connection refused")),
                row(.get, conflict, .answer(200, contains: value)),
            ])
        + rows(
            .save, ok: .answer(204),
            [
                row(.save, slow, .answer(204)),
                row(.save, away, .answer(500, contains: "ERR_STATE_SAVE")),
                row(.save, conflict, .answer(409, contains: "possible etag mismatch")),
            ])
        + rows(
            .bulk, ok: .answer(200, contains: value),
            [
                row(.bulk, slow, .answer(200, contains: value), time: .milliseconds(100)),
                row(
                    .bulk, away,
                    .answer(200, contains: #"[{"key":"a","error":"connection refused"}"#)),
                row(.bulk, conflict, .answer(200, contains: value)),
            ])
        + rows(
            .transaction, ok: .answer(204),
            [
                row(.transaction, slow, .answer(204)),
                row(
                    .transaction, away,
                    .answer(500, contains: #""ERR_STATE_TRANSACTION","message":"error while"#)),
                row(.transaction, conflict, .answer(500, contains: "ERR_STATE_TRANSACTION")),
            ])
        + rows(
            .publish, ok: .answer(204),
            [
                row(.publish, slow, .answer(204)),
                row(
                    .publish, away, .answer(500, contains: "ERR_PUBSUB_PUBLISH_MESSAGE"), []),
                row(.publish, #""kind":"drop""#, .answer(204), []),
                row(.publish, #""kind":"duplicate""#, .answer(204), ["first", "first"]),
                row(
                    .publish, #""kind":"duplicate","copies":3"#, .answer(204),
                    ["first", "first", "first"]),
                row(
                    .publish, #""kind":"delay",\#(delay)"#, .answer(204), ["first"],
                    time: .milliseconds(60)),
                // Deliveries; a memory broker does not repeat what has failed.
                row(
                    .publish, deliver(#""kind":"latency",\#(delay)"#), .answer(204), ["first"],
                    time: .milliseconds(60)),
                row(.publish, deliver(#""kind":"error","status":503"#), .answer(204), []),
                row(.publish, deliver(#""kind":"reset""#), .answer(204), []),
                row(.publish, deliver(#""kind":"drop""#), .answer(204), []),
                row(
                    .publish, deliver(#""kind":"duplicate""#), .answer(204), ["first", "first"]),
                row(
                    .publish, deliver(#""kind":"delay",\#(delay)"#), .answer(204), ["first"],
                    time: .milliseconds(60)),
                row(.publish, deliver(#""kind":"appUnreachable""#), .answer(204), []),
                row(
                    .publish, deliver(#""kind":"appSlow",\#(delay)"#), .answer(204), ["first"],
                    time: .milliseconds(60)),
            ])
        + rows(
            .invoke, ok: .answer(200, contains: value),
            [
                row(.invoke, slow, .answer(200, contains: value), time: .milliseconds(100)),
                row(
                    .invoke, #""kind":"appUnreachable""#,
                    .answer(500, contains: "connection refused")),
                row(
                    .invoke, #""kind":"appSlow",\#(delay)"#, .answer(200, contains: value),
                    time: .milliseconds(60)),
            ])

    static func deliver(_ fault: String) -> String { #""match":{"api":"deliver"},\#(fault)"# }

    /// Two subscribers would be two applications: `myapp` alone takes the topic.
    private static let app: RecordingApp.Answer = { request in
        switch request.target {
        case "/dapr/subscribe":
            var response = Response(status: 200)
            response.body =
                Array(
                    #"[{"pubsubname":"pubsub","topic":"orders","route":"/orders"}]"#.utf8)[...]
            return response
        case "/items": return .plainText(200, value)
        default: return Response(status: request.target == "/orders" ? 200 : 404)
        }
    }

    private static func data(_ received: [Received]) -> [String] {
        received.filter { $0.target == "/orders" }.map { request in
            request.body.contains("first") ? "first" : "second"
        }
    }

    private static func outcome(
        _ fixture: AppFixture, _ ask: Ask, headers: [(String, String)] = []
    ) throws -> Outcome {
        let (method, target, body) = ask.request
        do {
            let answer = try fixture.client().request(method, target, headers: headers, body: body)
            return .answer(answer.status, contains: answer.text)
        } catch let error as Deadline.Passed where error.description.contains("server closed") {
            return .broken
        } catch StreamError.disconnected {
            return .broken
        }
    }

    private static func expect(_ found: Outcome, _ wanted: Outcome) {
        switch (found, wanted) {
        case (.answer(let status, let text), .answer(let wantedStatus, let part)):
            #expect(status == wantedStatus, "\(text)")
            #expect(part.isEmpty || text.contains(part), "\(text)")
        default: #expect(found == wanted)
        }
    }

    @Test(arguments: table)
    func `each kind does to each request what the table says`(row: Row) async throws {
        try await AppFixture.run(answer: Self.app) { fixture in
            _ = try fixture.send(
                "POST", "/v1.0/state/statestore", #"[{"key":"a","value":"\#(Self.value)"}]"#)
            let added = try fixture.send("POST", "/_fakedapr/faults", "{\(row.fault)}")
            try #require(added.status == 201, "\(added.text)")
            let begin = Reactor.monotonicNow()
            Self.expect(try Self.outcome(fixture, row.ask), row.outcome)
            if row.ask == .publish {
                let wanted = row.deliveries ?? ["first"]
                if !wanted.isEmpty {
                    _ = try fixture.seen.requests(to: "/orders", count: wanted.count)
                }
                // What is not to come has had its time when what follows it has come.
                let deleted = try fixture.send("DELETE", "/_fakedapr/faults")
                #expect(deleted.status == 204)
                let time = Reactor.monotonicNow() - begin
                #expect(time >= row.time.nanoseconds)
                _ = try fixture.send("POST", "/v1.0/publish/pubsub/orders", #""second""#)
                try Deadline.wait("the message that follows") {
                    Self.data(fixture.seen.all).last == "second"
                }
                #expect(Self.data(fixture.seen.all) == wanted + ["second"])
            } else {
                #expect(Reactor.monotonicNow() - begin >= row.time.nanoseconds)
            }
        }
    }

    /// A conflict of a read is none.
    @Test(arguments: table.filter { !$0.fault.contains("etagConflict") })
    func `the journal tells the fault`(row: Row) async throws {
        try await AppFixture.run(answer: Self.app) { fixture in
            _ = try fixture.send(
                "POST", "/v1.0/state/statestore", #"[{"key":"a","value":1}]"#)
            _ = try fixture.send("POST", "/_fakedapr/faults", "{\(row.fault)}")
            _ = try Self.outcome(fixture, row.ask)
            try Deadline.wait("the fault in the journal") {
                try fixture.faults().contains { $0.hasSuffix(" fault-1") }
            }
        }
    }

    // MARK: Order

    @Test func `a message that is to change places comes after the next of its topic`() async throws
    {
        try await AppFixture.run(answer: Self.app) { fixture in
            _ = try fixture.send(
                "POST", "/_fakedapr/faults", #"{"kind":"reorder","within":"1h","count":1}"#)
            for data in ["first", "second"] {
                let answer = try fixture.send(
                    "POST", "/v1.0/publish/pubsub/orders", #""\#(data)""#)
                #expect(answer.status == 204)
            }
            _ = try fixture.seen.requests(to: "/orders", count: 2)
            #expect(Self.data(fixture.seen.all) == ["second", "first"])
        }
    }

    @Test func `messages that are held are handed on when the rules go`() async throws {
        try await AppFixture.run(answer: Self.app) { fixture in
            _ = try fixture.send("POST", "/_fakedapr/faults", #"{"kind":"delay","delay":"1h"}"#)
            for data in ["first", "second"] {
                _ = try fixture.send("POST", "/v1.0/publish/pubsub/orders", #""\#(data)""#)
            }
            #expect(fixture.seen.all.allSatisfy { $0.target != "/orders" })
            _ = try fixture.send("DELETE", "/_fakedapr/faults/fault-1")
            _ = try fixture.seen.requests(to: "/orders", count: 2)
            #expect(Self.data(fixture.seen.all) == ["first", "second"])
        }
    }

    // MARK: Which requests

    /// A rule, and which of six requests it strikes.
    @Test(
        arguments: [
            (#""match":{"key":"a"}"#, "x.x.x."), (#""match":{"key":{"matches":"^b"}}"#, ".x.x.x"),
            (#""match":{"nth":2}"#, ".x...."), (#""match":{"nth":{"gt":3}}"#, "...xxx"),
            (#""match":{"key":"a","nth":2}"#, "..x..."), (#""count":2"#, "xx...."),
            (#""after":4"#, "....xx"), (#""after":1,"count":2"#, ".xx..."),
            (#""match":{"headers":{"x-number":"3"}}"#, "...x.."),
            (#""match":{"api":"publish"}"#, "......"), (#""match":{"operation":"get"}"#, "xxxxxx"),
            (#""match":{"store":"other"}"#, "......"), (#""match":{"app":"myapp"}"#, "xxxxxx"),
            (#""match":{"path":{"startsWith":"/v1.0/state/"},"method":"GET"}"#, "xxxxxx"),
            (#""probability":0"#, "......"), (#""probability":1"#, "xxxxxx"),
        ])
    func `a rule strikes what it matches`(rule: String, struck: String) async throws {
        try await AppFixture.run(answer: Self.app) { fixture in
            let added = try fixture.send(
                "POST", "/_fakedapr/faults", #"{\#(rule),"kind":"error"}"#)
            try #require(added.status == 201, "\(added.text)")
            let client = try fixture.client()
            let found = try (0..<6).map { number in
                let key = number.isMultiple(of: 2) ? "a" : "b"
                let answer = try client.request(
                    "GET", "/v1.0/state/statestore/\(key)", headers: [("X-Number", "\(number)")])
                return answer.status == 500 ? "x" : "."
            }
            #expect(found.joined() == struck)
            let listed = try fixture.send("GET", "/_fakedapr/faults/fault-1").text
            #expect(listed.contains(#""applied":\#(struck.count { $0 == "x" })"#), "\(listed)")
        }
    }

    @Test func `the same seed strikes the same requests, another one others`() async throws {
        try await AppFixture.run(answer: Self.app) { fixture in
            func struck(_ seed: Int) throws -> String {
                _ = try fixture.send("DELETE", "/_fakedapr/faults")
                _ = try fixture.send(
                    "POST", "/_fakedapr/faults",
                    #"{"kind":"error","probability":0.5,"seed":\#(seed)}"#)
                return try (0..<64).map { _ in
                    try fixture.send("GET", "/v1.0/state/statestore/a").status == 500 ? "x" : "."
                }.joined()
            }
            let first = try struck(1)
            #expect(try struck(1) == first)
            #expect(try struck(2) != first)
            #expect((16...48).contains(first.count { $0 == "x" }))
        }
    }

    @Test func `latencies add up and the first that ends it ends it`() async throws {
        try await AppFixture.run(answer: Self.app) { fixture in
            _ = try fixture.send(
                "POST", "/_fakedapr/faults",
                """
                - { kind: latency, delay: 40ms }
                - { kind: latency, delay: 40ms, id: second }
                - { kind: error, status: 503 }
                - { kind: error, status: 418 }
                """)
            let begin = Reactor.monotonicNow()
            #expect(try fixture.send("GET", "/v1.0/state/statestore/a").status == 503)
            #expect(Reactor.monotonicNow() - begin >= 80_000_000)
            #expect(try fixture.faults() == ["latency fault-1, latency second, error fault-2"])
        }
    }

    @Test func `retries meet a store that comes back`() async throws {
        let policy = """
            apiVersion: dapr.io/v1alpha1
            kind: Resiliency
            metadata: { name: r }
            spec:
              policies: { retries: { three: { policy: constant, duration: 1ms, maxRetries: 3 } } }
              targets: { components: { statestore: { outbound: { retry: three } } } }
            """
        var plan = SidecarPlan()
        plan.resiliencies = [policy]
        try await SidecarFixture.run(plan) { sidecar in
            _ = try sidecar.send(
                "POST", "/_fakedapr/faults", #"{"kind":"unavailable","count":3}"#)
            #expect(try sidecar.send("GET", "/v1.0/state/statestore/a").status == 204)
            let listed = try sidecar.send("GET", "/_fakedapr/faults").text
            #expect(listed.contains(#""matched":4,"applied":3"#), "\(listed)")
        }
    }

    // MARK: The header

    @Test(
        arguments: [
            ("reset", Outcome.broken), (#"{"kind":"error","status":418}"#, .answer(418)),
            ("{kind: error, status: 429}", .answer(429)), ("unavailable", .answer(500)),
            ("latency", .answer(400, contains: "the key `delay` is missing")),
            ("etag-conflict", .answer(400, contains: "did you mean `etagConflict`?")),
            (
                #"{"kind":"reset","match":{"api":"state"}}"#,
                .answer(400, contains: "the header's fault is for its own request")
            ),
        ] as [(String, Outcome)])
    func `a request brings its own fault, for itself alone`(
        header: String, outcome: Outcome
    ) async throws {
        try await AppFixture.run(answer: Self.app) { fixture in
            let found = try Self.outcome(fixture, .get, headers: [("fakedapr-fault", header)])
            Self.expect(found, outcome)
            #expect(try fixture.send("GET", "/v1.0/state/statestore/a").status == 204)
        }
    }

    @Test func `an application does not see the header`() async throws {
        try await AppFixture.run(answer: Self.app) { fixture in
            _ = try fixture.send(
                "GET", "/v1.0/invoke/other/method/items",
                headers: [("fakedapr-fault", #"{"kind":"latency","delay":"1ms"}"#)])
            let received = try fixture.seen.requests(to: "/items")[0]
            #expect(received["fakedapr-fault"] == nil)
            #expect(try fixture.faults() == ["latency of the request"])
        }
    }

    // MARK: The control API

    @Test func `rules are listed, told apart by their ids, and taken away`() async throws {
        try await SidecarFixture.run { sidecar in
            let one = #"{"id":"one","kind":"latency","delay":"1s","for":"1m"}"#
            #expect(try sidecar.send("POST", "/_fakedapr/faults", one).status == 201)
            let again = try sidecar.send("POST", "/_fakedapr/faults", one)
            #expect(again.status == 409)
            #expect(again.text.contains("there is a fault one already"))
            let two = try sidecar.send(
                "POST", "/_fakedapr/faults", #"{"faults":[{"kind":"reset"},{"kind":"drop"}]}"#)
            #expect(two.text.contains(#"{"id":"fault-1","matched":0,"applied":0,"kind":"reset"}"#))
            let all = try sidecar.send("GET", "/_fakedapr/faults").text
            #expect(
                all.contains(
                    #"{"id":"one","matched":0,"applied":0,"kind":"latency","delay":"1s","for":"1m"}"#
                ))
            #expect(try sidecar.send("DELETE", "/_fakedapr/faults/one").status == 204)
            #expect(try sidecar.send("DELETE", "/_fakedapr/faults/one").status == 404)
            #expect(try sidecar.send("GET", "/_fakedapr/faults/fault-2").status == 200)
            #expect(try sidecar.send("DELETE", "/_fakedapr/faults").status == 204)
            #expect(try sidecar.send("GET", "/_fakedapr/faults").text == #"{"faults":[]}"#)
        }
    }

    /// A rule that is none, and what is said.
    @Test(
        arguments: [
            (#"{"match":{}}"#, "the key `kind` is missing"),
            (#"{"kind":"latencey","delay":"1s"}"#, "did you mean `latency`?"),
            (#"{"kind":"latency"}"#, "the key `delay` is missing"),
            (#"{"kind":"latency","delay":"soon"}"#, "not a duration"),
            (#"{"kind":"latency","delay":"1s","distribution":"normal"}"#, "without `jitter`"),
            (
                #"{"kind":"latency","delay":"1s","jitter":"1s","distribution":"normall"}"#,
                "did you mean `normal`?"
            ),
            (#"{"kind":"latency","delay":"1s","status":500}"#, "unknown key `status`"),
            (#"{"kind":"error","status":99}"#, "from 200 to 599"),
            (#"{"kind":"slowBody"}"#, "the key `bytesPerSecond` is missing"),
            (#"{"kind":"duplicate","copies":1}"#, "from 2 to 1000"),
            (#"{"kind":"drop","probability":2}"#, "a probability is a number from 0 to 1"),
            (#"{"kind":"drop","count":0}"#, "expected a whole number"),
            (#"{"kind":"drop","match":{"api":"sate"}}"#, "did you mean `state`?"),
            (#"{"kind":"drop","match":{"api":"invoke"}}"#, "it is for: publish, deliver"),
            (#"{"kind":"etagConflict","match":{"api":"publish"}}"#, "it is for: state"),
            (#"{"kind":"truncate","match":{"api":"deliver"}}"#, "is not for `deliver`"),
            (#"{"kind":"drop","match":{"keys":"a"}}"#, "did you mean `key`?"),
            (#"{"kind":"drop","math":{}}"#, "did you mean `match`?"),
            (#"[{"kind":"drop"},{"kind":"droop"}]"#, "did you mean `drop`?"),
            ("kind", "expected a mapping"),
        ])
    func `a rule that cannot be meant so is refused`(body: String, message: String) async throws {
        try await SidecarFixture.run { sidecar in
            let answer = try sidecar.send("POST", "/_fakedapr/faults", body)
            #expect(answer.status == 400)
            #expect(answer.text.contains(message), "\(answer.text)")
            #expect(try sidecar.send("GET", "/_fakedapr/faults").text == #"{"faults":[]}"#)
        }
    }
}
