import Foundation
import Glibc
import TestSupport
import Testing
import Transport

/// The application, the sidecar or Redis killed at a bad moment: an answer or a message as documented,
/// and nothing hangs.
@Suite struct KillTests {
    /// A broker, a port for the application, and sidecars one after the other.
    private final class World {
        let resources: TemporaryFolder
        let redis: RedisServer?
        let port: UInt16

        init(_ broker: Broker) throws {
            resources = try TemporaryFolder()
            redis = try broker.write(to: resources, file: "pubsub.yaml")
            port = try FreePort.find()
        }

        deinit { redis?.stop() }

        func sidecar(_ arguments: [String] = []) throws -> ServeProcess {
            try ServeProcess(
                [
                    "--app-id", "app", "--app-port", "\(port)", "--resources-path", resources.path,
                ] + arguments)
        }

        /// Starts the sidecar and waits until its application has subscribed.
        func subscribed(_ arguments: [String] = []) throws -> ServeProcess {
            let serve = try sidecar(arguments)
            try serve.ready()
            return serve
        }
    }

    // MARK: The application

    @Test
    func `a call whose application is killed is a 500, and the next one too until it is back`()
        async throws
    {
        try await OffPool.run {
            let world = try World(.memory)
            let app = try HoldingApp(at: world.port, holds: "call")
            let serve = try world.subscribed()
            let client = try serve.client()
            // No GET: that is sent again when a connection that was used before ends.
            let head = "POST /v1.0/invoke/app/method/hello HTTP/1.1\r\nHost: localhost\r\n"
            try client.send(head + "Content-Length: 1\r\n\r\nx")
            try app.wait(for: "called")
            app.kill()
            let url = "http://127.0.0.1:\(world.port)/hello"
            #expect(try client.readResponse().isInvokeFailure(#"Post \"\#(url)\": EOF"#))
            let refused =
                #"Get \"\#(url)\": dial tcp 127.0.0.1:\#(world.port): connect: connection refused"#
            #expect(
                try client.request("GET", "/v1.0/invoke/app/method/hello").isInvokeFailure(refused))
            let again = try HoldingApp(at: world.port)
            #expect(try client.request("GET", "/v1.0/invoke/app/method/hello").text == "hello")
            #expect(again.count("called") == 1)
        }
    }

    @Test(arguments: [(Broker.memory, false), (.redis, false), (.sqlite, true)])
    func `a message whose application is killed is lost where Dapr loses it`(
        broker: Broker, comesAgain: Bool
    ) async throws {
        try await OffPool.run {
            let world = try World(broker)
            let app = try HoldingApp(at: world.port, holds: "delivery")
            let serve = try world.subscribed()
            #expect(try serve.publish(1) == 204)
            try app.wait(for: "got 1")
            app.kill()
            let again = try HoldingApp(at: world.port)
            #expect(try serve.publish(2) == 204)
            try again.wait(for: "done 2")
            #expect(again.count("done 1") == (comesAgain ? 1 : 0))
        }
    }

    @Test(arguments: [Broker.memory, .redis, .sqlite])
    func `an application that never answers a delivery does not hold up a stop`(
        broker: Broker
    ) async throws {
        try await OffPool.run {
            let world = try World(broker)
            let app = try HoldingApp(at: world.port, holds: "delivery")
            defer { app.kill() }
            let serve = try world.subscribed(["--dapr-graceful-shutdown-seconds", "1"])
            #expect(try serve.publish(1) == 204)
            try app.wait(for: "got 1")
            serve.process.signal(SIGTERM)
            #expect(try serve.process.waitForExit() == 1)
            #expect(serve.process.errors.contains("Graceful shutdown timeout exceeded"))
        }
    }

    @Test func `with a block duration messages stop at the signal, and requests do not`()
        async throws
    {
        try await OffPool.run {
            let world = try World(.memory)
            let app = try HoldingApp(at: world.port)
            defer { app.kill() }
            let serve = try world.subscribed(["--dapr-block-shutdown-duration", "1h"])
            #expect(try serve.publish(1) == 204)
            try app.wait(for: "done 1")
            serve.process.signal(SIGTERM)
            try Deadline.wait("the subscription to end") {
                try serve.request("GET", "/v1.0/metadata").text.contains("orders") == false
            }
            #expect(try serve.publish(2) == 204)
            #expect(try serve.request("GET", "/v1.0/invoke/app/method/hello").text == "hello")
            #expect(app.count("got 2") == 0)
        }
    }

    @Test func `a block duration is over when the application is found unwell`() async throws {
        try await OffPool.run {
            let world = try World(.memory)
            let app = try HoldingApp(at: world.port)
            let serve = try world.sidecar([
                "--dapr-block-shutdown-duration", "1h", "--enable-app-health-check",
                "--app-health-check-path", "/hello", "--app-health-probe-interval", "1",
                "--app-health-threshold", "1",
            ])
            try serve.log("App entered healthy status")
            serve.process.signal(SIGTERM)
            try serve.log("beginning shutdown")
            app.kill()
            #expect(try serve.process.waitForExit() == 0)
        }
    }

    @Test func `who is killed while asked for subscriptions is asked again`() async throws {
        try await OffPool.run {
            let world = try World(.memory)
            let app = try HoldingApp(at: world.port, holds: "subscribe")
            let serve = try world.sidecar()
            try app.wait(for: "asked")
            // Before the first has gone: the sidecar does not ask for ever.
            let again = try HoldingApp(at: world.port)
            app.kill()
            try again.wait(for: "asked")
            try serve.ready()
            #expect(try serve.publish(1) == 204)
            try again.wait(for: "done 1")
        }
    }

    @Test
    func
        `an answer whose application is killed half-way ends there as if it were whole, as Dapr's does`()
        async throws
    {
        try await OffPool.run {
            let world = try World(.memory)
            let app = try HoldingApp(at: world.port, holds: "stream")
            let serve = try world.subscribed()
            let client = try serve.client()
            try client.send(
                "GET /v1.0/invoke/app/method/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
            try app.wait(for: "streaming")
            app.kill()
            let answer = try client.readResponse()
            #expect(answer.status == 200)
            #expect(answer.text == "first")
            #expect(try client.request("GET", "/v1.0/invoke/app/method/stream").status == 500)
        }
    }

    // MARK: One app of a run file

    /// A run file of the application that holds what `holds` says, and of a script that runs when
    /// that one has subscribed.
    private static func runFile(_ holds: String, _ script: String, _ broker: Broker) throws
        -> (folder: TemporaryFolder, redis: RedisServer?)
    {
        let folder = try TemporaryFolder()
        for name in ["a", "b", "shared"] {
            try FileContents.makeFolder("\(folder.path)/\(name)")
        }
        let redis = try broker.write(to: folder)
        try folder.write("b/app.py", "from dapr_app import *\n\(script)\n")
        try folder.write(
            "dapr.yaml",
            """
            version: 1
            common:
              resourcesPath: shared
              env: { PYTHONPATH: \(PythonApps.folder), PYTHONDONTWRITEBYTECODE: 1 }
            apps:
            - appDirPath: a
              appPort: \(try FreePort.find())
              env: { HOLDS: \(holds) }
              command: [\(PythonApps.interpreter), \(PythonApps.path("holding_app"))]
            - appDirPath: b
              dependsOn: [{ app: a, condition: started }]
              command: [\(PythonApps.interpreter), app.py]
            """)
        return (folder, redis)
    }

    /// Runs it, and kills the application once it tells `moment`.
    private static func kill(
        at moment: String, holds: String, _ script: String, _ broker: Broker = .memory
    ) async throws -> (status: Int32, output: String) {
        try await OffPool.run {
            let (folder, redis) = try runFile(holds, script, broker)
            defer { redis?.stop() }
            let run = try FakedaprProcess(["run", "-f", "."], folder: folder.path)
            try Deadline.wait("the application to tell \(moment)") {
                run.output.contains("== APP - a == TOLD \(moment)")
            }
            let id = run.output.firstMatch(of: /TOLD pid (\d+)/)?.1 ?? ""
            Glibc.kill(try #require(Int32(id)), SIGKILL)
            return (try run.waitForExit(), run.output)
        }
    }

    @Test func `a call of a neighbour that is killed is a 500, and the run ends with its status`()
        async throws
    {
        let run = try await Self.kill(
            at: "called", holds: "call",
            """
            path = "/v1.0/invoke/a/method/hello"
            while True:
                status, text, _ = call("POST", path, "x")
                if "refused" not in text:
                    break
            tell(status, json.loads(text)["message"])
            tell(call("GET", path)[0])
            """)
        #expect(run.status == 137)
        #expect(
            run.output.contains(
                "== APP - b == TOLD 500 failed to invoke, id: a, err: rpc error: code = Internal "
                    + "desc = error invoking app channel: Post \"http://127.0.0.1:"))
        #expect(run.output.contains("/hello\": EOF\n"))
        #expect(run.output.contains("== APP - b == TOLD 500\n"))
    }

    @Test(arguments: Broker.allCases, [("subscribe", "asked"), ("delivery", "got 1")])
    func `a subscriber that is killed does not keep its publisher from ending`(
        broker: Broker, moment: (holds: String, told: String)
    ) async throws {
        let run = try await Self.kill(
            at: moment.told, holds: moment.holds,
            """
            for number in range(1, 101):
                status = call("POST", "/v1.0/publish/pubsub/orders", str(number),
                              {"Content-Type": "application/json"})[0]
                assert status == 204
            tell("published all")
            """, broker)
        #expect(run.status == 137)
        #expect(run.output.contains("== APP - b == TOLD published all\n"))
    }

    // MARK: Redis

    @Test func `while Redis is away publishing fails at once, and works when it is back`()
        async throws
    {
        try await OffPool.run {
            let world = try World(.redis)
            let app = try HoldingApp(at: world.port)
            let serve = try world.subscribed()
            #expect(try serve.publish(1) == 204)
            try app.wait(for: "done 1")
            world.redis?.stop()
            let failed = try serve.publishing(2)
            #expect(failed.status == 500)
            #expect(failed.text.contains(#""errorCode":"ERR_PUBSUB_PUBLISH_MESSAGE""#))
            try world.redis?.start()
            try serve.publishAnyhow(3)
            try app.wait(for: "done 3")
            #expect(app.count("got 2") == 0)
        }
    }

    @Test func `a Redis that is killed before anybody subscribes is subscribed to when it is back`()
        async throws
    {
        try await OffPool.run {
            let world = try World(.redis)
            let serve = try world.sidecar()
            world.redis?.stop()
            let app = try HoldingApp(at: world.port)
            try app.wait(for: "asked")
            try world.redis?.start()
            try serve.publishAnyhow(1)
            try app.wait(for: "done 1")
        }
    }

    @Test func `a Redis that is killed while a message is handled costs no later message`()
        async throws
    {
        try await OffPool.run {
            let world = try World(.redis)
            let app = try HoldingApp(at: world.port, holds: "delivery")
            let serve = try world.subscribed()
            #expect(try serve.publish(1) == 204)
            try app.wait(for: "got 1")
            world.redis?.stop()
            try app.letGo()
            try app.wait(for: "done 1")
            try world.redis?.start()
            try serve.publishAnyhow(2)
            try app.wait(for: "done 2")
            // The stream was gone with the server.
            #expect(app.count("got 1") == 1)
        }
    }

    // MARK: The sidecar

    @Test(arguments: [(Broker.memory, false), (.redis, true), (.sqlite, true)])
    func `a message whose sidecar is killed comes again from a broker that keeps it`(
        broker: Broker, comesAgain: Bool
    ) async throws {
        try await OffPool.run {
            let world = try World(broker)
            let app = try HoldingApp(at: world.port, holds: "delivery")
            let first = try world.subscribed()
            #expect(try first.publish(1) == 204)
            try app.wait(for: "got 1")
            first.process.signal(SIGKILL)
            _ = try first.process.waitForExit()
            try app.letGo()
            let second = try world.subscribed()
            if comesAgain { try app.wait(for: "got 1", times: 2) }
            #expect(try second.publish(2) == 204)
            try app.wait(for: "done 2")
            #expect(app.count("got 1") == (comesAgain ? 2 : 1))
        }
    }

    @Test func `a sidecar that is killed before it has subscribed leaves nothing behind`()
        async throws
    {
        try await OffPool.run {
            let world = try World(.sqlite)
            let app = try HoldingApp(at: world.port, holds: "subscribe")
            let first = try world.sidecar()
            try app.wait(for: "asked")
            #expect(try first.publish(1) == 204)
            first.process.signal(SIGKILL)
            _ = try first.process.waitForExit()
            try app.letGo()
            let second = try world.subscribed()
            #expect(try second.publish(2) == 204)
            for line in ["done 1", "done 2"] { try app.wait(for: line) }
        }
    }

    @Test func `a call whose callee's sidecar is killed is a 500`() async throws {
        try await OffPool.run {
            let home = try TemporaryFolder()
            let port = try FreePort.find()
            let app = try HoldingApp(at: port, holds: "call")
            let callee = try home.run(["--app-id", "callee", "--app-port", "\(port)"])
            try Deadline.wait("the application to be found") {
                callee.output.contains("dapr initialized.")
            }
            let caller = try home.run(["--app-id", "caller"])
            let client = try WireClient(port: try #require(caller.httpPort))
            try client.send(
                "GET /v1.0/invoke/callee/method/hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
            try app.wait(for: "called")
            callee.signal(SIGKILL)
            let answer = try client.readResponse()
            #expect(answer.status == 500)
            #expect(answer.text.contains(#""errorCode":"ERR_DIRECT_INVOKE""#))
            #expect(answer.text.contains("failed to invoke, id: callee, err: "))
            let next = try client.request("GET", "/v1.0/invoke/callee/method/hello")
            #expect(next.isInvokeFailure("couldn't find service: callee", id: "callee"))
        }
    }
}

extension WireResponse {
    fileprivate func isInvokeFailure(_ detail: String, id: String = "app") -> Bool {
        status == 500
            && text
                == #"{"errorCode":"ERR_DIRECT_INVOKE","message":"failed to invoke, id: \#(id), err: \#(detail)"}"#
    }
}

extension ServeProcess {
    fileprivate func ready() throws {
        try Deadline.wait("the sidecar to be ready") {
            try request("GET", "/v1.0/healthz").status == 204
        }
    }

    fileprivate func publishing(_ number: Int) throws -> WireResponse {
        try request(
            "POST", "/v1.0/publish/pubsub/orders", headers: [("Content-Type", "application/json")],
            body: "\(number)")
    }

    fileprivate func publish(_ number: Int) throws -> Int { try publishing(number).status }

    /// Again and again, until the broker is back.
    fileprivate func publishAnyhow(_ number: Int) throws {
        try Deadline.wait("the broker to take \(number)") { try publish(number) == 204 }
    }
}

extension TemporaryFolder {
    /// A `run` whose user's home this is, once it is up.
    func run(_ arguments: [String], folder: String? = nil) throws -> FakedaprProcess {
        let run = try FakedaprProcess(
            ["run"] + arguments, environment: ["HOME": path], folder: folder ?? path)
        try Deadline.wait("run to be up") { run.output.contains("You're up and running!") }
        return run
    }
}

extension FakedaprProcess {
    /// What `run` says.
    var httpPort: UInt16? {
        UInt16(output.firstMatch(of: /HTTP Port: (\d+)/)?.1 ?? "")
    }
}
