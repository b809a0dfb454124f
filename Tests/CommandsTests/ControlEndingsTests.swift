import Foundation
import JSON
import TestSupport
import Testing
import Transport

/// Resets, deletions and clocks that are moved while something is under way: nothing hangs, and nothing
/// of before reaches what comes after.
@Suite(.timeLimit(.minutes(2))) struct ControlEndingsTests {
    private static func serve(_ arguments: [String] = ["--store", "memory"]) throws -> ServeProcess
    {
        try ServeProcess(["--app-id", "shop"] + arguments)
    }

    /// Sends a request and leaves its answer to be read later.
    private static func begin(
        _ serve: ServeProcess, _ method: String, _ target: String, in sandbox: String? = nil,
        _ body: String = ""
    ) throws -> WireClient {
        let client = try serve.client()
        let header = sandbox.map { "fakedapr-sandbox: \($0)\r\n" } ?? ""
        try client.send(
            "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\n\(header)"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        return client
    }

    private static func post(
        _ serve: ServeProcess, _ target: String, _ body: String
    ) throws -> WireResponse {
        try serve.request("POST", target, body: body)
    }

    private static func make(_ serve: ServeProcess, _ body: String) throws {
        let answer = try post(serve, "/_fakedapr/sandboxes", body)
        try #require(answer.status == 201, "\(answer.text)")
    }

    private static func add(_ serve: ServeProcess, fault: String) throws {
        let answer = try post(serve, "/_fakedapr/faults", fault)
        try #require(answer.status == 201, "\(answer.text)")
    }

    private static let stub = #"""
        {"app":"slow","when":"/late","reply":{"status":200,"delay":"1h"},
         "subscribe":[{"pubsubname":"pubsub","topic":"t","route":"/late"}]}
        """#

    // MARK: Sandboxes

    @Test func `a request that lasts longer than its sandbox may be idle is answered`()
        async throws
    {
        try await OffPool.run {
            let serve = try Self.serve()
            try Self.make(serve, #"{"id":"a","idle":"50ms"}"#)
            let waiting = try Self.begin(
                serve, "POST", "/_fakedapr/wait", in: "a", #"{"topic":"x","timeout":"400ms"}"#)
            #expect(try waiting.readResponse().status == 409)
            try Deadline.wait("the sandbox to go") {
                try !serve.request("GET", "/_fakedapr/sandboxes").text.contains(#""id":"a""#)
            }
        }
    }

    @Test
    func `a sandbox whose clock somebody waits for is deleted, and its requests are answered`()
        async throws
    {
        try await OffPool.run {
            let serve = try Self.serve()
            try Self.make(serve, #"{"id":"m","clock":"manual"}"#)
            let client = try serve.client()
            let rule = try client.request(
                "POST", "/_fakedapr/faults", headers: [("fakedapr-sandbox", "m")],
                body: #"{"match":{"api":"state"},"kind":"latency","delay":"1h"}"#)
            #expect(rule.status == 201)
            let held = try Self.begin(serve, "GET", "/v1.0/state/statestore/a", in: "m")
            try Deadline.wait("the fault") {
                try client.request(
                    "GET", "/_fakedapr/faults", headers: [("fakedapr-sandbox", "m")]
                ).text.contains(#""applied":1"#)
            }
            #expect(try serve.request("DELETE", "/_fakedapr/sandboxes/m").status == 200)
            // Whatever it is told, it is told something.
            #expect(try held.readResponse().status >= 200)
        }
    }

    @Test(arguments: ["/_fakedapr/sandboxes/d", "/_fakedapr/stubs"])
    func `a stub that waits for a clock that stands still holds up no deletion`(
        target: String
    ) async throws {
        try await OffPool.run {
            let serve = try Self.serve()
            try Self.make(serve, #"{"id":"d","clock":"manual"}"#)
            let client = try serve.client()
            let headers = [("fakedapr-sandbox", "d")]
            func request(_ method: String, _ target: String, _ body: String? = nil) throws
                -> WireResponse
            { try client.request(method, target, headers: headers, body: body) }
            #expect(try request("POST", "/_fakedapr/stubs", Self.stub).status == 201)
            #expect(try request("POST", "/v1.0/publish/pubsub/t", "1").status == 204)
            let deleted = try request("DELETE", target)
            #expect(deleted.status == 200 || deleted.status == 204, "\(deleted.text)")
            guard target.hasSuffix("stubs") else { return }
            // The app's place is free again.
            #expect(try request("POST", "/_fakedapr/stubs", Self.stub).status == 201)
        }
    }

    @Test func `a sandbox does not lose its files to a namesake that is still closing`()
        async throws
    {
        try await OffPool.run {
            let folder = try TemporaryFolder()
            let serve = try ServeProcess(
                ["--app-id", "shop", "--store", "sqlite"], folder: folder.path)
            let client = try serve.client()
            let headers = [("fakedapr-sandbox", "d")]
            func save(_ value: String) throws -> Int {
                try client.request(
                    "POST", "/v1.0/state/statestore", headers: headers,
                    body: #"[{"key":"a","value":"\#(value)"}]"#
                ).status
            }
            try Self.make(serve, #"{"id":"d","clock":"manual"}"#)
            #expect(try save("first") == 204)
            for (target, body) in [
                ("/_fakedapr/stubs", Self.stub), ("/v1.0/publish/pubsub/t", "1"),
            ] {
                let answer = try client.request("POST", target, headers: headers, body: body)
                #expect(answer.status < 300, "\(answer.text)")
            }
            // It takes as long as the stub is given.
            let closing = try Self.begin(serve, "DELETE", "/_fakedapr/sandboxes/d")
            try Deadline.wait("the name to be free") {
                try Self.post(serve, "/_fakedapr/sandboxes", #"{"id":"d"}"#).status == 201
            }
            #expect(try save("second") == 204)
            #expect(try closing.readResponse().status == 200)
            // Reads by connections of its own: from what is in the file.
            let snapshot = try client.request("POST", "/_fakedapr/snapshots/x", headers: headers)
            #expect(snapshot.status < 300)
            let databases = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
                .filter { $0.contains("-d/") && $0.hasSuffix(".db") }
            #expect(!databases.isEmpty)
        }
    }

    @Test func `a sandbox that cannot be filled is not left behind`() async throws {
        try await OffPool.run {
            let serve = try Self.serve()
            let snapshot = try serve.request(
                "PUT", "/_fakedapr/snapshots/bad",
                body: #"{"state":{"nostore":[{"key":"a","value":1}]}}"#
            )
            #expect(snapshot.status < 300, "\(snapshot.text)")
            for _ in 0..<2 {
                let answer = try Self.post(
                    serve, "/_fakedapr/sandboxes", #"{"id":"s1","snapshot":"bad"}"#)
                #expect(answer.status == 400 && answer.text.contains("nostore"), "\(answer.text)")
            }
            #expect(try serve.request("GET", "/_fakedapr/sandboxes").text == #"{"sandboxes":[]}"#)
        }
    }

    @Test func `a seed with a mistake leaves nothing`() async throws {
        try await OffPool.run {
            let serve = try Self.serve()
            let fault = #"{"id":"f","match":{"api":"state"},"kind":"unavailable"}"#
            let seed =
                #"{"state":{"statestore":{"a":1}},"topics":{"pubsub":{"t":[1]}},"#
                + #""stubs":[\#(Self.stub)],"faults":[\#(fault),\#(fault)]}"#
            let answer = try Self.post(serve, "/_fakedapr/seed", seed)
            #expect(answer.status == 400 && answer.text.contains("f"), "\(answer.text)")
            #expect(try serve.request("GET", "/v1.0/state/statestore/a").status == 204)
            #expect(try serve.request("GET", "/_fakedapr/stubs").text.contains("late") == false)
            #expect(
                try Self.post(serve, "/_fakedapr/verify", #"{"topic":"t","exactly":0}"#).status
                    == 200)
        }
    }

    // MARK: Times

    @Test(arguments: ["9999-12-31T00:00:00Z", "0001-01-01T00:00:00Z", "1699-12-31T00:00:00Z"])
    func `a clock is not set to a time beyond what it can count`(time: String) async throws {
        try await OffPool.run {
            let serve = try Self.serve()
            let answer = try Self.post(
                serve, "/_fakedapr/clock", #"{"mode":"manual","at":"\#(time)"}"#)
            #expect(answer.status == 400)
            #expect(
                answer.text.contains("too far away: a clock can be set to a time from 1700 to 2199")
            )
            #expect(
                try Self.post(
                    serve, "/_fakedapr/clock", #"{"mode":"manual","at":"1700-01-01T00:00:00Z"}"#
                ).status == 200)
            let saved = try Self.post(
                serve, "/v1.0/state/statestore",
                #"[{"key":"a","value":1,"metadata":{"ttlInSeconds":"9223372036854775807"}}]"#)
            #expect(saved.status == 204, "\(saved.text)")
            #expect(try Self.post(serve, "/_fakedapr/snapshots/x", "").status < 300)
        }
    }

    @Test func `an event that never expires is delivered`() async throws {
        try await OffPool.run {
            let serve = try Self.serve()
            let stub = Self.stub.replacingOccurrences(of: #","delay":"1h""#, with: "")
            #expect(try Self.post(serve, "/_fakedapr/stubs", stub).status == 201)
            let sent = try serve.client().request(
                "POST", "/v1.0/publish/pubsub/t",
                headers: [("Content-Type", "application/cloudevents+json")],
                body: #"""
                    {"specversion":"1.0","id":"1","type":"x","source":"s","data":1,
                     "expiration":"9999-12-31T23:59:59Z"}
                    """#)
            #expect(sent.status == 204)
            let told = try Self.post(
                serve, "/_fakedapr/wait",
                #"{"api":"deliver","topic":"t","outcome":"success","timeout":"20s"}"#)
            #expect(told.status == 200, "\(told.text)")
        }
    }

    // MARK: Faults

    @Test func `what a fault held up past a reset does nothing after it`() async throws {
        try await OffPool.run {
            let serve = try Self.serve(["--store", "memory", "--clock", "manual"])
            let stub = Self.stub.replacingOccurrences(of: #","delay":"1h""#, with: "")
            #expect(try Self.post(serve, "/_fakedapr/stubs", stub).status == 201)
            try Self.add(
                serve, fault: #"{"match":{"api":"deliver"},"kind":"latency","delay":"1h"}"#)
            try Self.add(
                serve,
                fault: #"{"match":{"api":"state","method":"POST"},"kind":"latency","delay":"1h"}"#)
            #expect(try Self.post(serve, "/v1.0/publish/pubsub/t", "1").status == 204)
            let held = try Self.begin(
                serve, "POST", "/v1.0/state/statestore", in: nil, #"[{"key":"a","value":1}]"#)
            try Deadline.wait("both faults") {
                let rules = try serve.request("GET", "/_fakedapr/faults").text
                return rules.components(separatedBy: #""applied":1"#).count == 3
            }
            #expect(try Self.post(serve, "/_fakedapr/reset", "").status == 200)
            #expect(try Self.post(serve, "/_fakedapr/stubs", stub).status == 201)
            #expect(try Self.post(serve, "/_fakedapr/clock", #"{"advance":"2h"}"#).status == 200)
            #expect(try held.readResponse().status == 503)
            #expect(try serve.request("GET", "/v1.0/state/statestore/a").text == "")
            let told = try Self.post(serve, "/_fakedapr/verify", #"{"api":"deliver","exactly":0}"#)
            #expect(told.status == 200, "\(told.text)")
        }
    }

    @Test func `a forced etag conflict is not used up by reads`() async throws {
        try await OffPool.run {
            let serve = try Self.serve()
            try Self.add(
                serve, fault: #"{"match":{"api":"state"},"kind":"etagConflict","count":1}"#)
            #expect(try serve.request("GET", "/v1.0/state/statestore/a").status == 204)
            #expect(try serve.save("a", "1") == 409)
            #expect(try serve.save("a", "1") == 204)
        }
    }
}
