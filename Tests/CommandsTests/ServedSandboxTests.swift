import Foundation
import JSON
import TestSupport
import Testing
import Transport

/// Sandboxes made at run time: worlds that see nothing of each other.
@Suite(.timeLimit(.minutes(5))) struct ServedSandboxTests {
    typealias Store = ControlContentsTests.Store

    private static func serve(
        _ store: Store, _ arguments: [String] = [], folder: TemporaryFolder
    ) throws -> ServeProcess {
        let redis = ["--redis-url", "redis://127.0.0.1:\(RedisServer.shared.port)/4"]
        return try ServeProcess(
            [
                "--store", store.rawValue, "--app-id",
                "sandboxes-\(UInt32.random(in: 0 ... .max))",
            ] + (store == .redis ? redis : []) + arguments, folder: folder.path)
    }

    /// One side of a served sandbox: its port, or the default's and the header.
    private struct World {
        let id: String
        let client: WireClient
        let headers: [(String, String)]

        func request(_ method: String, _ target: String, _ body: String? = nil) throws
            -> WireResponse
        {
            try client.request(method, target, headers: headers, body: body)
        }

        func value(_ key: String) throws -> String {
            try request("GET", "/v1.0/state/statestore/\(key)").text
        }

        func save(_ key: String, _ value: String) throws -> Int {
            try request(
                "POST", "/v1.0/state/statestore", #"[{"key":"\#(key)","value":\#(value)}]"#
            ).status
        }
    }

    private static func world(
        _ serve: ServeProcess, _ id: String, hasPort: Bool = true, more: String = ""
    ) throws -> World {
        let answer = try serve.request(
            "POST", "/_fakedapr/sandboxes", body: #"{"id":"\#(id)","port":\#(hasPort)\#(more)}"#)
        #expect(answer.status == 201, "\(answer.text)")
        let url = try JSONValue.parse(Array(answer.text.utf8)[...])["url"]?.string ?? ""
        let port = UInt16(url.split(separator: ":").last ?? "") ?? 0
        #expect(port != serve.port)
        return World(
            id: id, client: try WireClient(port: hasPort ? port : serve.port),
            headers: hasPort ? [] : [("fakedapr-sandbox", id)])
    }

    @Test(arguments: Store.allCases)
    func `a sandbox has the apps and components of the default one, and none of its data`(
        store: Store
    ) async throws {
        try await OffPool.run {
            let folder = try TemporaryFolder()
            let serve = try Self.serve(store, folder: folder)
            #expect(try serve.save("a", "0") == 204)
            let worlds = [
                try Self.world(serve, "port"), try Self.world(serve, "header", hasPort: false),
            ]
            for (number, world) in worlds.enumerated() {
                #expect(try world.value("a") == "")
                #expect(try world.save("a", "\(number + 1)") == 204)
                let overview = try world.request("GET", "/_fakedapr").text
                #expect(overview.contains(#""sandbox":"\#(world.id)""#), "\(overview)")
            }
            #expect(try worlds.map { try $0.value("a") } == ["1", "2"])
            #expect(try serve.value("a") == "0")
            // By the header another's port serves as well.
            let crossed = try worlds[0].client.request(
                "GET", "/v1.0/state/statestore/a", headers: [("fakedapr-sandbox", "header")])
            #expect(crossed.text == "2")
            for world in worlds {
                let deleted = try serve.request("DELETE", "/_fakedapr/sandboxes/\(world.id)")
                #expect(deleted.text == #"{"deleted":["\#(world.id)"]}"#)
                let gone = try serve.request(
                    "GET", "/v1.0/state/statestore/a", headers: [("fakedapr-sandbox", world.id)])
                #expect(gone.status == 404)
                #expect(gone.text.contains("FAKEDAPR_SANDBOX_NOT_FOUND"))
            }
            #expect(try serve.value("a") == "0")
            #expect(
                try serve.request("GET", "/_fakedapr/sandboxes").text == #"{"sandboxes":[]}"#)
            // Nothing stays behind.
            let left = FileManager.default.enumerator(atPath: "\(folder.path)/.fakedapr/sandboxes")
            let files = (left?.allObjects as? [String] ?? []).filter { $0.contains(".db") }
            #expect(files == [])
            if store == .redis {
                let keys = try ShellProcess.run(
                    "redis-cli -p $0 -n 4 --scan --pattern 'fakedapr:*'",
                    ["\(RedisServer.shared.port)"])
                // Other tests have sandboxes too.
                #expect(!keys.output.contains(":\(serve.process.id)-"))
            }
            #expect(try serve.request("POST", "/_fakedapr/reset").status == 200)
        }
    }

    @Test func `what cannot be made is told, and how to mend it`() async throws {
        try await OffPool.run {
            let folder = try TemporaryFolder()
            defer { _ = folder.path }
            let serve = try Self.serve(.memory, folder: folder)
            _ = try Self.world(serve, "one")
            for (body, status, text) in [
                (#"{"id":"one"}"#, 409, "FAKEDAPR_SANDBOX_EXISTS"),
                (#"{"id":"default"}"#, 400, "and not default"),
                (#"{"id":"a/b"}"#, 400, "letters, digits"),
                (#"{"ports":true}"#, 400, "did you mean `port`?"),
                (#"{"snapshot":"none"}"#, 404, "there is no snapshot `none`"),
            ] {
                let answer = try serve.request("POST", "/_fakedapr/sandboxes", body: body)
                #expect(answer.status == status)
                #expect(answer.text.contains(text), "\(answer.text)")
            }
        }
    }

    @Test func `a sandbox begins with a snapshot of another one`() async throws {
        try await OffPool.run {
            let folder = try TemporaryFolder()
            defer { _ = folder.path }
            let serve = try Self.serve(.sqlite, folder: folder)
            #expect(try serve.save("a", "1") == 204)
            #expect(try serve.request("POST", "/_fakedapr/snapshots/base").status == 201)
            let world = try Self.world(serve, "w", more: #","snapshot":"base""#)
            #expect(try world.value("a") == "1")
            #expect(try world.save("a", "2") == 204)
            #expect(try serve.value("a") == "1")
            let reset = try world.request("POST", "/_fakedapr/snapshots/base/load")
            #expect(reset.status == 200)
            #expect(try world.value("a") == "1")
        }
    }

    @Test func `one that nobody uses expires, one that is used does not`() async throws {
        try await OffPool.run {
            let folder = try TemporaryFolder()
            defer { _ = folder.path }
            let serve = try Self.serve(.memory, folder: folder)
            _ = try Self.world(serve, "idle", more: #","idle":"100ms""#)
            let busy = try Self.world(serve, "busy", more: #","idle":"30s""#)
            #expect(try busy.save("a", "1") == 204)
            try Deadline.wait("the idle sandbox to expire") {
                let all = try serve.request("GET", "/_fakedapr/sandboxes").text
                return !all.contains(#""id":"idle""#)
            }
            #expect(try busy.value("a") == "1")
        }
    }

    /// The address sanitizer keeps what was freed: `make sanitize` says how much by this variable.
    private static let keepsFreedMemory = ProcessEnvironment["ASAN_OPTIONS"] != nil

    @Test(.disabled(if: keepsFreedMemory, "the address sanitizer keeps what was freed"))
    func `a process that makes and deletes sandboxes does not grow`() async throws {
        try await OffPool.run {
            let folder = try TemporaryFolder()
            defer { _ = folder.path }
            let serve = try Self.serve(.memory, folder: folder)
            let client = try serve.client()
            func round() throws {
                for number in 0..<150 {
                    let id = "t\(number)"
                    let made = try client.request(
                        "POST", "/_fakedapr/sandboxes", body: #"{"id":"\#(id)","port":true}"#)
                    try #require(made.status == 201)
                    let saved = try client.request(
                        "POST", "/v1.0/state/statestore", headers: [("fakedapr-sandbox", id)],
                        body: #"[{"key":"a","value":"\#(String(repeating: "x", count: 10_000))"}]"#)
                    try #require(saved.status == 204)
                    let gone = try client.request("DELETE", "/_fakedapr/sandboxes/\(id)")
                    try #require(gone.status == 200)
                }
            }
            try round()
            let before = try Self.memory(of: serve.process.id)
            for _ in 0..<3 { try round() }
            // Of 450 sandboxes: each has held some ten kilobytes.
            #expect(try Self.memory(of: serve.process.id) - before < 1_000)
        }
    }

    /// Kilobytes that a process has in memory.
    private static func memory(of process: Int32) throws -> Int {
        let bytes = try FileContents.read("/proc/\(process)/status")
        let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first {
            $0.hasPrefix("VmRSS:")
        }
        return try #require(line?.split(separator: " ").compactMap { Int($0) }.first)
    }

    @Test
    func `a sandbox has the clock and the seed that were asked for, and a reset goes back to both`()
        async throws
    {
        try await OffPool.run {
            let folder = try TemporaryFolder()
            defer { _ = folder.path }
            let serve = try Self.serve(.memory, folder: folder)
            let more = #","seed":7,"clock":"manual@2030-01-02T03:04:05Z""#
            let worlds = try ["a", "b"].map { try Self.world(serve, $0, more: more) }
            func etag(_ world: World) throws -> String? {
                #expect(try world.save("k", "1") == 204)
                return try world.request("GET", "/v1.0/state/statestore/k")["etag"]
            }
            let etags = try worlds.map { try etag($0) }
            #expect(etags[0] == etags[1])
            #expect(try etag(worlds[0]) != etags[0])
            for world in worlds {
                #expect(
                    try world.request("GET", "/_fakedapr").text.contains("2030-01-02T03:04:05"))
                #expect(try world.request("POST", "/_fakedapr/reset").status == 200)
                #expect(try etag(world) == etags[0])
            }
            let wrong = try serve.request(
                "POST", "/_fakedapr/sandboxes", body: #"{"clock":"manul"}"#)
            #expect(wrong.status == 400)
            #expect(wrong.text.contains(#""column":10"#), "\(wrong.text)")
        }
    }

    @Test func `what a process left that was killed is removed with the next one's first sandbox`()
        async throws
    {
        try await OffPool.run {
            let folder = try TemporaryFolder()
            defer { _ = folder.path }
            let left = "\(folder.path)/.fakedapr/sandboxes"
            // No process has the number; one that lives keeps its own.
            let (dead, alive) = ("\(left)/999999999-x/w", "\(left)/1-x/w")
            for path in [dead, alive] { try FileContents.makeFolder(path) }
            let serve = try Self.serve(.sqlite, folder: folder)
            _ = try Self.world(serve, "w")
            #expect(!FileContents.exists(dead))
            #expect(FileContents.exists(alive))
        }
    }

    @Test func `a sandbox deletes itself by its own port`() async throws {
        try await OffPool.run {
            let folder = try TemporaryFolder()
            defer { _ = folder.path }
            let serve = try Self.serve(.memory, folder: folder)
            let world = try Self.world(serve, "w")
            let answer = try world.request("DELETE", "/_fakedapr/sandboxes/w")
            #expect(answer.text == #"{"deleted":["w"]}"#)
            #expect(try serve.request("GET", "/_fakedapr/sandboxes/w").status == 404)
        }
    }

    @Test func `an application hears which sandbox it is called from`() async throws {
        try await OffPool.run {
            let app = try HoldingApp(at: try FreePort.find())
            defer { app.kill() }
            let folder = try TemporaryFolder()
            defer { _ = folder.path }
            let serve = try Self.serve(
                .memory, ["--app-port", "\(app.port)"], folder: folder)
            try app.wait(for: "asked")
            try Deadline.wait("the sidecar to be ready") {
                try serve.request("GET", "/v1.0/healthz").status == 204
            }
            let world = try Self.world(serve, "w")
            // Subscribed as the default one, without being asked again.
            #expect(try world.request("POST", "/v1.0/publish/pubsub/orders", "7").status == 204)
            try app.wait(for: "got 7")
            try app.wait(for: "done 7")
            #expect(app.count("got 7") == 1)
            #expect(app.count("asked") == 1)
            let id = try world.request("GET", "/v1.0/metadata").text
            #expect(id.contains("orders"))
        }
    }

    @Test func `a sandbox of a run file has all its apps, which call each other in it`()
        async throws
    {
        try await OffPool.run {
            let folder = try TemporaryFolder()
            defer { _ = folder.path }
            let ports = try (0..<2).map { _ in try FreePort.find() }
            let apps = zip(["one", "two"], ports).map { id, port in
                """
                - appID: \(id)
                  appDirPath: .
                  daprHTTPPort: \(port)
                  command: [sleep, "60"]

                """
            }
            try folder.write("dapr.yaml", "version: 1\napps:\n" + apps.joined())
            let run = try FakedaprProcess(["run", "-f", "."], folder: folder.path)
            defer { run.signal(SIGTERM) }
            func send(
                _ port: UInt16, _ method: String, _ target: String, _ body: String? = nil
            ) throws -> WireResponse {
                try WireClient(port: port).request(method, target, body: body)
            }
            try Deadline.wait("the sidecars to be ready") {
                ports.allSatisfy {
                    (try? send($0, "GET", "/v1.0/healthz").status) == 204
                }
            }
            let made = try send(ports[0], "POST", "/_fakedapr/sandboxes", #"{"port":true}"#)
            let urls = try JSONValue.parse(Array(made.text.utf8)[...])["apps"]
            let own = ["one", "two"].compactMap { id in
                (urls?[id]?.string?.split(separator: ":").last).flatMap { UInt16($0) }
            }
            try #require(own.count == 2, "\(made.text)")
            let stub = #"{"app":"two","when":"/price","reply":{"body":"100"}}"#
            #expect(try send(own[0], "POST", "/_fakedapr/stubs", stub).status == 201)
            #expect(try send(own[0], "GET", "/v1.0/invoke/two/method/price").text == "100")
            #expect(try send(ports[0], "GET", "/v1.0/invoke/two/method/price").status == 500)
            let saved = try send(
                own[1], "POST", "/v1.0/state/statestore", #"[{"key":"a","value":1}]"#)
            #expect(saved.status == 204)
            #expect(try send(own[1], "GET", "/v1.0/state/statestore/a").text == "1")
            #expect(try send(ports[1], "GET", "/v1.0/state/statestore/a").status == 204)
        }
    }

    // MARK: Isolation

    /// Eight workers on the same keys and topics, each in a sandbox of its own which it resets before
    /// every test.
    @Test(arguments: Store.allCases)
    func `workers that reset their own sandboxes see nothing of each other`(
        store: Store
    ) async throws {
        let folder = try TemporaryFolder()
        let serve = try await OffPool.run { Shared(try Self.serve(store, folder: folder)) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    try await OffPool.run { try Self.work(serve.process, worker, store) }
                }
            }
            try await group.waitForAll()
        }
        defer { _ = folder.path }
        let all = try serve.process.request("DELETE", "/_fakedapr/sandboxes").text
        #expect(all.components(separatedBy: "worker-").count == 9)
    }

    /// The process is used by several threads, each with connections of its own.
    private struct Shared: @unchecked Sendable {
        let process: ServeProcess
        init(_ process: ServeProcess) { self.process = process }
    }

    private static func work(_ serve: ServeProcess, _ worker: Int, _ store: Store) throws {
        let world = try world(serve, "worker-\(worker)", hasPort: worker % 2 == 0)
        for test in 0..<250 {
            let own = "\(worker * 1000 + test)"
            let isFresh =
                try world.request("POST", "/_fakedapr/reset").status == 200
                && world.value("shared").isEmpty
            try #require(isFresh, "worker \(worker), test \(test): something was left")
            try #require(world.save("shared", own) == 204)
            try #require(
                world.request("POST", "/v1.0/publish/pubsub/orders", own).status == 204)
            let found = try world.value("shared")
            try #require(found == own, "worker \(worker), test \(test): \(found)")
            guard test % 25 == 0, store != .memory else { continue }
            // What lies on the topic is the one message of this test.
            let taken = try world.request("POST", "/_fakedapr/snapshots/w\(worker)").text
            try #require(taken.contains(#""keys":1,"messages":1"#), "\(taken)")
        }
    }
}
