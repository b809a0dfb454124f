import Backends
import Blocks
import TestSupport
import Testing

/// What a table of requests cannot hold: times, prefixes, sizes, values that Dapr would rewrite.
@Suite struct StateDetailTests {
    /// 2026-08-21T20:12:00Z and a bit.
    private static let noon = Timestamp(nanoseconds: 1_787_343_120_400_000_000)

    private func plan(_ store: Store) -> SidecarPlan {
        SidecarPlan(store: store, time: Self.noon)
    }

    private func save(_ sidecar: SidecarFixture, _ item: String, query: String = "") throws {
        let response = try sidecar.send("POST", "/v1.0/state/statestore\(query)", "[\(item)]")
        #expect(response.status == 204, "\(response.text)")
    }

    /// What the shared Redis answers to one command, without its framing.
    private func redis(_ command: String) throws -> String {
        let client = try WireClient(port: RedisServer.shared.port)
        try client.send("\(command)\r\nQUIT\r\n")
        return try client.readToEnd().split(separator: "\r\n").dropLast().joined(separator: " ")
    }

    // MARK: Time to live (state.md §12)

    @Test(arguments: [Store.memory, .sqlite])
    func `a value lives for its seconds and tells when it will end`(store: Store) async throws {
        try await SidecarFixture.run(plan(store)) { sidecar in
            try save(sidecar, #"{"key":"k","value":1,"metadata":{"ttlInSeconds":"9"}}"#)
            let got = try sidecar.send("GET", "/v1.0/state/statestore/k")
            #expect(got.text == "1")
            #expect(got["Metadata.ttlexpiretime"] == "2026-08-21T20:12:09Z")
            let bulk = try sidecar.send("POST", "/v1.0/state/statestore/bulk", #"{"keys":["k"]}"#)
            #expect(
                bulk.text.hasSuffix(
                    #""metadata":{"ttlExpireTime":"2026-08-21T20:12:09Z"}}]"# + "\n"))
            await sidecar.advance(by: .seconds(8))
            let late = try sidecar.send("GET", "/v1.0/state/statestore/k")
            #expect(late.status == 200)
            await sidecar.advance(by: .seconds(1))
            let gone = try sidecar.send("GET", "/v1.0/state/statestore/k")
            #expect(gone.status == 204)
            let missing = try sidecar.send(
                "POST", "/v1.0/state/statestore/bulk", #"{"keys":["k"]}"#)
            #expect(missing.text == #"[{"key":"k"}]"# + "\n")
        }
    }

    @Test(arguments: [Store.memory, .sqlite])
    func `an expired value is none to etags and first writes`(store: Store) async throws {
        try await SidecarFixture.run(plan(store)) { sidecar in
            try save(sidecar, #"{"key":"k","value":1,"metadata":{"ttlInSeconds":"1"}}"#)
            let etag = try sidecar.send("GET", "/v1.0/state/statestore/k")["Etag"] ?? ""
            await sidecar.advance(by: .seconds(1))
            let stale = try sidecar.send(
                "POST", "/v1.0/state/statestore", #"[{"key":"k","value":2,"etag":"\#(etag)"}]"#)
            #expect(stale.status == 409)
            try save(sidecar, #"{"key":"k","value":3,"options":{"concurrency":"first-write"}}"#)
            let got = try sidecar.send("GET", "/v1.0/state/statestore/k")
            #expect(got.text == "3")
            #expect(got["Metadata.ttlexpiretime"] == nil)
        }
    }

    @Test(
        arguments: [Store.memory, .sqlite],
        [
            #"{"key":"k","value":2}"#, #"{"key":"k","value":2,"metadata":{"ttlInSeconds":"0"}}"#,
            #"{"key":"k","value":2,"metadata":{"ttlInSeconds":"-1"}}"#,
            #"{"key":"k","value":2,"metadata":{"ttlInSeconds":""}}"#,
            #"{"key":"k","value":2,"metadata":{"TTLinseconds":"5"}}"#,
        ])
    func `overwriting without a positive time to live clears it`(
        store: Store, item: String
    ) async throws {
        try await SidecarFixture.run(plan(store)) { sidecar in
            try save(sidecar, #"{"key":"k","value":1,"metadata":{"ttlInSeconds":"9"}}"#)
            try save(sidecar, item)
            await sidecar.advance(by: .seconds(100))
            let got = try sidecar.send("GET", "/v1.0/state/statestore/k")
            #expect(got.text == "2")
            #expect(got["Metadata.ttlexpiretime"] == nil)
        }
    }

    @Test func `on Redis the key expires, and an overwrite keeps the time it has`() async throws {
        try await SidecarFixture.run(SidecarPlan(store: .redis)) { sidecar in
            let key = "\(sidecar.appID)||k"
            try save(sidecar, #"{"key":"k","value":1,"metadata":{"ttlInSeconds":"900"}}"#)
            #expect(try redis("TTL \(key)") == ":900")
            let got = try sidecar.send("GET", "/v1.0/state/statestore/k")
            #expect(got.text == "1")
            #expect(got["Metadata.ttlexpiretime"] == nil)
            try save(sidecar, #"{"key":"k","value":2}"#)
            #expect(try redis("TTL \(key)") != ":-1")
            try save(sidecar, #"{"key":"k","value":2,"metadata":{"ttlInSeconds":"-1"}}"#)
            #expect(try redis("TTL \(key)") == ":-1")
        }
    }

    @Test func `a Redis transaction sets and clears times to live`() async throws {
        try await SidecarFixture.run(SidecarPlan(store: .redis)) { sidecar in
            func transact(_ ttl: String) throws {
                let body =
                    #"{"operations":[{"operation":"upsert","request":{"key":"k","value":1,"#
                    + #""metadata":{"ttlInSeconds":"\#(ttl)"}}}]}"#
                let response = try sidecar.send(
                    "POST", "/v1.0/state/statestore/transaction", body)
                #expect(response.status == 204)
            }
            try transact("900")
            #expect(try redis("TTL \(sidecar.appID)||k") == ":900")
            try transact("0")
            #expect(try redis("TTL \(sidecar.appID)||k") == ":-1")
        }
    }

    @Test(arguments: [
        (Store.memory, "x", #"strconv.ParseInt: parsing "x": invalid syntax"#),
        (.sqlite, "x", "\(ttlComplaint)strconv.ParseInt: parsing \"x\": invalid syntax"),
        (.sqlite, "-2", "\(ttlComplaint)must be -1 or greater"),
        (
            .redis, "1.5",
            #"failed to parse ttl from metadata: strconv.ParseInt: parsing "1.5": invalid syntax"#
        ),
    ])
    func `a time to live that is none fails in the store's words`(
        store: Store, ttl: String, why: String
    ) async throws {
        try await SidecarFixture.run(SidecarPlan(store: store)) { sidecar in
            let response = try sidecar.send(
                "POST", "/v1.0/state/statestore",
                #"[{"key":"k","value":1,"metadata":{"ttlInSeconds":"\#(ttl)"}}]"#)
            #expect(response.status == 500)
            #expect(response.text == Answer.save(500, why).body)
        }
    }

    private static let ttlComplaint =
        "error parsing TTL: incorrect value for metadata 'ttlInSeconds': "

    // MARK: Metadata (state.md §3)

    @Test func `metadata of the query overrides the item's, its first value winning`() async throws
    {
        try await SidecarFixture.run(plan(.memory)) { sidecar in
            let expiry = { (key: String) in
                try sidecar.send("GET", "/v1.0/state/statestore/\(key)")["Metadata.ttlexpiretime"]
            }
            let item = #"{"key":"k","value":1,"metadata":{"ttlInSeconds":"9"}}"#
            try save(
                sidecar, item, query: "?metadata.ttlInSeconds=20&metadata.ttlInSeconds=30")
            #expect(try expiry("k") == "2026-08-21T20:12:20Z")
            try save(sidecar, item, query: "?metadata.TTLINSECONDS=20&Metadata.ttlInSeconds=30")
            #expect(try expiry("k") == "2026-08-21T20:12:09Z")
            try save(sidecar, item, query: "?metadata.ttlInSecond%73=2%30")
            #expect(try expiry("k") == "2026-08-21T20:12:20Z")
            try save(sidecar, item, query: "?metadata.ttlInSeconds=2%zz&x;metadata.ttlInSeconds=3")
            #expect(try expiry("k") == "2026-08-21T20:12:09Z")
        }
    }

    @Test func `of a transaction's metadata only the query's reaches its operations`() async throws
    {
        try await SidecarFixture.run(plan(.memory)) { sidecar in
            let expiry = {
                try sidecar.send("GET", "/v1.0/state/statestore/k")["Metadata.ttlexpiretime"]
            }
            let transact = { (query: String, own: String) in
                let body =
                    #"{"operations":[{"operation":"upsert","request":"#
                    + #"{"key":"k","value":1,"metadata":{\#(own)}}}],"#
                    + #""metadata":{"ttlInSeconds":"50"}}"#
                let response = try sidecar.send(
                    "POST", "/v1.0/state/statestore/transaction\(query)", body)
                #expect(response.status == 204)
            }
            try transact("", "")
            #expect(try expiry() == nil)
            try transact("", #""ttlInSeconds":"9""#)
            #expect(try expiry() == "2026-08-21T20:12:09Z")
            try transact("?metadata.ttlInSeconds=20", #""ttlInSeconds":"9""#)
            #expect(try expiry() == "2026-08-21T20:12:20Z")
        }
    }

    // MARK: Key prefixes (state.md §11)

    @Test(
        arguments: [
            (nil, nil, "myapp||k"), ("appid", nil, "myapp||k"), ("AppID", "prod", "myapp||k"),
            ("name", nil, "statestore||k"), ("namespace", "prod", "prod.myapp||k"),
            ("namespace", nil, "myapp||k"), ("namespace", "", "myapp||k"), ("none", nil, "k"),
            ("Shared", nil, "shared||k"),
        ] as [(String?, String?, String)])
    func `a key is stored behind its component's prefix`(
        strategy: String?, namespace: String?, stored: String
    ) async throws {
        let sandbox = "t\(UInt64.random(in: .min ... .max)):"
        let plan = SidecarPlan(
            store: .redis, keyPrefix: strategy, namespace: namespace, appID: "myapp",
            sandboxPrefix: sandbox)
        try await SidecarFixture.run(plan) { sidecar in
            try save(sidecar, #"{"key":"k","value":1}"#)
            #expect(
                try redis("KEYS \(sandbox)*")
                    == "*1 $\(sandbox.count + stored.count) \(sandbox)\(stored)")
            let bulk = try sidecar.send("POST", "/v1.0/state/statestore/bulk", #"{"keys":["k"]}"#)
            #expect(bulk.text == #"[{"key":"k","data":1,"etag":"1"}]"# + "\n")
            let illegal = try sidecar.send("GET", "/v1.0/state/statestore/a%7C%7Cb")
            #expect(illegal.status == 400)
        }
    }

    // MARK: Sizes (runtime.md §5)

    private static func item(of size: Int) -> String {
        let frame = #"[{"key":"k","value":""}]"#
        return #"[{"key":"k","value":""# + String(repeating: "x", count: size - frame.count)
            + #""}]"#
    }

    @Test func `a body of 4 MiB is saved, one byte more is too large`() async throws {
        try await SidecarFixture.run { sidecar in
            let most = 4 << 20
            let saved = try sidecar.send(
                "POST", "/v1.0/state/statestore", Self.item(of: most))
            #expect(saved.status == 204)
            let got = try sidecar.send("GET", "/v1.0/state/statestore/k")
            #expect(got.body.count == most - 22)
            let refused = try sidecar.send(
                "POST", "/v1.0/state/statestore", Self.item(of: most + 1))
            #expect(refused.status == 400)
            #expect(refused.text == Answer.malformed("stream too large").body)
        }
    }

    @Test func `each route words a body that is too large in its own way`() async throws {
        var plan = SidecarPlan()
        plan.settings.maxBodySize = 64
        try await SidecarFixture.run(plan) { sidecar in
            let body = Self.item(of: 65)
            let read = Answer.error(
                400, "ERR_BODY_READ", "failed to read request body: stream too large")
            for (method, target, answer) in [
                ("POST", "/v1.0/state/statestore", Answer.malformed("stream too large")),
                ("POST", "/v1.0/state/statestore/bulk", .malformedBody("stream too large")),
                ("POST", "/v1.0/state/statestore/transaction", .malformedBody("stream too large")),
                ("POST", "/v1.0-alpha1/state/statestore/query", read),
                ("PUT", "/v1.0/metadata/a", read),
            ] {
                let response = try sidecar.send(method, target, body)
                #expect(response.status == 400)
                #expect(response.text == answer.body)
                let fitting = try sidecar.send(method, target, Self.item(of: 64))
                #expect(!fitting.text.contains("too large"))
            }
        }
    }

    @Test func `a chunked body is bounded too`() async throws {
        var plan = SidecarPlan()
        plan.settings.maxBodySize = 64
        try await SidecarFixture.run(plan) { sidecar in
            for (size, status) in [(64, 204), (65, 400)] {
                let client = try sidecar.client()
                try client.send(
                    "POST /v1.0/state/statestore HTTP/1.1\r\nHost: h\r\n"
                        + "Transfer-Encoding: chunked\r\n\r\n")
                let body = Self.item(of: size)
                for part in [body.prefix(40), body.dropFirst(40)] {
                    try client.send("\(String(part.count, radix: 16))\r\n\(part)\r\n")
                }
                try client.send("0\r\n\r\n")
                let response = try client.readResponse()
                #expect(response.status == status)
            }
        }
    }

    @Test func `without a bound any body is taken`() async throws {
        var plan = SidecarPlan()
        plan.settings.maxBodySize = nil
        try await SidecarFixture.run(plan) { sidecar in
            let response = try sidecar.send(
                "POST", "/v1.0/state/statestore", Self.item(of: 5 << 20))
            #expect(response.status == 204)
        }
    }

    // MARK: Values (state.md §10)

    @Test(arguments: [
        (Store.memory, #"{"a":"\u003c\u0026\u003e","b":3.14159265,"c":9007199254740992}"#),
        (.sqlite, #"{"a":"\u003c\u0026\u003e","b":3.14159265,"c":9007199254740992}"#),
        (.redis, #"{"c":9007199254740992,"b":3.141593,"a":"<&>"}"#),
    ])
    func `with values as in Dapr they are written anew`(
        store: Store, stored: String
    ) async throws {
        var plan = SidecarPlan(store: store)
        plan.settings.values = .dapr
        try await SidecarFixture.run(plan) { sidecar in
            let value = #" { "c":9007199254740993, "b" : 3.14159265 , "a":"<&>"} "#
            try save(sidecar, #"{"key":"k","value":\#(value)}"#)
            let got = try sidecar.send("GET", "/v1.0/state/statestore/k")
            #expect(got.text == stored)
            let body =
                #"{"operations":[{"operation":"upsert","request":{"key":"t","value":\#(value)}}]}"#
            let done = try sidecar.send("POST", "/v1.0/state/statestore/transaction", body)
            #expect(done.status == 204)
            let transacted = try sidecar.send("GET", "/v1.0/state/statestore/t")
            #expect(transacted.text == stored)
        }
    }

    @Test(arguments: ValueMode.allCases)
    func `ten thousand levels of nesting are carried`(mode: ValueMode) async throws {
        var plan = SidecarPlan()
        plan.settings.values = mode
        try await SidecarFixture.run(plan) { sidecar in
            // Two levels are the request's own.
            let depth = 9_998
            let deep =
                String(repeating: "[", count: depth) + "1e2" + String(repeating: "]", count: depth)
            try save(sidecar, #"{"key":"k","value":\#(deep)}"#)
            let got = try sidecar.send("GET", "/v1.0/state/statestore/k")
            #expect(got.text == (mode == .exact ? deep : deep.replacing("1e2", with: "100")))
            let bulk = try sidecar.send("POST", "/v1.0/state/statestore/bulk", #"{"keys":["k"]}"#)
            #expect(bulk.status == 200)
        }
    }

    @Test func `a deep value where a key should be is told in one text`() async throws {
        try await SidecarFixture.run { sidecar in
            let depth = 9_996
            let deep = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            let body = #"{"operations":[{"operation":"upsert","request":{"key":\#(deep)}}]}"#
            let response = try sidecar.send("POST", "/v1.0/state/statestore/transaction", body)
            #expect(response.status == 400)
            #expect(response.text.contains("value: '\(deep)'"))
        }
    }

    @Test func `a stored value that is no JSON empties a bulk answer, and is got as it is`()
        async throws
    {
        try await SidecarFixture.run { sidecar in
            try save(sidecar, #"{"key":"a","value":1}"#)
            try await sidecar.plant("k", "no JSON")
            let got = try sidecar.send("GET", "/v1.0/state/statestore/k")
            #expect(got.text == "no JSON")
            #expect(got["Content-Type"] == "application/json")
            let bulk = try sidecar.send(
                "POST", "/v1.0/state/statestore/bulk", #"{"keys":["a","k"]}"#)
            #expect(bulk.status == 200)
            #expect(bulk.body.isEmpty)
        }
    }

    @Test func `what Redis holds besides our hashes is read as Dapr reads it`() async throws {
        try await SidecarFixture.run(SidecarPlan(store: .redis)) { sidecar in
            let key = { (name: String) in "\(sidecar.appID)||\(name)" }
            #expect(try redis("SET \(key("plain")) text") == "+OK")
            #expect(try redis("SET \(key("empty")) \"\"") == "+OK")
            #expect(try redis("HSET \(key("other")) data 1") == ":1")
            #expect(try redis("HSET \(key("bare")) data \"\" version 7") == ":2")
            #expect(try redis("RPUSH \(key("list")) 1") == ":1")
            let plain = try sidecar.send("GET", "/v1.0/state/statestore/plain")
            #expect(plain.text == "text")
            #expect(plain["Etag"] == nil)
            let bare = try sidecar.send("GET", "/v1.0/state/statestore/bare")
            #expect(bare.status == 200)
            #expect(bare.body.isEmpty)
            #expect(bare["Etag"] == "7")
            let other = try sidecar.send("GET", "/v1.0/state/statestore/other")
            let why =
                "fail to get other from state store statestore: "
                + "required hash field 'data' or 'version' was not found"
            #expect(other.status == 500)
            #expect(other.text == Answer.error(500, "ERR_STATE_GET", why).body)
            // A key of another type gives each bulk item its own error, the whole stays a success.
            let bulk = try sidecar.send(
                "POST", "/v1.0/state/statestore/bulk", #"{"keys":["none","other"]}"#)
            #expect(bulk.status == 200)
            #expect(
                bulk.text
                    == #"[{"key":"none"},{"key":"other","error":"#
                    + #""required hash field 'data' or 'version' was not found"}]"# + "\n")
            // A write takes the place of whatever is there.
            try save(sidecar, #"{"key":"list","value":2}"#)
            let list = try sidecar.send("GET", "/v1.0/state/statestore/list")
            #expect(list.text == "2")
            #expect(list["Etag"] == "1")
        }
    }
}
