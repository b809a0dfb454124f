import Foundation
import TestSupport
import Testing
import Transport

/// How `serve` begins: what it says, where it listens, what keeps it from starting.
@Suite struct ServeStartTests {
    @Test func `start-up prints one block with everything a person needs`() throws {
        let serve = try ServeProcess()
        let text = serve.process.output.replacingOccurrences(of: String(serve.port), with: "PORT")
        try Golden.expect(text, is: "serve-start.txt")
        #expect(try serve.save("k", "1") == 204)
        #expect(try serve.value("k") == "1")
    }

    @Test func `ready-fd and ready-file get the URL once requests are answered`() throws {
        let folder = try TemporaryFolder()
        let file = "\(folder.path)/ready"
        let serve = try ServeProcess([
            "--ready-fd", "2", "--ready-file", file, "--log-level", "error",
        ])
        let url = "http://127.0.0.1:\(serve.port)\n"
        try Deadline.wait("the ready file") { FileContents.exists(file) }
        #expect(String(decoding: try FileContents.read(file), as: UTF8.self) == url)
        #expect(serve.process.errors == url)
    }

    @Test(arguments: [
        ["--ready-file", "/nowhere/ready"]:
            "the ready file /nowhere/ready: no such file or directory",
        ["--ready-fd", "77"]: "to descriptor 77 of --ready-fd",
    ])
    func `who waits in vain for the ready sign is not kept waiting`(
        arguments: [String], reason: String
    ) throws {
        let outcome = try Fakedapr.run(["serve", "--port", "0", "--store", "memory"] + arguments)
        #expect(outcome.status == 3)
        #expect(outcome.errors.contains("fakedapr: cannot write \(reason)\n"))
    }

    @Test func `a ready file of an earlier run is gone before there is a sidecar, and after it`()
        throws
    {
        let folder = try TemporaryFolder()
        let file = try folder.write("ready", "http://stale\n")
        let redis = try RedisServer()
        redis.pause()
        let process = try FakedaprProcess([
            "serve", "--port", "0", "--ready-file", file, "--store", "redis", "--redis-url",
            "redis://127.0.0.1:\(redis.port)",
        ])
        try Deadline.wait("the old file to go") { !FileContents.exists(file) }
        process.signal(SIGKILL)
        #expect(try process.waitForExit() == 137)
        let serve = try ServeProcess(["--store", "memory", "--ready-file", file])
        try Deadline.wait("the ready file") { FileContents.exists(file) }
        serve.process.signal(SIGTERM)
        #expect(try serve.process.waitForExit() == 0)
        #expect(!FileContents.exists(file))
    }

    @Test func `a Redis that is waited for is told, and a signal ends the wait`() throws {
        let port = try FreePort.find()
        let process = try FakedaprProcess([
            "serve", "--port", "0", "--store", "redis", "--redis-url", "redis://127.0.0.1:\(port)",
        ])
        try Deadline.wait("the wait to be told") {
            process.errors.contains("waiting for the Redis at 127.0.0.1:\(port): ")
        }
        process.signal(SIGTERM)
        #expect(try process.waitForExit() == 130)
    }

    // MARK: Addresses

    @Test func `both loopback families answer at one port`() throws {
        let serve = try ServeProcess(["--store", "memory"])
        let six = [UInt8](repeating: 0, count: 15) + [1]
        for address in [SocketAddress.loopback(port: serve.port), .ipv6(six, port: serve.port)] {
            #expect(try WireClient(to: address).request("GET", "/v1.0/healthz").status == 204)
        }
    }

    @Test(arguments: ["127.0.0.1", "localhost", "0.0.0.0", "127.0.0.1,127.0.0.2"])
    func `listening addresses are daprd's list`(addresses: String) throws {
        let serve = try ServeProcess(["--store", "memory", "--dapr-listen-addresses", addresses])
        #expect(try serve.request("GET", "/v1.0/healthz").status == 204)
        if addresses.hasSuffix("2") {
            let second = SocketAddress.ipv4(127, 0, 0, 2, port: serve.port)
            #expect(try WireClient(to: second).request("GET", "/v1.0/healthz").status == 204)
        }
    }

