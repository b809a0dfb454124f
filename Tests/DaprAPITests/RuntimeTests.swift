import Blocks
import TestSupport
import Testing

/// Health, metadata, shutdown and tokens (runtime.md §1-4 of the specification).
@Suite struct RuntimeTests {
    private func plan(_ change: (inout SidecarSettings) -> Void) -> SidecarPlan {
        var plan = SidecarPlan()
        change(&plan.settings)
        return plan
    }

    // MARK: Health (§1)

    @Test func `a ready sidecar is healthy, outward too`() async throws {
        try await SidecarFixture.run { sidecar in
            for target in ["/v1.0/healthz", "/v1.0/healthz/", "/v1.0/healthz/outbound"] {
                let response = try sidecar.send("GET", target)
                #expect(response.status == 204)
                #expect(response.body.isEmpty)
            }
        }
    }

    @Test func `what is not ready yet is told, inward and outward apart`() async throws {
        var plan = SidecarPlan()
        plan.isReady = false
        try await SidecarFixture.run(plan) { sidecar in
            let inward = Answer.error(500, "ERR_HEALTH_NOT_READY", "dapr is not ready: [runtime]")
            let early = try sidecar.send("GET", "/v1.0/healthz")
            #expect(early.status == 500)
            #expect(early.text == inward.body)
            // Readiness comes before the app id.
            let other = try sidecar.send("GET", "/v1.0/healthz?appid=other")
            #expect(other.text == inward.body)
            let outward = try sidecar.send("GET", "/v1.0/healthz/outbound")
            #expect(outward.status == 500)
            let expected = Answer.error(
                500, "ERR_OUTBOUND_HEALTH_NOT_READY", "dapr outbound is not ready")
            #expect(outward.text == expected.body)

            await sidecar.setReady(outbound: true, all: false)
            let half = try sidecar.send("GET", "/v1.0/healthz/outbound")
            #expect(half.status == 204)
            let metadata = try sidecar.send("GET", "/v1.0/metadata")
            #expect(
                metadata.text.contains(
                    #""actorRuntime":{"runtimeStatus":"INITIALIZING","hostReady":false}"#))
            let still = try sidecar.send("GET", "/v1.0/healthz")
            #expect(still.status == 500)
            await sidecar.setReady(outbound: true, all: true)
            let ready = try sidecar.send("GET", "/v1.0/healthz")
            #expect(ready.status == 204)
        }
    }

    @Test(arguments: [
        ("?appid=myapp", 204), ("?appid=other", 500), ("?appid=", 500), ("?appid", 500),
        ("?appid=myapp&appid=other", 204), ("?appid=other&appid=myapp", 500), ("?appID=x", 204),
        ("?appid=my%61pp", 204), ("?appid=MyApp", 500), ("?x=y", 204),
    ])
    func `an app id that is asked for must be the sidecar's`(
        query: String, status: Int
    ) async throws {
        try await SidecarFixture.run(SidecarPlan(appID: "myapp")) { sidecar in
            let response = try sidecar.send("GET", "/v1.0/healthz\(query)")
            #expect(response.status == status)
            let mismatch = Answer.error(
                500, "ERR_HEALTH_APPID_NOT_MATCH", "dapr app-id does not match")
            #expect(response.text == (status == 204 ? "" : mismatch.body))
        }
    }

    // MARK: Metadata (§2)

    @Test(arguments: [
        (
            Store.memory, "state.in-memory",
            #""ETAG","TRANSACTIONAL","TTL","DELETE_WITH_PREFIX","KEYS_LIKE","ACTOR""#
        ),
        (.sqlite, "state.sqlite", #""ETAG","TRANSACTIONAL","TTL","KEYS_LIKE","ACTOR""#),
        (.redis, "state.redis", #""ETAG","TRANSACTIONAL","TTL","KEYS_LIKE","ACTOR""#),
    ])
    func `metadata tells what the sidecar is and has`(
        store: Store, type: String, capabilities: String
    ) async throws {
        try await SidecarFixture.run(SidecarPlan(store: store, appID: "myapp")) { sidecar in
            let response = try sidecar.send("GET", "/v1.0/metadata")
            #expect(response.status == 200)
            #expect(response["Content-Type"] == "application/json")
            let expected =
                #"{"id":"myapp","runtimeVersion":"1.18.3","#
                + #""enabledFeatures":["HotReload","WorkflowsRemoteActivityReminder"],"#
                + #""components":[{"name":"statestore","type":"\#(type)","version":"v1","#
                + #""capabilities":[\#(capabilities)]}],"#
                + #""extended":{"daprRuntimeVersion":"1.18.3"},"#
                + #""appConnectionProperties":{"protocol":"http","channelAddress":"127.0.0.1"},"#
                + #""actorRuntime":{"runtimeStatus":"DISABLED","hostReady":false,"#
                + #""placement":"placement: disconnected"}}"# + "\n"
            #expect(response.text == expected)
        }
    }

    @Test func `without components there is no list of them, and an app's port is told`()
        async throws
    {
        var plan = plan {
            $0.appPort = 3000
            $0.appProtocol = "grpc"
            $0.appMaxConcurrency = 5
        }
        plan.store = nil
        try await SidecarFixture.run(plan) { sidecar in
            let response = try sidecar.send("GET", "/v1.0/metadata/")
            #expect(!response.text.contains("components"))
            #expect(
                response.text.contains(
                    #""appConnectionProperties":{"port":3000,"protocol":"grpc","#
                        + #""channelAddress":"127.0.0.1","maxConcurrency":5}"#))
        }
    }

    @Test func `callers' notes are kept, sorted, and cannot set the version`() async throws {
        try await SidecarFixture.run { sidecar in
            for (key, value) in [
                ("cliPID", "12"), ("app+Command", "go <run>"), ("cliPID", "13"), ("empty", ""),
                ("daprRuntimeVersion", "9"),
            ] {
                let put = try sidecar.send("PUT", "/v1.0/metadata/\(key)", value)
                #expect(put.status == 204)
                #expect(put.body.isEmpty)
            }
            let response = try sidecar.send("GET", "/v1.0/metadata")
            #expect(
                response.text.contains(
                    #""extended":{"app Command":"go \u003crun\u003e","cliPID":"13","#
                        + #""daprRuntimeVersion":"1.18.3","empty":""}"#))
        }
    }

    // MARK: Shutdown (§3)

    @Test(
        arguments: [
            ([], false), ([("dapr-force-shutdown", "true")], true),
            ([("Dapr-Force-Shutdown", "false")], false),
        ] as [([(String, String)], Bool)])
    func `a shutdown is answered first`(
        headers: [(String, String)], isForced: Bool
    ) async throws {
        try await SidecarFixture.run { sidecar in
            let response = try sidecar.send("POST", "/v1.0/shutdown", headers: headers)
            #expect(response.status == 204)
            #expect(sidecar.shutdowns.asked == [isForced])
        }
    }

    @Test(arguments: [(false, Int32(0)), (true, 1)])
    func `the program ends after a shutdown`(isForced: Bool, status: Int32) throws {
        let serve = try ServeProcess(["--store", "memory"])
        let response = try serve.client().request(
            "POST", "/v1.0/shutdown",
            headers: isForced ? [("dapr-force-shutdown", "true")] : [])
        #expect(response.status == 204)
        #expect(try serve.process.waitForExit() == status)
    }

    // MARK: API token (§4)

    @Test(arguments: [
        ("GET", "/v1.0/metadata"), ("GET", "/v1.0/state/statestore/k"), ("GET", "/unknown"),
        ("POST", "/v1.0/shutdown"), ("POST", "/v1.0/healthz"), ("GET", "/v1.0/healthz/other"),
    ])
    func `without the token nobody gets past the door`(
        method: String, target: String
    ) async throws {
        try await SidecarFixture.run(plan { $0.apiToken = "secret" }) { sidecar in
            for headers in [[], [("dapr-api-token", "Secret")], [("dapr-api-token", "")]] {
                let response = try sidecar.send(method, target, headers: headers)
                #expect(response.status == 401)
                #expect(response.text == "invalid api token\n")
                #expect(response["Content-Type"] == "text/plain; charset=utf-8")
                #expect(response["X-Content-Type-Options"] == "nosniff")
            }
            #expect(sidecar.shutdowns.asked.isEmpty)
        }
    }

    @Test func `with the token all is as ever, and health needs none`() async throws {
        try await SidecarFixture.run(plan { $0.apiToken = "secret" }) { sidecar in
            let token = [("Dapr-Api-Token", "secret")]
            let metadata = try sidecar.send("GET", "/v1.0/metadata", headers: token)
            #expect(metadata.status == 200)
            let unknown = try sidecar.send("GET", "/unknown", headers: token)
            #expect(unknown.status == 404)
            for target in ["/v1.0/healthz", "/v1.0/healthz/", "/v1.0/healthz/outbound"] {
                let health = try sidecar.send("GET", target)
                #expect(health.status == 204)
            }
        }
    }

    // MARK: The journal

    @Test func `every request is noted with its API, its answer and the keys it touched`()
        async throws
    {
        try await SidecarFixture.run { sidecar in
            let save = #"[{"key":"a","value":1},{"key":"b","value":2}]"#
            _ = try sidecar.send("POST", "/v1.0/state/statestore?metadata.x=y", save)
            _ = try sidecar.send("GET", "/v1.0/state/statestore/a%2Fb")
            _ = try sidecar.send("DELETE", "/v1.0/state/statestore/a")
            _ = try sidecar.send("POST", "/v1.0/state/statestore/bulk", #"{"keys":["a","c"]}"#)
            _ = try sidecar.send(
                "POST", "/v1.0/state/statestore/transaction",
                #"{"operations":[{"operation":"upsert","request":{"key":"x"}},"#
                    + #"{"operation":"delete","request":{"key":"y"}}]}"#)
            _ = try sidecar.send("POST", "/v1.0-alpha1/state/statestore/query", "{}")
            _ = try sidecar.send("GET", "/v1.0/healthz")
            _ = try sidecar.send("GET", "/unknown")
            let entries = await sidecar.journal()
            let lines = entries.map { entry in
                let keys = entry.state.map { "\($0.operation) \(String(bytes: $0.key))" }
                return "\(entry.sequence) \(entry.api) \(String(bytes: entry.method)) "
                    + "\(String(bytes: entry.target)) \(entry.status) "
                    + keys.joined(separator: ", ")
            }
            let expected = [
                "1 state POST /v1.0/state/statestore?metadata.x=y 204 set a, set b",
                "2 state GET /v1.0/state/statestore/a%2Fb 204 get a/b",
                "3 state DELETE /v1.0/state/statestore/a 204 delete a",
                "4 state POST /v1.0/state/statestore/bulk 200 get a, get c",
                "5 state POST /v1.0/state/statestore/transaction 204 set x, delete y",
                "6 state POST /v1.0-alpha1/state/statestore/query 500 query ",
                "7 healthz GET /v1.0/healthz 204 ",
                "8 other GET /unknown 404 ",
            ]
            #expect(lines == expected)
            #expect(String(bytes: entries[0].requestBody) == save)
            #expect(String(bytes: entries[3].responseBody).hasPrefix(#"[{"key":"a""#))
            #expect(entries.allSatisfy { $0.appID == sidecar.appID })
        }
    }

    @Test func `the journal keeps no token`() async throws {
        try await SidecarFixture.run(plan { $0.apiToken = "secret" }) { sidecar in
            _ = try sidecar.send(
                "GET", "/v1.0/metadata",
                headers: [("X-A", "1"), ("DAPR-API-TOKEN", "secret"), ("X-B", "2")])
            let entries = await sidecar.journal()
            let head = String(bytes: try #require(entries.first).head)
            #expect(!head.contains("secret"))
            #expect(head.contains("X-A: 1\r\n"))
            #expect(head.contains("X-B: 2\r\n"))
        }
    }
}

extension String {
    fileprivate init(bytes: ArraySlice<UInt8>) { self = String(decoding: bytes, as: UTF8.self) }
}
