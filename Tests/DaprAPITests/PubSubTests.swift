import Blocks
import HTTP
import JSON
import TestSupport
import Testing

/// Publish and subscribe on the wire (pubsub.md of the specification).
@Suite(.timeLimit(.minutes(2))) struct PubSubTests {
    private static func json(_ text: String) throws -> JSONValue {
        try JSONValue.parse(Array(text.utf8)[...])
    }

    /// Subscribes to `topic` and answers events by `answer`.
    private static func app(
        _ subscriptions: String, _ answer: @escaping @Sendable (Received) -> (Int, String)
    ) -> RecordingApp.Answer {
        { request in
            if request.target == "/dapr/config" { return Response(status: 404) }
            let (status, body) =
                request.target == "/dapr/subscribe" ? (200, subscriptions) : answer(request)
            return Response(status: status, body: Array(body.utf8)[...])
        }
    }

    private static let orders = #"[{"pubsubName":"pubsub","TOPIC":"orders","route":"in"}]"#

    // MARK: Envelopes

    @Test(arguments: [
        (
            "application/json", #"{"b":1,"a":"<x>"}"#,
            #"{"data":{"a":"<x>","b":1},"datacontenttype":"application/json"}"#
        ),
        (
            "application/json; charset=utf-8", "[1.50]",
            #"{"data":[1.50],"datacontenttype":"application/json; charset=utf-8"}"#
        ),
        ("application/json", "no json", #"{"data":"no json"}"#),
        ("application/json", "", #"{"data":""}"#),
        ("text/plain", "5", #"{"data":"5","datacontenttype":"text/plain"}"#),
        ("application/vnd.x+json", "{}", #"{"data":"{}"}"#),
        ("application/octet-stream", "\u{0}", #"{"data_base64":"AA=="}"#),
        ("", "x", #"{"data":"x","datacontenttype":"text/plain"}"#),
    ])
    func `an event is wrapped by its content type`(
        type: String, body: String, members: String
    ) async throws {
        try await AppFixture.run(answer: Self.app(Self.orders) { _ in (200, "") }) { fixture in
            let headers = type.isEmpty ? [] : [("Content-Type", type)]
            let answer = try fixture.send(
                "POST", "/v1.0/publish/pubsub/orders", headers: headers, body)
            #expect(answer.status == 204)
            #expect(answer.text == "")
            let request = try #require(try fixture.seen.requests(to: "/in").first)
            #expect(request.method == "POST")
            #expect(request["content-type"] == "application/cloudevents+json")
            #expect(request["pubsubname"] == "pubsub")
            #expect(request["traceparent"] == TraceParent.zero)
            let event = try Self.json(request.body)
            for member in try Self.json(members).object ?? [] {
                #expect(event[member.name] == member.value, "\(request.body)")
            }
            #expect(event["source"]?.string == "myapp")
            #expect(event["type"]?.string == "com.dapr.event.sent")
            #expect(event["specversion"]?.string == "1.0")
            #expect(event["topic"]?.string == "orders")
            #expect(event["pubsubname"]?.string == "pubsub")
            #expect(event["traceid"]?.string == "" && event["traceparent"]?.string == "")
            #expect(event["tracestate"]?.string == "")
            #expect(event["id"]?.string?.count == 36)
            #expect(event["expiration"] == nil && event["subject"] == nil)
            #expect((event["data"] == nil) == (event["data_base64"] != nil))
            // Sorted, and safe to be shown in a page.
            let names = (event.object ?? []).map(\.name)
            #expect(names == names.sorted())
            #expect(!request.body.contains("<"))
        }
    }

    @Test func `metadata overrides the envelope and reaches the application as fields`()
        async throws
    {
        try await AppFixture.run(answer: Self.app(Self.orders) { _ in (200, "") }) { fixture in
            let query =
                "metadata.cloudevent.id=i&metadata.CloudEvent.Type=t&metadata.cloudevent.source=s"
                + "&metadata.cloudevent.subject=u&metadata.cloudevent.traceid=T&metadata.x=y"
                + "&metadata.ttlInSeconds=60"
            _ = try fixture.send("POST", "/v1.0/publish/pubsub/orders?\(query)", "x")
            let request = try #require(try fixture.seen.requests(to: "/in").first)
            let event = try Self.json(request.body)
            for (name, value) in [
                ("id", "i"), ("type", "t"), ("source", "s"), ("subject", "u"), ("traceid", "T"),
                ("traceparent", "T"),
            ] {
                #expect(event[name]?.string == value, "\(name)")
            }
            #expect(event["expiration"]?.string?.hasSuffix("Z") == true)
            #expect(request["x"] == "y")
        }
    }

    @Test func `a CloudEvent passes with what it lacks`() async throws {
        try await AppFixture.run(answer: Self.app(Self.orders) { _ in (200, "") }) { fixture in
            _ = try fixture.send(
                "POST", "/v1.0/publish/pubsub/orders",
                headers: [("Content-Type", "application/cloudevents+json")],
                #"{"data":{"n":1},"source":null,"type":"mine","topic":"no","traceparent":"x","extra":[1]}"#
            )
            let request = try #require(try fixture.seen.requests(to: "/in").first)
            let event = try Self.json(request.body)
            #expect(event["source"]?.string == "Dapr")
            #expect(event["type"]?.string == "mine")
            #expect(event["topic"]?.string == "orders")
            #expect(event["specversion"]?.string == "1.0")
            #expect(event["traceparent"]?.string == "")
            #expect(event["extra"]?.text == "[1]")
            #expect(event["id"] == nil && event["datacontenttype"] == nil)
        }
    }

    // MARK: Refusals

    @Test(arguments: [
        (
            "pubsub/orders?metadata.rawPayload=perhaps", "", 400, "ERR_PUBSUB_REQUEST_METADATA",
            "failed deserializing metadata. Error: rawPayload value must be a valid boolean: actual is 'perhaps'"
        ),
        ("nope/orders", "", 404, "ERR_PUBSUB_NOT_FOUND", "pubsub nope is not found"),
        ("bulk/pubsub", "", 404, "ERR_PUBSUB_NOT_FOUND", "pubsub bulk is not found"),
        (
            "pubsub/orders", "application/cloudevents+json", 500, "ERR_PUBSUB_CLOUD_EVENTS_SER",
            "cannot create cloudevent"
        ),
        (
            "pubsub/secret", "", 403, "ERR_PUBSUB_FORBIDDEN",
            "topic secret is not allowed for app id myapp"
        ),
        (
            "bulk/pubsub/orders", "", 400, "ERR_PUBSUB_EVENTS_SER",
            "error when unmarshaling the request for topic orders pubsub pubsub: json: cannot unmarshal number into Go value of type []http.bulkPublishMessageEntry"
        ),
    ])
    func `what cannot be published is refused in Dapr's words`(
        path: String, type: String, status: Int, code: String, message: String
    ) async throws {
        try await AppFixture.run(scopes: ["publishingScopes": "myapp=orders"]) { fixture in
            let headers = type.isEmpty ? [] : [("Content-Type", type)]
            let answer = try fixture.send("POST", "/v1.0/publish/\(path)", headers: headers, "1")
            #expect(answer.status == status)
            let body = try Self.json(answer.text)
            #expect(body["errorCode"]?.string == code)
            #expect(body["message"]?.string == message, "\(answer.text)")
            #expect(body["details"]?.array?.isEmpty == false)
        }
    }

    @Test(
        arguments: [
            (#"[]"#, 204, ""),
            (
                #"[{"entryId":"1","event":{"a":1},"contentType":"application/json"},{"entryId":"2","event":"t","contentType":"text/plain"}]"#,
                204, ""
            ),
            (
                #"[{"event":"t","contentType":"text/plain"}]"#, 400,
                "error marshaling events to bytes for topic orders pubsub pubsub. error: entryId is duplicated or not present for entry"
            ),
            (
                #"[{"entryId":"1","event":"t","contentType":"text/plain"},{"entryId":"1","event":"t","contentType":"text/plain"}]"#,
                400,
                "error marshaling events to bytes for topic orders pubsub pubsub. error: entryId is duplicated or not present for entry"
            ),
            (
                #"[{"entryId":"1","event":1,"contentType":"text/plain"}]"#, 400,
                "error when marshalling cloud event envelope for topic orders pubsub pubsub: error: mismatch between contentType and event"
            ),
            (
                #"[{"entryId":"1","event":"x"}]"#, 400,
                "error when marshalling cloud event envelope for topic orders pubsub pubsub: error: mismatch between contentType and event"
            ),
            (
                #"[{"entryId":"1","event":"x","contentType":"application/pdf"}]"#, 400,
                "error when marshalling cloud event envelope for topic orders pubsub pubsub: error: mismatch between contentType and event"
            ),
            (
                #"[null]"#, 400,
                "error when marshalling cloud event envelope for topic orders pubsub pubsub: error: mismatch between contentType and event"
            ),
            (
                #"[{}]"#, 400,
                "error when marshalling cloud event envelope for topic orders pubsub pubsub: error: mismatch between contentType and event"
            ),
            (
                #"[{"event":1}]"#, 400,
                "error when marshalling cloud event envelope for topic orders pubsub pubsub: error: mismatch between contentType and event"
            ),
            (
                #"[{"entryId":"","event":1,"contentType":"foo/bar"}]"#, 400,
                "error when marshalling cloud event envelope for topic orders pubsub pubsub: error: mismatch between contentType and event"
            ),
            (
                #"[{"entryId":"1","event":1,"contentType":"application/cloudevents+json"}]"#, 500,
                "cannot create cloudevent"
            ),
            (
                #"[{"entryId":"1","event":"QUI!","contentType":"application/octet-stream"}]"#, 400,
                "error when marshalling cloud event envelope for topic orders pubsub pubsub: error: unable to decode base64 application/octect-stream data: illegal base64 data at input byte 3"
            ),
        ], ["v1.0", "v1.0-alpha1"])
    func `several events are published together or refused together`(
        row: (String, Int, String), version: String
    ) async throws {
        try await AppFixture.run { fixture in
            let answer = try fixture.send(
                "POST", "/\(version)/publish/bulk/pubsub/orders", row.0)
            #expect(answer.status == row.1)
            guard row.1 != 204 else { return }
            let message = try Self.json(answer.text)["message"]?.string
            #expect(message == row.2)
        }
    }

    // MARK: Deliveries

    @Test func `a message's metadata does not pass for what the delivery says itself`()
        async throws
    {
        let subscriptions = #"[{"pubsubname":"pubsub","topic":"orders","route":"/in"}]"#
        try await AppFixture.run(answer: Self.app(subscriptions) { _ in (200, "") }) { fixture in
            let names = [
                "transfer-encoding", "host", "Connection", "content-length", "user-agent", "y-bin",
                "grpc-z", "x-own", "keep-alive", "upgrade", "traceparent", "tracestate",
            ]
            let query = names.map { "metadata.\($0)=m" }.joined(separator: "&")
            #expect(
                try fixture.send("POST", "/v1.0/publish/pubsub/orders?\(query)", "1").status == 204)
            let request = try #require(try fixture.seen.requests(to: "/in").last)
            for name in [
                "transfer-encoding", "connection", "y-bin", "grpc-z", "keep-alive", "upgrade",
            ] {
                #expect(request.all(name) == [], "\(name)")
            }
            #expect(request.all("host") == ["127.0.0.1:\(fixture.appPort)"])
            #expect(request.all("content-length").count == 1 && request.body.hasSuffix("}"))
            #expect(request.all("user-agent") == ["m"] && request.all("dapr-grpc-z") == ["m"])
            #expect(request.all("traceparent").count == 1 && request.all("tracestate").count <= 1)
            #expect(request.all("x-own") == ["m"])
        }
    }

    @Test(arguments: [
        (200, "", true), (204, "", true), (200, "no json", true), (200, "[]", true),
        (200, #"{"status":"SUCCESS"}"#, true), (200, #"{"status":""}"#, true),
        (200, #"{"status":7}"#, true), (200, #"{"status":"DROP"}"#, false),
        (200, #"{"status":"RETRY"}"#, false), (200, #"{"status":"success"}"#, false),
        (404, "", false), (302, "", false), (400, "", false), (500, "", false),
    ])
    func `what an application does not take goes to its dead letters`(
        status: Int, body: String, isTaken: Bool
    ) async throws {
        let subscriptions =
            #"[{"pubsubname":"pubsub","topic":"orders","route":"/in","deadLetterTopic":"lost"},"#
            + #"{"pubsubname":"pubsub","topic":"lost","routes":{"default":"/lost"}}]"#
        let app = Self.app(subscriptions) { $0.target == "/in" ? (status, body) : (200, "") }
        try await AppFixture.run(answer: app) { fixture in
            _ = try fixture.send("POST", "/v1.0/publish/pubsub/orders", "first")
            // Behind it in the same queues: what it brings about has come by then.
            _ = try fixture.send("POST", "/v1.0/publish/pubsub/lost", "end")
            let first = try #require(try fixture.seen.requests(to: "/in").first)
            if !isTaken {
                let lost = try fixture.seen.requests(to: "/lost", count: 2)
                #expect(lost.contains { $0.body == first.body })
            }
            _ = try fixture.seen.requests(to: "/lost", count: isTaken ? 1 : 2)
            #expect(fixture.seen.all.count { $0.target == "/in" } == 1)
        }
    }

    @Test(arguments: [
        ("a", "/a"), ("b", "/b"), ("c", "/other"),
    ])
    func `the first rule that is true names the path`(type: String, path: String) async throws {
        let subscriptions = """
            [{"pubsubname":"pubsub","topic":"orders","routes":{"rules":[
              {"match":"event.type == \\"a\\"","path":"/a"},
              {"match":"event.type == \\"b\\" || event.data == \\"a\\"","path":"/b"}],
              "default":"/other"}}]
            """
        try await AppFixture.run(answer: Self.app(subscriptions) { _ in (200, "") }) { fixture in
            _ = try fixture.send(
                "POST", "/v1.0/publish/pubsub/orders?metadata.cloudevent.type=\(type)", "x")
            #expect(try fixture.seen.requests(to: path).count == 1)
        }
    }

    @Test func `a raw subscriber gets an envelope made for it`() async throws {
        let subscriptions =
            #"[{"pubsubname":"pubsub","topic":"orders","route":"/in","metadata":{"rawPayload":"true"}}]"#
        try await AppFixture.run(answer: Self.app(subscriptions) { _ in (200, "") }) { fixture in
            _ = try fixture.send(
                "POST", "/v1.0/publish/pubsub/orders?metadata.rawPayload=true", "raw")
            let request = try #require(try fixture.seen.requests(to: "/in").first)
            let event = try Self.json(request.body)
            #expect(event["data_base64"]?.string == "cmF3")
            #expect(event["datacontenttype"]?.string == "application/octet-stream")
            #expect(event["source"]?.string == "Dapr")
        }
    }

    @Test func `a bulk subscriber gets several events and says what became of each`() async throws {
        let subscriptions = """
            [{"pubsubname":"pubsub","topic":"orders","route":"/in","deadLetterTopic":"lost",
              "bulkSubscribe":{"enabled":true,"maxMessagesCount":3,"maxAwaitDurationMs":20000}},
             {"pubsubname":"pubsub","topic":"lost","route":"/lost"}]
            """
        let app = Self.app(subscriptions) { request in
            guard request.target == "/in", let event = try? Self.json(request.body) else {
                return (200, "")
            }
            let statuses = (event["entries"]?.array ?? []).map { entry in
                let isBad = entry["event"]?["data"]?.string == "bad"
                return
                    #"{"entryId":"\#(entry["entryId"]?.string ?? "")","status":"\#(isBad ? "RETRY" : "SUCCESS")"}"#
            }
            return (200, #"{"statuses":[\#(statuses.joined(separator: ","))]}"#)
        }
        try await AppFixture.run(answer: app) { fixture in
            for text in ["one", "bad", "three"] {
                _ = try fixture.send("POST", "/v1.0/publish/pubsub/orders", text)
            }
            let batch = try #require(try fixture.seen.requests(to: "/in").first)
            #expect(batch["content-type"] == "application/json")
            let envelope = try Self.json(batch.body)
            #expect(envelope["type"]?.string == "com.dapr.event.sent.bulk")
            #expect(envelope["entries"]?.array?.count == 3)
            #expect(
                envelope["entries"]?.array?.first?["contentType"]?.string
                    == "application/cloudevents+json")
            let lost = try fixture.seen.requests(to: "/lost")
            #expect(lost.count == 1)
            #expect(try Self.json(lost[0].body)["data"]?.string == "bad")
        }
    }

    @Test func `an application is asked once, with its id, and its answer is told`() async throws {
        try await AppFixture.run(answer: Self.app(Self.orders) { _ in (200, "") }) { fixture in
            let asked = try fixture.seen.requests(to: "/dapr/")
            #expect(asked.map(\.target) == ["/dapr/config", "/dapr/subscribe"])
            #expect(asked.allSatisfy { $0["dapr-app-id"] == "myapp" })
            let metadata = try Self.json(try fixture.send("GET", "/v1.0/metadata").text)
            let subscription = try #require(metadata["subscriptions"]?.array?.first)
            #expect(
                subscription.text
                    == #"{"pubsubname":"pubsub","topic":"orders","rules":[{"path":"in"}],"deadLetterTopic":"","type":"PROGRAMMATIC"}"#
            )
        }
    }
}