    @Test func `an address of IPv6 alone is one`() throws {
        let process = try FakedaprProcess([
            "serve", "--port", "0", "--store", "memory", "--dapr-listen-addresses", "[::1]",
        ])
        try Deadline.wait("the start-up block") { process.output.contains("Stop ") }
        #expect(process.output.contains("URL     http://[::1]:"))
    }

    @Test func `a Unix socket has daprd's name, and one left behind is no obstacle`() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/dapr-mine-http.socket"
        for signal in [SIGKILL, SIGTERM] {
            let process = try FakedaprProcess([
                "serve", "--app-id", "mine", "--store", "memory", "--unix-domain-socket",
                folder.path,
            ])
            try Deadline.wait("the start-up block") { process.output.contains("Stop ") }
            #expect(process.output.contains("URL     unix://\(path)\n"))
            let client = try WireClient(to: .unix(path: path))
            #expect(try client.request("GET", "/v1.0/healthz").status == 204)
            process.signal(signal)
            #expect(try process.waitForExit() == (signal == SIGKILL ? 137 : 0))
            #expect(FileContents.exists(path) == (signal == SIGKILL))
        }
    }

    @Test func `a Unix socket in use is not taken away`() throws {
        let folder = try TemporaryFolder()
        let arguments = ["serve", "--store", "memory", "--unix-domain-socket", folder.path]
        let first = try FakedaprProcess(arguments)
        try Deadline.wait("the start-up block") { first.output.contains("Stop ") }
        let second = try Fakedapr.run(arguments)
        #expect(second.status == 3)
        #expect(second.errors.contains("address already in use"))
        let client = try WireClient(to: .unix(path: "\(folder.path)/dapr-app-http.socket"))
        #expect(try client.request("GET", "/v1.0/healthz").status == 204)
    }

    // MARK: What keeps it from starting

    @Test func `a taken port is told, with another way, and ends with 3`() throws {
        let first = try ServeProcess(["--store", "memory"])
        let outcome = try Fakedapr.run(["serve", "--port", String(first.port), "--store", "memory"])
        #expect(outcome.status == 3)
        #expect(
            outcome.errors.contains(
                "fakedapr: cannot listen at 127.0.0.1:\(first.port): address already in use: another "
                    + "program has it; choose another with --dapr-http-port, or 0 for a free one\n")
        )
        #expect(outcome.output == "")
    }

    @Test func `a port taken in one family alone is no place to start`() throws {
        let port = try FreePort.find()
        let first = try FakedaprProcess([
            "serve", "--port", String(port), "--store", "memory", "--dapr-listen-addresses", "::1",
        ])
        try Deadline.wait("the start-up block") { first.output.contains("Stop ") }
        let outcome = try Fakedapr.run(["serve", "--port", String(port), "--store", "memory"])
        #expect(outcome.status == 3)
        #expect(outcome.errors.contains("cannot listen at [::1]:\(port): address already in use"))
    }

    @Test func `a file that is no database is told, with a way out, and ends with 3`() throws {
        let folder = try TemporaryFolder()
        try folder.write("statestore.db", String(repeating: "not a database\n", count: 100))
        let outcome = try Fakedapr.run(["serve", "--port", "0", "--data-dir", folder.path])
        #expect(outcome.status == 3)
        #expect(
            outcome.errors
                == "fakedapr: cannot use the SQLite database \(folder.path)/statestore.db: "
                + "file is not a database: move the file away, or name another one with --data-dir\n"
        )
    }

    @Test func `a data folder that cannot be made is told and ends with 3`() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("file", "")
        let outcome = try Fakedapr.run(["serve", "--port", "0", "--data-dir", "\(file)/data"])
        #expect(outcome.status == 3)
        #expect(
            outcome.errors
                == "fakedapr: cannot make the data folder \(file)/data: not a directory: "
                + "name another one with --data-dir\n")
    }

    @Test func `a Redis that is not there is waited for, then told, and ends with 3`() throws {
        let folder = try TemporaryFolder()
        let port = try FreePort.find()
        try folder.component(
            "statestore", "state.redis", [("redisHost", "value: 127.0.0.1:\(port)")],
            spec: "  initTimeout: 300ms")
        let begin = Reactor.monotonicNow()
        let outcome = try Fakedapr.run(["serve", "--port", "0", "--resources-path", folder.path])
        #expect(Reactor.monotonicNow() - begin >= Duration.milliseconds(300).nanoseconds)
        #expect(outcome.status == 3)
        #expect(
            outcome.errors.contains(
                "statestore.yaml:1:1: error: cannot use the Redis at 127.0.0.1:\(port): dial tcp "
                    + "127.0.0.1:\(port): connect: connection refused: start one, name another with "
                    + "--redis-url, or use --store sqlite"))
    }

    @Test func `a Redis that comes while it is waited for is used`() throws {
        let server = try RedisServer()
        server.stop()
        let process = try FakedaprProcess([
            "serve", "--port", "0", "--store", "redis", "--redis-url",
            "redis://127.0.0.1:\(server.port)",
        ])
        try server.start()
        try Deadline.wait("the start-up block") { process.output.contains("Stop ") }
        #expect(process.output.contains("statestore (Redis at 127.0.0.1:\(server.port))"))
    }

    @Test func `a Redis that wants a password is told at once`() throws {
        let server = try RedisServer(["--requirepass", "secret"])
        let url = "127.0.0.1:\(server.port)"
        let outcome = try Fakedapr.run(
            ["serve", "--port", "0", "--store", "redis", "--redis-url", "redis://\(url)"])
        #expect(outcome.status == 3)
        #expect(
            outcome.errors == "fakedapr: cannot use the Redis at \(url): NOAUTH Authentication "
                + "required.: check its password, user and database number\n")
        let serve = try ServeProcess(
            ["--store", "redis", "--redis-url", "redis://:secret@\(url)/2"])
        #expect(try serve.save("k", "1") == 204)
        #expect(!serve.process.output.contains("secret"))
    }

    // MARK: The application

    @Test func `healthz waits for the application's port, healthz outbound does not`() throws {
        let app = try FreePort.find()
        let serve = try ServeProcess(["--store", "memory", "--app-port", String(app)])
        #expect(try serve.request("GET", "/v1.0/healthz/outbound").status == 204)
        let answer = try serve.request("GET", "/v1.0/healthz")
        #expect(answer.status == 500)
        #expect(answer.text.contains("ERR_HEALTH_NOT_READY"))
        try serve.log("waiting on port \(app)")
        #expect(!serve.process.errors.contains("dapr initialized"))
        // Another fakedapr is as good an application as any.
        let process = try FakedaprProcess(["serve", "--port", String(app), "--store", "memory"])
        try Deadline.wait("the application to be found") {
            try serve.request("GET", "/v1.0/healthz").status == 204
        }
        try serve.log("application discovered on port \(app)")
        try serve.log("dapr initialized. Status: Running.")
        #expect(process.isRunning)
    }

    @Test func `the API token of the environment is asked for`() throws {
        let serve = try ServeProcess(
            ["--store", "memory"], environment: ["DAPR_API_TOKEN": "sesame"])
        #expect(try serve.request("GET", "/v1.0/metadata").status == 401)
        #expect(try serve.request("GET", "/v1.0/healthz").status == 204)
        let answer = try serve.request(
            "GET", "/v1.0/metadata", headers: [("dapr-api-token", "sesame")])
        #expect(answer.status == 200)
    }
}
