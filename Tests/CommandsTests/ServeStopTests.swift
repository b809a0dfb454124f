import Foundation
import TestSupport
import Testing
import Transport

/// How `serve` ends, and what stays when it is killed.
@Suite struct ServeStopTests {
    @Test(arguments: [SIGTERM, SIGINT])
    func `a signal ends it with 0`(signal: Int32) throws {
        let serve = try ServeProcess()
        #expect(try serve.save("k", "1") == 204)
        serve.process.signal(signal)
        #expect(try serve.process.waitForExit() == 0)
    }

    @Test func `a shutdown by request is answered and ends it with 0`() throws {
        let serve = try ServeProcess(["--store", "memory"])
        #expect(try serve.request("POST", "/v1.0/shutdown").status == 204)
        #expect(try serve.process.waitForExit() == 0)
    }

    @Test func `a forced shutdown is answered and ends it with 1`() throws {
        let serve = try ServeProcess(["--store", "memory"])
        let answer = try serve.request(
            "POST", "/v1.0/shutdown", headers: [("dapr-force-shutdown", "true")])
        #expect(answer.status == 204)
        #expect(try serve.process.waitForExit() == 1)
    }

    @Test func `a request under way is answered, and idle connections do not hold the end`() throws
    {
        let redis = try RedisServer()
        let serve = try ServeProcess([
            "--store", "redis", "--redis-url", "redis://127.0.0.1:\(redis.port)",
        ])
        #expect(try serve.save("k", "1") == 204)
        let idle = try serve.client()
        let control = try WireClient(port: redis.port)
        // Redis holds every write until it is told otherwise.
        try control.send("CLIENT PAUSE 60000 WRITE\r\n")
        let busy = try serve.client()
        let body = #"[{"key":"k","value":2}]"#
        try busy.send(
            "POST /v1.0/state/statestore HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.utf8.count)"
                + "\r\n\r\n\(body)")
        serve.process.signal(SIGTERM)
        try Deadline.wait("the port to close") { (try? serve.client()) == nil }
        try control.send("CLIENT UNPAUSE\r\n")
        #expect(try busy.readResponse().status == 204)
        #expect(try idle.readToEnd() == "")
        #expect(try serve.process.waitForExit() == 0)
    }

    @Test func `a request that takes longer than the grace is cut, and it ends with 1`() throws {
        let redis = try RedisServer()
        let serve = try ServeProcess([
            "--store", "redis", "--redis-url", "redis://127.0.0.1:\(redis.port)",
            "--dapr-graceful-shutdown-seconds", "1",
        ])
        #expect(try serve.save("k", "1") == 204)
        redis.pause()
        let busy = try serve.client()
        try busy.send("GET /v1.0/state/statestore/k HTTP/1.1\r\nHost: h\r\n\r\n")
        serve.process.signal(SIGTERM)
        #expect(try serve.process.waitForExit() == 1)
        #expect(serve.process.errors.contains("Graceful shutdown timeout exceeded"))
    }

    @Test func `with a block duration requests are taken after the signal`() throws {
        let serve = try ServeProcess([
            "--store", "memory", "--dapr-block-shutdown-duration", "300ms",
        ])
        let begin = Reactor.monotonicNow()
        serve.process.signal(SIGTERM)
        #expect(try serve.request("GET", "/v1.0/healthz").status == 204)
        #expect(try serve.process.waitForExit() == 0)
        #expect(Reactor.monotonicNow() - begin >= Duration.milliseconds(300).nanoseconds)
    }

    @Test func `a second signal does not wait and ends it with 130`() throws {
        let serve = try ServeProcess([
            "--store", "memory", "--dapr-block-shutdown-duration", "1h",
        ])
        serve.process.signal(SIGINT)
        try serve.log("Received signal 'interrupt'; beginning shutdown")
        serve.process.signal(SIGINT)
        #expect(try serve.process.waitForExit() == 130)
    }

    @Test func `what was stored in SQLite is there after a restart, with its etag`() throws {
        let folder = try TemporaryFolder()
        var etag: String?
        for round in 0..<2 {
            let serve = try ServeProcess(["--data-dir", folder.path])
            if round == 0 { #expect(try serve.save("k", #"{"a" : 1}"#) == 204) }
            let answer = try serve.request("GET", "/v1.0/state/statestore/k")
            #expect(answer.text == #"{"a" : 1}"#)
            if round == 1 { #expect(answer["etag"] == etag) }
            etag = answer["etag"]
            serve.process.signal(SIGTERM)
            #expect(try serve.process.waitForExit() == 0)
        }
        // Closed in order: the log is in the file and gone.
        #expect(
            FileContents.names(in: folder.path)?.sorted() == [
                "pubsub.messages.db", "statestore.db",
            ])
    }

    /// Writers on connections of their own, ended in the middle by SIGKILL, again and again.
    @Test(arguments: 0..<4)
    func `an acknowledged write survives SIGKILL`(round: Int) throws {
        let folder = try TemporaryFolder()
        let serve = try ServeProcess(["--data-dir", folder.path])
        let acknowledged = Acknowledged()
        let writers = DispatchGroup()
        for writer in 0..<4 {
            let client = try serve.client()
            let box = Handed(client)
            Foundation.Thread.detachNewThread(in: writers) {
                for number in 0... {
                    let key = "w\(writer)-\(number)"
                    let body = #"[{"key":"\#(key)","value":"\#(number)"}]"#
                    guard
                        let answer = try? box.value.request(
                            "POST", "/v1.0/state/statestore", body: body),
                        answer.status == 204
                    else { return }
                    acknowledged.add(key)
                }
            }
        }
        try Deadline.wait("writes") { acknowledged.keys.count > 20 * (round + 1) }
        serve.process.signal(SIGKILL)
        #expect(try serve.process.waitForExit() == 137)
        #expect(writers.wait(timeout: .now() + 20) == .success)
        let again = try ServeProcess(["--data-dir", folder.path])
        let client = try again.client()
        for key in acknowledged.keys {
            let number = key.split(separator: "-")[1]
            let answer = try client.request("GET", "/v1.0/state/statestore/\(key)")
            #expect(answer.text == "\"\(number)\"", "\(key) is lost")
        }
    }
}

/// What a thread takes with it; nobody else keeps it.
private struct Handed<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}

/// The keys whose writes were answered with success.
private final class Acknowledged: @unchecked Sendable {
    private let lock = NSLock()
    private var all: [String] = []

    func add(_ key: String) { lock.withLock { all.append(key) } }
    var keys: [String] { lock.withLock { all } }
}

extension Foundation.Thread {
    fileprivate static func detachNewThread(
        in group: DispatchGroup, _ body: @escaping @Sendable () -> Void
    ) {
        group.enter()
        detachNewThread {
            body()
            group.leave()
        }
    }
}
