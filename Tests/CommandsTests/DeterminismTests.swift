import TestSupport
import Testing
import Transport

/// The same seed and the same requests, under a clock that stands, give the same journal: ids, etags,
/// times, probabilities. Two processes, because each has its own order of dictionaries.
@Suite struct DeterminismTests {
    private static let policy = """
        apiVersion: dapr.io/v1alpha1
        kind: Resiliency
        metadata: { name: r }
        spec:
          policies:
            retries: { some: { policy: exponential, maxInterval: 10m, maxRetries: 8 } }
            circuitBreakers: { b: { timeout: 30s, trip: consecutiveFailures >= 4 } }
          targets:
            components:
              statestore: { outbound: { retry: some } }
              pubsub: { inbound: { retry: some, circuitBreaker: b } }
        """

    private static let stubs = """
        app: worker
        subscribe:
          - { pubsubname: pubsub, topic: orders, route: /orders, deadLetterTopic: dead }
          - { pubsubname: pubsub, topic: dead, route: /dead }
        routes:
          - { when: { path: /orders, json: { data: { fails: true } } }, reply: { status: 503 } }
          - { when: /orders, reply: { json: { status: SUCCESS } } }
          - { when: /dead }
          - { when: /items, reply: { json: { left: 3 } } }
        """

    private static let faults = """
        - { kind: error, match: { api: state, key: flaky }, probability: 0.5, status: 503 }
        - { kind: unavailable, match: { key: away }, count: 2 }
        - { kind: duplicate, match: { api: publish, topic: orders }, probability: 0.3 }
        - { kind: latency, match: { api: invoke }, delay: 1s, jitter: 500ms, distribution: normal }
        """

    /// What is done to a sidecar, in order; each is answered before the next.
    private static let script: [(method: String, target: String, body: String?)] =
        (0..<12).map { ("GET", "/v1.0/state/statestore/flaky?n=\($0)", nil) } + [
            (
                "POST", "/v1.0/state/statestore",
                #"[{"key":"a","value":1,"metadata":{"ttlInSeconds":"60","x":"y","z":"1"}},"#
                    + #"{"key":"b","value":{"c":[1.50]}},{"key":"c","value":"x"}]"#
            ),
            ("GET", "/v1.0/state/statestore/a", nil),
            ("POST", "/v1.0/state/statestore/bulk", #"{"keys":["a","b","c","d"]}"#),
            (
                "POST", "/v1.0/state/statestore/transaction",
                #"{"operations":[{"operation":"upsert","request":{"key":"t","value":1}},"#
                    + #"{"operation":"delete","request":{"key":"c"}}]}"#
            ),
            ("POST", "/v1.0/publish/pubsub/orders?metadata.a=1&metadata.b=2", #"{"n":1}"#),
            ("POST", "/v1.0/publish/pubsub/orders", #"{"fails":true}"#),
            ("POST", "/_fakedapr/clock", #"{"advance":"30m"}"#),
            ("GET", "/v1.0/state/statestore/a", nil),
            (
                "POST", "/v1.0/publish/bulk/pubsub/orders",
                #"[{"entryId":"1","event":{"m":1},"contentType":"application/json"}]"#
            ),
            ("GET", "/v1.0/state/nostore/a", nil),
            ("DELETE", "/v1.0/state/statestore/b", nil),
        ]

    private static func journal(_ store: String, seed: Int) throws -> String {
        let folder = try TemporaryFolder()
        try folder.write("resiliency.yaml", policy)
        try folder.component("statestore", "state.\(store == "memory" ? "in-memory" : store)")
        try folder.component("pubsub", "pubsub.\(store == "memory" ? "in-memory" : store)")
        let (stubs, faults) = (
            try folder.write("stubs.txt", stubs), try folder.write("faults.txt", faults)
        )
        let serve = try ServeProcess(
            folder,
            [
                "--clock", "manual@2026-01-01T00:00:00Z", "--seed", "\(seed)", "--stubs", stubs,
                "--faults", faults,
            ])
        let client = try serve.client()
        for (method, target, body) in script {
            let answer = try client.request(
                method, target, headers: [("Content-Type", "application/json")], body: body)
            try #require(
                answer.status != 400 || target.contains("nostore"), "\(target): \(answer.text)")
            if target.contains("publish") { try settle(serve) }
        }
        // A call that waits by the clock: the answer comes when it is moved.
        try client.send("GET /v1.0/invoke/worker/method/items HTTP/1.1\r\nHost: a\r\n\r\n")
        try Deadline.wait("the call to wait") {
            try serve.request("GET", "/_fakedapr/faults").text.contains(
                #"{"id":"fault-4","matched":1"#)
        }
        _ = try serve.request("POST", "/_fakedapr/clock", body: #"{"advance":"10s"}"#)
        #expect(try client.readResponse().status == 200)
        return try serve.request("GET", "/_fakedapr/journal").text
    }

    /// Deliveries are begun by the loop: an advance by next to nothing has waited for them.
    private static func settle(_ serve: ServeProcess) throws {
        _ = try serve.request("POST", "/_fakedapr/clock", body: #"{"advance":"1ns"}"#)
    }

    @Test(arguments: ["memory", "sqlite"])
    func `the same seed and the same requests give the same journal`(store: String) throws {
        let first = try Self.journal(store, seed: 7)
        #expect(first.contains(#""api":"deliver""#))
        #expect(first.contains(#""outcome":"deadLetter""#))
        #expect(first.contains(#""fault":"unavailable"#) == false)
        #expect(first.contains(#""fault":"error fault-1""#))
        #expect(first.contains("2026-01-01T00:"))
        let second = try Self.journal(store, seed: 7)
        #expect(first == second)
        #expect(try Self.journal(store, seed: 8) != first)
    }
}
