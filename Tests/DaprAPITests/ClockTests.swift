import Backends
import Blocks
import TestSupport
import Testing
import Transport

/// The control API's clock, on every store.
@Suite struct ClockTests {
    private static let start = Timestamp(rfc3339: "2026-01-01T00:00:00Z")

    private func plan(_ store: Store = .memory, time: Timestamp? = start) -> SidecarPlan {
        var plan = SidecarPlan()
        plan.store = store
        plan.time = time
        return plan
    }

    @Test(arguments: Store.allCases)
    func `an expiry follows a clock that is moved`(store: Store) async throws {
        try await SidecarFixture.run(plan(store)) { sidecar in
            let saved = try sidecar.send(
                "POST", "/v1.0/state/statestore",
                #"[{"key":"a","value":1,"metadata":{"ttlInSeconds":"3600"}}]"#)
            #expect(saved.status == 204)
            let near = try sidecar.send("POST", "/_fakedapr/clock", #"{"advance":"59m59s"}"#)
            #expect(near.text == #"{"mode":"manual","now":"2026-01-01T00:59:59Z"}"#)
            #expect(try sidecar.send("GET", "/v1.0/state/statestore/a").text == "1")
            _ = try sidecar.send("POST", "/_fakedapr/clock", #"{"advance":"1s"}"#)
            #expect(try sidecar.send("GET", "/v1.0/state/statestore/a").status == 204)
        }
    }

    @Test(arguments: Store.allCases)
    func `an expiry keeps its time of day when the clock begins to stand and to go again`(
        store: Store
    ) async throws {
        try await SidecarFixture.run(plan(store, time: nil)) { sidecar in
            for (key, ttl) in [("short", "100"), ("long", "100000")] {
                _ = try sidecar.send(
                    "POST", "/v1.0/state/statestore",
                    #"[{"key":"\#(key)","value":1,"metadata":{"ttlInSeconds":"\#(ttl)"}}]"#)
            }
            func found() throws -> [Int] {
                try ["short", "long"].map {
                    try sidecar.send("GET", "/v1.0/state/statestore/\($0)").status
                }
            }
            _ = try sidecar.send("POST", "/_fakedapr/clock", #"{"mode":"manual"}"#)
            #expect(try found() == [200, 200])
            _ = try sidecar.send("POST", "/_fakedapr/clock", #"{"advance":"2h"}"#)
            #expect(try found() == [204, 200])
            let back = try sidecar.send("POST", "/_fakedapr/clock", #"{"mode":"real"}"#)
            #expect(back.text.hasPrefix(#"{"mode":"real","now":"#))
            #expect(try found()[1] == 200)
        }
    }

    @Test func `a retry waits for the clock, and an advance answers when it has been made`()
        async throws
    {
        var plan = plan()
        plan.resiliencies = [
            """
            apiVersion: dapr.io/v1alpha1
            kind: Resiliency
            metadata: { name: r }
            spec:
              policies: { retries: { slow: { policy: constant, duration: 1m, maxRetries: 5 } } }
              targets: { components: { statestore: { outbound: { retry: slow } } } }
            """
        ]
        try await SidecarFixture.run(plan) { sidecar in
            _ = try sidecar.send("POST", "/_fakedapr/faults", #"{"kind":"unavailable","count":3}"#)
            let client = try sidecar.client()
            try client.send("GET /v1.0/state/statestore/a HTTP/1.1\r\nHost: a\r\n\r\n")
            // It has failed once and waits.
            try Deadline.wait("the first attempt") {
                try sidecar.send("GET", "/_fakedapr/faults").text.contains(#""applied":1"#)
            }
            _ = try sidecar.send("POST", "/_fakedapr/clock", #"{"advance":"119s"}"#)
            #expect(try sidecar.send("GET", "/_fakedapr/faults").text.contains(#""applied":2"#))
            _ = try sidecar.send("POST", "/_fakedapr/clock", #"{"advance":"10m"}"#)
            #expect(try client.readResponse().status == 204)
            // The third retry succeeded, three minutes after the request had come.
            let times = await sidecar.journal().map(\.time.rfc3339)
            #expect(times == ["2026-01-01T00:03:00Z"])
        }
    }

    @Test func `a latency under a clock that stands waits for it to be moved`() async throws {
        try await SidecarFixture.run(plan()) { sidecar in
            _ = try sidecar.send("POST", "/_fakedapr/faults", #"{"kind":"latency","delay":"1h"}"#)
            let client = try sidecar.client()
            try client.send("GET /v1.0/state/statestore/a HTTP/1.1\r\nHost: a\r\n\r\n")
            try Deadline.wait("the request") {
                try sidecar.send("GET", "/_fakedapr/faults").text.contains(#""applied":1"#)
            }
            _ = try sidecar.send("POST", "/_fakedapr/clock", #"{"advance":"1h"}"#)
            #expect(try client.readResponse().status == 204)
        }
    }

    @Test func `an accelerated clock expires by itself`() async throws {
        try await SidecarFixture.run(plan()) { sidecar in
            _ = try sidecar.send(
                "POST", "/v1.0/state/statestore",
                #"[{"key":"a","value":1,"metadata":{"ttlInSeconds":"3600"}}]"#)
            let set = try sidecar.send(
                "POST", "/_fakedapr/clock", #"{"mode":"accelerated","rate":1000000}"#)
            #expect(set.text.hasPrefix(#"{"mode":"accelerated","rate":1000000,"now":"2026-"#))
            try Deadline.wait("the expiry") {
                try sidecar.send("GET", "/v1.0/state/statestore/a").status == 204
            }
        }
    }

    /// What a clock is told, and what it says.
    @Test(
        arguments: [
            (#"{"mode":"manual","at":"2030-05-06T07:08:09.5Z"}"#, 200, "2030-05-06T07:08:09.5Z"),
            (#"{"at":"2020-01-01T00:00:00+02:00"}"#, 200, #""now":"2019-12-31T22:00:00Z""#),
            ("manual@2031-01-01T00:00:00Z", 200, #""now":"2031-01-01T00:00:00Z""#),
            ("{}", 400, "a clock is told its `mode`"),
            (#"{"mode":"manuel"}"#, 400, "did you mean `manual`?"),
            (#"{"mode":"accelerated"}"#, 400, "the key `rate` is missing"),
            (#"{"mode":"accelerated","rate":0}"#, 400, "from 0.001 to 1000000"),
            (#"{"mode":"manual","rate":2}"#, 400, "only an accelerated clock has a rate"),
            (#"{"mode":"real","at":"2026-01-01T00:00:00Z"}"#, 400, "leave @TIME out"),
            (#"{"mode":"manual","at":"tomorrow"}"#, 400, "`tomorrow` is no time"),
            (#"{"advance":"1h","mode":"manual"}"#, 400, "`advance` stands alone"),
            (#"{"advance":"1 hour"}"#, 400, "not a duration"),
            (#"{"advance":"-1h"}"#, 400, "not a duration"),
            (#"{"advance":"2000000h"}"#, 409, "more than a hundred years"),
            (#"{"advanced":"1h"}"#, 400, "did you mean `advance`?"),
        ])
    func `a clock does what it is told or says why not`(
        body: String, status: Int, part: String
    ) async throws {
        try await SidecarFixture.run(plan()) { sidecar in
            let answer = try sidecar.send("POST", "/_fakedapr/clock", body)
            #expect(answer.status == status)
            #expect(answer.text.contains(part), "\(answer.text)")
        }
    }

    @Test func `a real clock is not moved`() async throws {
        try await SidecarFixture.run(plan(time: nil)) { sidecar in
            for body in [#"{"advance":"1s"}"#, #"{"at":"2026-01-01T00:00:00Z"}"#] {
                let answer = try sidecar.send("POST", "/_fakedapr/clock", body)
                #expect(answer.status == 409)
                #expect(answer.text.contains("make it manual or accelerated first"))
            }
            let clock = try sidecar.send("GET", "/_fakedapr/clock").text
            #expect(clock.hasPrefix(#"{"mode":"real","now":"20"#))
        }
    }
}
