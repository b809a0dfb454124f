import Backends
import Bytes
import Testing

@testable import Blocks

/// The pure parts of pub/sub.
@Suite struct PubSubPartsTests {
    @Test(arguments: [
        ([:], true, true), (["publishingScopes": "app=a,b;other=c"], true, true),
        (["publishingScopes": "app=b"], false, true), (["publishingScopes": "app="], false, true),
        (["publishingScopes": "other=b"], true, true),
        (["subscriptionScopes": " app = b "], true, false),
        (["allowedTopics": "a,c"], true, true), (["allowedTopics": "b"], false, false),
        (["protectedTopics": "a"], false, false),
        (["protectedTopics": "a", "publishingScopes": "app=a"], true, false),
        (["PROTECTEDTOPICS": "a", "subscriptionScopes": "app=a"], false, true),
        (["allowedTopics": "b", "publishingScopes": "app=a"], false, false),
    ])
    func `scopes say who may`(settings: [String: String], publishes: Bool, subscribes: Bool) {
        let scopes = PubSubScopes(settings: settings, appID: "app")
        #expect(scopes.mayPublish(to: "a") == publishes)
        #expect(scopes.maySubscribe(to: "a") == subscribes)
    }

    @Test(
        arguments: [
            ([:], nil), (["ttl": "60"], 60), (["TTLINSECONDS": "60"], 60),
            (["ttlInSeconds": "1m"], 60),
            (["ttl": "-1"], nil), (["ttl": "0"], 0), (["ttl": "0s"], 0), (["ttl": "-5s"], -5),
            (["ttl": "1.5"], nil), (["ttl": "x"], nil),
        ] as [([String: String], Int64?)])
    func `a time to live is seconds or a duration`(metadata: [String: String], seconds: Int64?) {
        let now = Timestamp(seconds: 1_000_000)
        let expiry = TimeToLive.expiry(metadata, at: now)
        #expect(expiry == seconds.map { now.adding(seconds: $0) })
    }

    @Test(
        arguments: [
            ("2026-08-21T20:12:09Z", 1_787_343_129), ("2026-08-21T22:12:09+02:00", 1_787_343_129),
            ("2026-08-21T20:12:09.5Z", 1_787_343_129),
        ] as [(String, Int64)])
    func `times are read with their zone`(text: String, seconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.seconds == seconds)
    }

    @Test(arguments: [
        "", "2026", "2026-08-21 20:12:09Z", "2026-13-01T00:00:00Z", "2026-08-21T20:12:09",
    ])
    func `what is no time is none`(text: String) { #expect(Timestamp(rfc3339: text) == nil) }

    @Test func `a time is written with its zone`() {
        let time = Timestamp(seconds: 1_787_343_129)
        #expect(time.rfc3339(offset: 0) == "2026-08-21T20:12:09Z")
        #expect(time.rfc3339(offset: 19_800) == "2026-08-22T01:42:09+05:30")
        #expect(time.rfc3339(offset: -3600) == "2026-08-21T19:12:09-01:00")
    }

    private func read(_ text: String) throws -> SubscriptionReader.Result {
        try SubscriptionReader.programmatic(Array(text.utf8)[...])
    }

    @Test(arguments: ["", "  ", "null", "[]"])
    func `no subscriptions are none`(text: String) throws {
        #expect(try read(text).subscriptions.isEmpty)
    }

    @Test func `names are read without regard to case, and a path gets its slash`() throws {
        let result = try read(
            #"[{"PubSubName":"p","Topic":"t","Route":"r","DeadLetterTopic":"d","Metadata":{"rawPayload":true}},"#
                + #"{"pubsubname":"p","topic":"u","route":"no","routes":{"default":"yes","rules":[{"match":"","path":"all"}]}},"#
                + #"{"pubsubname":"p","topic":"v"}]"#)
        #expect(result.subscriptions.map(\.topic) == ["t", "u"])
        #expect(result.subscriptions[0].rules.map(\.path) == ["/r"])
        #expect(result.subscriptions[0].rules.map(\.shownPath) == ["r"])
        #expect(result.subscriptions[0].deadLetterTopic == "d")
        #expect(result.subscriptions[0].isRaw)
        #expect(result.subscriptions[1].rules.map(\.path) == ["/all", "/yes"])
        #expect(!result.subscriptions[1].isRaw)
        #expect(result.warnings.count == 1)
    }

    @Test(arguments: [
        "{", "{}", "7",
        #"[{"pubsubname":"p","topic":"t","routes":{"rules":[{"match":"event.type = 1","path":"/"}]}}]"#,
    ])
    func `a list with a mistake is refused whole`(text: String) {
        #expect(throws: SubscriptionReader.Refusal.self) { try read(text) }
    }

    @Test func `a programmatic subscription goes before a declarative one`() throws {
        var all: [Subscription] = []
        for (kind, path) in [
            (Subscription.Kind.declarative, "/first"), (.declarative, "/second"),
            (.programmatic, "/third"),
        ] {
            all.add(
                Subscription(
                    pubsub: "p", topic: "t", rules: [.init(match: nil, path: path)],
                    deadLetterTopic: "", metadata: [:], bulk: .init(), kind: kind))
            #expect(all.count == 1)
        }
        #expect(all[0].rules.map(\.path) == ["/third"])
    }

    @Test(arguments: [
        (
            200,
            #"{"statuses":[{"entryId":"a","status":"SUCCESS"},{"entryId":"b","status":"DROP"}]}"#,
            ["taken", "dropped"]
        ),
        (
            200,
            #"{"statuses":[{"entryId":"a","status":"RETRY"},{"entryId":"x","status":"SUCCESS"}]}"#,
            ["failed", "failed"]
        ),
        (200, "", ["failed", "failed"]), (200, "{}", ["failed", "failed"]),
        (404, "", ["dropped", "dropped"]), (500, "", ["failed", "failed"]),
        (
            200, #"{"statuses":[{"entryId":"a","status":""},{"entryId":"b","status":"odd"}]}"#,
            ["failed", "failed"]
        ),
    ])
    func `an answer to a batch says what became of each entry`(
        status: Int, body: String, verdicts: [String]
    ) {
        let found = BulkVerdicts.read(status, Array(body.utf8)[...], ["a", "b"])
        let words = found.map { verdict in
            switch verdict {
            case .taken: "taken"
            case .dropped: "dropped"
            default: "failed"
            }
        }
        #expect(words == verdicts)
    }
}
