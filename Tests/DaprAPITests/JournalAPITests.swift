import Blocks
import Bytes
import JSON
import TestSupport
import Testing
import Transport

/// The journal, `verify` and `wait` over the control API.
@Suite(.timeLimit(.minutes(2))) struct JournalAPITests {
    private static func json(_ response: WireResponse) throws -> JSONValue {
        try JSONValue.parse(response.body[...])
    }

    /// Six requests; the key `c` is saved twice, in two ways.
    private static func fill(_ sidecar: SidecarFixture) throws {
        let state = "/v1.0/state/statestore"
        let type = [("Content-Type", "application/json")]
        _ = try sidecar.send("POST", state, headers: type, #"[{"key":"a","value":{"n":1}}]"#)
        _ = try sidecar.send("POST", state, #"[{"key":"b","value":2},{"key":"c","value":3}]"#)
        _ = try sidecar.send("GET", "\(state)/a?consistency=strong")
        _ = try sidecar.send("GET", "/v1.0/state/nowhere/a")
        _ = try sidecar.send("DELETE", "\(state)/b")
        _ = try sidecar.send(
            "POST", "\(state)/transaction",
            #"{"operations":[{"operation":"upsert","request":{"key":"c","value":1}}]}"#)
    }

    // MARK: Reading

    @Test(
        arguments: [
            ("", [1, 2, 3, 4, 5, 6]), ("api=state&since=4", [5, 6]), ("limit=2", [5, 6]),
            ("operation=set", [1, 2, 6]), ("operation=set&key=c", [2, 6]), ("key=a", [1, 3]),
            ("status=400", [4]), ("status=400&status=200", [3, 4]), ("method=GET", [3, 4]),
            ("path=/v1.0/state/statestore/*", [3, 5, 6]), ("path=/v1.0/state/statestore", [1, 2]),
            ("app=stranger", []), ("api=stat*&limit=1", [6]),
            ("store=statestore&method=DELETE", [5]), ("since=99", []),
        ] as [(String, [Int])])
    func `entries are listed by what they are about`(query: String, expected: [Int]) async throws {
        try await SidecarFixture.run { sidecar in
            try Self.fill(sidecar)
            let answer = try Self.json(sidecar.send("GET", "/_fakedapr/journal?\(query)"))
            let numbers = answer["entries"]?.array?.compactMap { $0["sequence"]?.double }
            #expect(numbers?.map { Int($0) } == expected)
            #expect(answer["last"]?.text == "6")
            #expect(answer["dropped"]?.text == "0")
        }
    }

    @Test(arguments: [
        ("since=x", "since=x: not a whole number"), ("limit=-1", "limit=-1: not a whole number"),
        ("topc=a", "unknown parameter `topc`: did you mean `topic`?"),
        ("api=stat", "api=stat: there is no API `stat`: did you mean `state`?"),
        ("key=a&outcome=retr", "outcome=retr: there is no outcome `retr`: did you mean `retry`?"),
    ])
    func `a parameter that is not known is refused`(query: String, message: String) async throws {
        try await SidecarFixture.run { sidecar in
            let answer = try sidecar.send("GET", "/_fakedapr/journal?\(query)")
            #expect(answer.status == 400)
            #expect(try Self.json(answer)["message"]?.string == message)
        }
    }

    // MARK: Following

    @Test func `who follows gets the entries that come, with their numbers`() async throws {
        try await SidecarFixture.run { sidecar in
            _ = try sidecar.send("GET", "/v1.0/healthz")
            let follower = try sidecar.client()
            try follower.send(
                "GET /_fakedapr/journal HTTP/1.1\r\nHost: h\r\nAccept: text/event-stream\r\n\r\n")
            let head = try follower.read(until: "after 1\n\n")
            #expect(head.contains("Content-Type: text/event-stream"))
            try Self.fill(sidecar)
            for number in 2...7 {
                let event = try follower.read(until: "\n\n")
                let data = try #require(event.split(separator: "data: ").last)
                let entry = try JSONValue.parse(Array(data.utf8)[...])
                #expect(event.contains("id: \(number)\n"))
                #expect(entry["sequence"]?.text == String(number))
            }
        }
    }

    @Test(arguments: ["?follow=true&since=4", "?follow=true&since=0|4", "?follow&api=state|4"])
    func `who comes again goes on where it was`(query: String) async throws {
        try await SidecarFixture.run { sidecar in
            try Self.fill(sidecar)
            let parts = query.split(separator: "|")
            let last = parts.count > 1 ? "Last-Event-ID: \(parts[1])\r\n" : ""
            let follower = try sidecar.client()
            try follower.send(
                "GET /_fakedapr/journal\(parts[0]) HTTP/1.1\r\nHost: h\r\n\(last)\r\n")
            _ = try follower.read(until: "after 4\n\n")
            let events = try follower.read(until: "id: 6\n")
            #expect(events.contains("id: 5\n") && !events.contains("id: 4\n"))
        }
    }

    @Test func `a follower does not hold up the sidecar's stop, nor leave anything behind`()
        async throws
    {
        try await SidecarFixture.run { sidecar in
            for _ in 0..<20 {
                let follower = try sidecar.client()
                try follower.send(
                    "GET /_fakedapr/journal?follow=true HTTP/1.1\r\nHost: h\r\n\r\n")
                _ = try follower.read(until: "after 0\n\n")
            }
            // Those have gone; this one stays.
            let last = try sidecar.client()
            try last.send("GET /_fakedapr/journal?follow=true HTTP/1.1\r\nHost: h\r\n\r\n")
            _ = try last.read(until: "after 0\n\n")
            await sidecar.endJournal()
            _ = try last.read(until: "\r\n0\r\n\r\n")
        }
    }

    // MARK: Asking

    /// A question, the status of its answer, and how often it was done.
    @Test(arguments: [
        (#"{"api":"state","operation":"set","key":"c","exactly":2}"#, 200, "2"),
        (#"{"api":"state","operation":"set","key":"c","exactly":1}"#, 409, "2"),
        (#"{"api":"state","operation":"set","key":"c","atMost":1}"#, 409, "2"),
        (#"{"operation":"set","atLeast":5}"#, 409, "4"), ("{key: z, exactly: 0}", 200, "0"),
        (#"{"path":{"matches":"^/v1.0/state/[a-z]+$"},"atLeast":2}"#, 200, "2"),
        (#"{"json":[{"key":"a","value":{"n":{"type":"integer","lt":2}}}],"exactly":1}"#, 200, "1"),
        (#"{"headers":{"Content-Type":{"startsWith":"application"}},"exactly":1}"#, 200, "1"),
        (#"{"query":"consistency=strong","exactly":1}"#, 200, "1"),
        (#"{"response":{"json":{"errorCode":"ERR_STATE_STORE_NOT_FOUND"}},"exactly":1}"#, 200, "1"),
        (#"{"status":{"gte":400},"since":4,"exactly":0}"#, 200, "0"),
        (#"{"inOrder":[{"key":"a"},{"status":400},{"operation":"delete"}]}"#, 200, "3"),
        (#"{"inOrder":[{"key":"b"},{"key":"c"}]}"#, 200, "2"),
        (#"{"inOrder":[{"status":400},{"key":"a"}]}"#, 409, "1"),
        (#"{"inOrder":[{"key":"a","operation":"set"},{"key":"a","operation":"set"}]}"#, 409, "1"),
    ])
    func `verify tells whether and how often it was done`(
        body: String, status: Int, actual: String
    ) async throws {
        try await SidecarFixture.run { sidecar in
            try Self.fill(sidecar)
            let response = try sidecar.send("POST", "/_fakedapr/verify", body)
            let answer = try Self.json(response)
            #expect(response.status == status, "\(response.text)")
            #expect(answer["actual"]?.text == actual)
            #expect(answer["timedOut"]?.text == "false")
            #expect((answer["errorCode"]?.string == "FAKEDAPR_VERIFY_FAILED") == (status == 409))
            // Asking leaves no trace.
            #expect(answer["last"]?.text == "6")
        }
    }

    @Test func `what was not done is told with what comes nearest`() async throws {
        try await SidecarFixture.run { sidecar in
            try Self.fill(sidecar)
            let response = try sidecar.send(
                "POST", "/_fakedapr/verify",
                #"{"api":"state","operation":"delete","key":"c","exactly":1}"#)
            let answer = try Self.json(response)
            #expect(
                answer["message"]?.string == "verify: it was done never, expected exactly 1")
            #expect(answer["expected"]?.text == #"{"exactly":1}"#)
            let nearest = try #require(answer["nearest"]?.array)
            #expect(nearest.count == 3)
            #expect(nearest[0]["entry"]?["sequence"]?.text == "5")
            #expect(
                nearest[0]["differs"]?.text
                    == #"[{"path":"key","expected":"\"c\"","actual":"\"b\""}]"#)
            #expect(nearest[1]["differs"]?.array?.first?["path"]?.string == "operation")
        }
    }

    @Test func `a slip of the pen is near, what has nothing of it is not`() async throws {
        try await SidecarFixture.run { sidecar in
            try Self.fill(sidecar)
            let slip = try Self.json(
                sidecar.send("POST", "/_fakedapr/verify", "{store: statstore, atLeast: 1}"))
            #expect(
                slip["nearest"]?.array?.first?["differs"]?.array?.first?["actual"]?.string
                    == #""statestore""#)
            let far = try Self.json(
                sidecar.send("POST", "/_fakedapr/verify", "{topic: orders, atLeast: 1}"))
            #expect(far["nearest"]?.array?.isEmpty == true)
        }
    }

    @Test(arguments: [
        ("{\"topic\":\"a\",\n \"exacly\":1}", 2, 2, "unknown key `exacly`"),
        ("topic: a\nexactly: x\n", 2, 10, "expected a whole number"),
        (#"{"topic":"a"}"#, 1, 1, "`verify` says not how often"),
        (#"{"api":"stat","exactly":0}"#, 1, 8, "there is no API `stat`"),
        (#"{"topic":{"match":"a","contains":"b"},"exactly":1}"#, 1, 11, "unknown operator `match`"),
    ])
    func `a mistake in a question is told with its place`(
        body: String, line: Int, column: Int, message: String
    ) async throws {
        try await SidecarFixture.run { sidecar in
            let response = try sidecar.send("POST", "/_fakedapr/verify", body)
            let answer = try Self.json(response)
            #expect(response.status == 400)
            #expect(answer["message"]?.string?.hasPrefix(message) == true, "\(response.text)")
            #expect(answer["line"]?.text == String(line))
            #expect(answer["column"]?.text == String(column))
        }
    }

    // MARK: Waiting

    @Test func `a wait is answered as soon as it is so`() async throws {
        try await SidecarFixture.run { sidecar in
            var delays: [UInt64] = []
            for round in 1...20 {
                let client = try sidecar.client()
                let body = #"{"key":"k\#(round)","operation":"set","timeout":"50s"}"#
                try client.send(
                    "POST /_fakedapr/wait HTTP/1.1\r\nHost: h\r\nContent-Length: "
                        + "\(body.utf8.count)\r\n\r\n\(body)")
                // Another one's key does not end it.
                for key in ["other", "k\(round)"] {
                    _ = try sidecar.send(
                        "POST", "/v1.0/state/statestore", #"[{"key":"\#(key)","value":1}]"#)
                }
                let begin = Reactor.monotonicNow()
                let response = try client.readResponse()
                delays.append(Reactor.monotonicNow() - begin)
                #expect(response.status == 200)
                let entries = try #require(try Self.json(response)["entries"]?.array)
                #expect(entries.count == 1)
                #expect(entries[0]["state"]?.array?.first?["key"]?.string == "k\(round)")
            }
            // Other tests share the machine: most rounds count, not the worst.
            #expect(delays.sorted()[5] < Duration.milliseconds(20).nanoseconds, "\(delays)")
        }
    }

    @Test(arguments: [
        (#"{"key":"a","exactly":1,"timeout":"30ms"}"#, true),
        // Too much stays too much.
        (#"{"key":"c","exactly":1,"timeout":"50s"}"#, false),
    ])
    func `a wait that is in vain says so`(body: String, isTimedOut: Bool) async throws {
        try await SidecarFixture.run { sidecar in
            try Self.fill(sidecar)
            let without = body.contains(#""a""#) ? body.replacing(#""a""#, with: #""no""#) : body
            let response = try sidecar.send("POST", "/_fakedapr/wait", without)
            #expect(response.status == 409)
            #expect(try Self.json(response)["timedOut"]?.bool == isTimedOut)
        }
    }
}
