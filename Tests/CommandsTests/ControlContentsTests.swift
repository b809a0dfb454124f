import Foundation
import JSON
import TestSupport
import Testing

/// Reset, seed and snapshots of a served sidecar, on every store.
@Suite(.timeLimit(.minutes(3))) struct ControlContentsTests {
    enum Store: String, CaseIterable, Sendable { case memory, sqlite, redis }

    /// A sidecar on a store; on the shared Redis its app id is its own.
    private static func serve(
        _ store: Store, _ arguments: [String] = [], folder: TemporaryFolder? = nil
    ) throws -> ServeProcess {
        let redis = ["--redis-url", "redis://127.0.0.1:\(RedisServer.shared.port)/3"]
        return try ServeProcess(
            [
                "--store", store.rawValue, "--app-id",
                "contents-\(UInt32.random(in: 0 ... .max))",
            ] + (store == .redis ? redis : []) + arguments, folder: folder?.path)
    }

    private static func json(_ response: WireResponse) throws -> JSONValue {
        try JSONValue.parse(Array(response.text.utf8)[...])
    }

    // MARK: Reset

    @Test(arguments: Store.allCases)
    func `a reset empties the store, and nobody else's`(store: Store) async throws {
        try await OffPool.run {
            let folder = try TemporaryFolder()
            let serve = try Self.serve(store, folder: folder)
            let other = try Self.serve(store, folder: folder)
            for each in [serve, other] { #expect(try each.save("a", "1") == 204) }
            let answer = try serve.request("POST", "/_fakedapr/reset", body: "{}")
            #expect(answer.status == 200, "\(answer.text)")
            #expect(
                answer.text
                    == #"{"reset":["state","topics","journal","faults","stubs","clock"],"#
                    + #""abandonedDeliveries":0}"#)
            #expect(try serve.value("a") == "")
            #expect(try other.value("a") == "1")
            #expect(try serve.save("a", "2") == 204)
            let part = try serve.request(
                "POST", "/_fakedapr/reset", body: #"{"only": ["journal", "topics"]}"#)
            #expect(part.text == #"{"reset":["topics","journal"],"abandonedDeliveries":0}"#)
            #expect(try serve.value("a") == "2")
            #expect(try other.request("POST", "/_fakedapr/reset").status == 200)
        }
    }

    /// An application that takes a moment for each message, so that some are always under way.
    private static let slowApp = """
        stubs:
          - app: slow
            subscribe: [{ pubsubname: pubsub, topic: orders, route: /orders }]
            routes: [{ when: /orders, reply: { status: 200, delay: 5ms } }]
        """

    @Test(arguments: Store.allCases)
    func `no message of before a reset is delivered or told after it`(store: Store) async throws {
        try await OffPool.run {
            let folder = try TemporaryFolder()
            defer { _ = folder.path }
            let serve = try Self.serve(store, folder: folder)
            let client = try serve.client()
            func send(_ path: String, _ body: String) throws -> WireResponse {
                try client.request("POST", path, body: body)
            }
            #expect(try send("/_fakedapr/seed", Self.slowApp).status == 200)
            for round in 0..<25 {
                for number in 0..<8 {
                    let old = "old-\(round)-\(number)"
                    #expect(try send("/v1.0/publish/pubsub/orders", old).status == 204)
                }
                let reset = try send("/_fakedapr/reset", #"{"only":["topics","journal"]}"#)
                #expect(reset.text == #"{"reset":["topics","journal"],"abandonedDeliveries":0}"#)
                let new = "new-\(round)"
                #expect(try send("/v1.0/publish/pubsub/orders", new).status == 204)
                let wait = try send(
                    "/_fakedapr/wait", #"{"api":"deliver","atLeast":1,"timeout":"10s"}"#)
                #expect(wait.status == 200, "\(wait.text)")
                let journal = try client.request("GET", "/_fakedapr/journal?api=deliver").text
                #expect(journal.contains(new))
                #expect(!journal.contains("old-"), "round \(round)")
            }
            #expect(try send("/_fakedapr/reset", "{}").status == 200)
        }
    }

    @Test func `a mistake is told with its place`() async throws {
        try await OffPool.run {
            let serve = try Self.serve(.memory)
            for (path, body, text) in [
                ("reset", #"{"only": ["stat"]}"#, "did you mean `state`?"),
                ("reset", #"{"onyl": []}"#, "did you mean `only`?"),
                ("seed", #"{"state": {"statestore": [{"value": 1}]}}"#, "`key` is missing"),
                ("seed", #"{"state": {"shop": {"a": 1}}}"#, "there is statestore"),
                ("seed", #"{"topics": {"bus": {"a": [1]}}}"#, "there is pubsub"),
                ("seed", #"{"state": {"statestore": {"a||b": 1}}}"#, "||"),
                ("snapshots/a%20b", "", "letters, digits"),
            ] {
                let answer = try serve.request("POST", "/_fakedapr/\(path)", body: body)
                #expect(answer.status == 400)
                #expect(answer.text.contains(text), "\(answer.text)")
            }
        }
    }

    // MARK: Seed

    @Test(arguments: Store.allCases)
    func `a seed puts keys byte for byte, with etag and time to live`(store: Store) async throws {
        try await OffPool.run {
            let serve = try Self.serve(store)
            #expect(try serve.save("kept", "1") == 204)
            let seed = """
                state:
                  statestore:
                    - key: a
                      value: {"x" : 1.50}
                      etag: "7"
                    - { key: b, value: [1, two], ttl: 100 }
                    - { key: c, value: plain text, ttl: 5m }
                """
            let answer = try serve.request("POST", "/_fakedapr/seed", body: seed)
            #expect(answer.text == #"{"keys":3,"messages":0,"stubs":0,"faults":0}"#)
            let first = try serve.request("GET", "/v1.0/state/statestore/a")
            #expect(first.text == #"{"x" : 1.50}"#)
            #expect(first["etag"] == "7")
            #expect(try serve.value("b") == #"[1,"two"]"#)
            #expect(try serve.value("c") == #""plain text""#)
            #expect(try serve.value("kept") == "1")
            let taken = try serve.request("POST", "/_fakedapr/snapshots/now")
            #expect(taken.status == 201)
            let text = try serve.request("GET", "/_fakedapr/snapshots/now").text
            #expect(text.contains(#""key":"b","value":[1,"two"],"etag":"#))
            #expect(text.components(separatedBy: "\"ttl\":\"").count == 3, "\(text)")
            #expect(try serve.request("POST", "/_fakedapr/reset").status == 200)
        }
    }

    @Test func `a seed's messages are delivered and its stubs answer`() async throws {
        try await OffPool.run {
            let serve = try Self.serve(.memory)
            let seed = """
                stubs:
                  - app: prices
                    subscribe: [{ pubsubname: pubsub, topic: orders, route: /orders }]
                    routes:
                      - when: /orders
                        reply: { status: 200 }
                      - when: /price
                        reply: { json: { cents: 100 } }
                topics:
                  pubsub: { orders: [{ id: 1 }, { id: 2 }] }
                """
            let answer = try serve.request("POST", "/_fakedapr/seed", body: seed)
            #expect(answer.text == #"{"keys":0,"messages":2,"stubs":2,"faults":0}"#)
            let price = try serve.request("GET", "/v1.0/invoke/prices/method/price")
            #expect(price.text == #"{"cents":100}"#)
            let wait = try serve.request(
                "POST", "/_fakedapr/wait",
                body: #"{"api":"deliver","topic":"orders","exactly":2,"timeout":"10s"}"#)
            #expect(wait.status == 200, "\(wait.text)")
            // A reset takes the stubs away, and leaves no entry behind.
            #expect(try serve.request("POST", "/_fakedapr/reset").status == 200)
            #expect(try serve.request("GET", "/v1.0/invoke/prices/method/price").status == 500)
            let left = try serve.request(
                "POST", "/_fakedapr/verify", body: #"{"api":"deliver","exactly":0}"#)
            #expect(left.status == 200, "\(left.text)")
        }
    }

    // MARK: Snapshots

    @Test(arguments: Store.allCases)
    func `a snapshot is taken, compared, loaded, handed out and kept again`(
        store: Store
    ) async throws {
        try await OffPool.run {
            let serve = try Self.serve(store)
            for (key, value) in [("a", "1"), ("b", #"{"n":1}"#), ("gone", "true")] {
                #expect(try serve.save(key, value) == 204)
            }
            for number in 1...2 {
                // Other tests share the Redis, and with it its topics.
                let answer = try serve.request(
                    "POST", "/v1.0/publish/pubsub/of-snapshots", body: #"{"n":\#(number)}"#)
                #expect(answer.status == 204)
            }
            let messages = store == .memory ? 0 : 2
            let taken = try serve.request("POST", "/_fakedapr/snapshots/one")
            #expect(taken.text == #"{"name":"one","keys":3,"messages":\#(messages)}"#)

            #expect(try serve.save("a", "2") == 204)
            #expect(try serve.save("b", #"{ "n": 1 }"#) == 204)
            #expect(try serve.save("new", "0") == 204)
            #expect(try serve.request("DELETE", "/v1.0/state/statestore/gone").status == 204)
            let diff = try Self.json(serve.request("GET", "/_fakedapr/snapshots/one/diff"))
            #expect(diff["identical"]?.bool == false)
            func keys(_ kind: String) -> [String?]? {
                diff["state"]?[kind]?["statestore"]?.array?.map { $0["key"]?.string }
            }
            #expect(keys("added") == ["new"])
            #expect(keys("removed") == ["gone"])
            #expect(keys("changed") == ["a"])
            #expect(keys("rewritten") == ["b"])

            let handedOut = try serve.request("GET", "/_fakedapr/snapshots/one").text
            let kept = try serve.request("PUT", "/_fakedapr/snapshots/two", body: handedOut)
            #expect(kept.text == #"{"name":"two","keys":3,"messages":\#(messages)}"#)
            #expect(
                try serve.request("GET", "/_fakedapr/snapshots").text
                    == #"{"snapshots":["one","two"]}"#)
            #expect(try serve.request("DELETE", "/_fakedapr/snapshots/one").status == 200)
            #expect(try serve.request("GET", "/_fakedapr/snapshots/one").status == 404)

            #expect(try serve.request("POST", "/_fakedapr/snapshots/two/load").status == 200)
            #expect(try serve.value("a") == "1")
            #expect(try serve.value("gone") == "true")
            #expect(try serve.value("new") == "")
            let again = try Self.json(serve.request("GET", "/_fakedapr/snapshots/two/diff"))
            #expect(again["identical"]?.bool == true, "\(again.text)")
            #expect(again["state"]?["rewritten"]?.object?.isEmpty == true)
            #expect(try serve.request("POST", "/_fakedapr/reset").status == 200)
        }
    }
}
