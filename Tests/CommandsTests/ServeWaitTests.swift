import TestSupport
import Testing
import Transport

/// `fakedapr wait`, which lets a script begin when the sidecar has.
@Suite struct ServeWaitTests {
    @Test(arguments: ["", "/", "/v1.0/healthz", "/v1.0/metadata"])
    func `a sidecar that is there is no wait`(path: String) throws {
        let serve = try ServeProcess(["--store", "memory"])
        for host in ["127.0.0.1", "localhost", "[::1]"] {
            let outcome = try Fakedapr.run(
                ["wait", "--url", "http://\(host):\(serve.port)\(path)", "--timeout", "20s"])
            #expect(outcome.status == 0)
            #expect(outcome.output + outcome.errors == "")
        }
    }

    @Test func `a sidecar at a Unix socket is waited for, too`() throws {
        let folder = try TemporaryFolder()
        let serve = try FakedaprProcess([
            "serve", "--store", "memory", "--unix-domain-socket", folder.path,
        ])
        let url = "unix://\(folder.path)/dapr-app-http.socket"
        #expect(try Fakedapr.run(["wait", "--url", url, "--timeout", "20"]).status == 0)
        #expect(serve.isRunning)
    }

    @Test func `a sidecar that comes later is waited for`() throws {
        let port = try FreePort.find()
        let waiting = try FakedaprProcess(
            ["wait", "--url", "http://127.0.0.1:\(port)", "--timeout", "20s"])
        let serve = try FakedaprProcess(["serve", "--store", "memory", "--port", String(port)])
        #expect(try waiting.waitForExit() == 0)
        #expect(serve.isRunning)
    }

    @Test func `nothing there ends with 124 and says why`() throws {
        let url = "http://127.0.0.1:\(try FreePort.find())"
        let outcome = try Fakedapr.run(["wait", "--url", url, "--timeout", "50ms"])
        #expect(outcome.status == 124)
        #expect(
            outcome.errors
                == "fakedapr: nothing is ready at \(url) within 50ms: connection refused: "
                + "is it running, and is this its URL?\n")
    }

    @Test func `an application that is not up yet is not ready at healthz`() throws {
        let app = String(try FreePort.find())
        let serve = try ServeProcess(["--store", "memory", "--app-port", app])
        let url = "http://127.0.0.1:\(serve.port)"
        #expect(try Fakedapr.run(["wait", "--url", url]).status == 0)
        let outcome = try Fakedapr.run(["wait", "--url", "\(url)/v1.0/healthz", "--timeout", "0"])
        #expect(outcome.status == 124)
        #expect(outcome.errors.contains("within 0s: HTTP 500"))
    }

    @Test func `another kind of server is not taken for a sidecar`() throws {
        let url = "http://127.0.0.1:\(RedisServer.shared.port)"
        let outcome = try Fakedapr.run(["wait", "--url", url, "--timeout", "100ms"])
        #expect(outcome.status == 124)
        #expect(
            outcome.errors.contains("within 100ms: the connection was closed without an answer"))
    }

    @Test(arguments: [
        ["--url", "127.0.0.1:3500"], ["--url", "https://127.0.0.1"], ["--url", "http://:1"],
        ["--url", "http://h:x"], ["--timeout", "soon"], ["--timeout", "-1s"],
    ])
    func `a URL or a time that cannot be used ends with 1`(arguments: [String]) throws {
        // Joined, because a value may begin with a dash.
        let outcome = try Fakedapr.run(["wait", "\(arguments[0])=\(arguments[1])"])
        #expect(outcome.status == 1)
        #expect(
            outcome.errors.hasPrefix("fakedapr: invalid \(arguments[0]) `\(arguments[1])`: write"))
    }

    @Test func `daprd's own wait flag waits for the sidecar of that port`() throws {
        let serve = try ServeProcess(["--store", "memory"])
        let outcome = try Fakedapr.run(["serve", "--wait", "--port", String(serve.port)])
        #expect(outcome.status == 0)
    }
}
