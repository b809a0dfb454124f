import Bytes
import HTTP
import TestSupport
import Testing
import Transport

/// Peers that are slow, silent or many.
@Suite(.timeLimit(.minutes(1))) struct PatienceTests {
    private func limits(_ change: (inout HTTPLimits) -> Void) -> HTTPLimits {
        var limits = HTTPLimits()
        change(&limits)
        return limits
    }

    // MARK: Time

    @Test(arguments: ["", "\r\n", "G", "GET / HTTP/1.1\r\nHost: h\r\n"])
    func `a head that does not come in time is closed without a word`(start: String) async throws {
        let server = try await WireServer(limits: limits { $0.headTimeout = .milliseconds(50) })
        let client = try server.client()
        try client.send(start)
        #expect(try client.readToEnd() == "")
        #expect(server.log.all == [])
    }

    @Test func `a head that drips has no more time than any other`() async throws {
        let server = try await WireServer(limits: limits { $0.headTimeout = .milliseconds(150) })
        let client = try server.client()
        // Each byte keeps the connection busy; the head as a whole is late all the same.
        let feeder = Task.detached {
            try client.send("GET /")
            while true { try client.send("a") }
        }
        try await server.waitForConnections(1)
        try await server.waitForConnections(0)
        _ = await feeder.result
        #expect(server.log.all == [])
    }

    @Test func `the rest of a pipelined head has the head timeout, not the idle one`() async throws
    {
        let server = try await WireServer(limits: limits { $0.headTimeout = .milliseconds(50) })
        let client = try server.client()
        try client.send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HT")
        #expect(try client.readResponse().text == "GET /1")
        #expect(try client.readToEnd() == "")
    }

    @Test func `a connection that rests too long between requests is closed`() async throws {
        let server = try await WireServer(limits: limits { $0.idleTimeout = .milliseconds(50) })
        let client = try server.client()
        #expect(try client.request("GET", "/1").text == "GET /1")
        #expect(try client.readToEnd() == "")
    }

    @Test func `a connection may rest between requests longer than a head may take`() async throws {
        let server = try await WireServer(limits: limits { $0.headTimeout = .milliseconds(20) })
        let resting = try server.client()
        #expect(try resting.request("GET", "/1").text == "GET /1")
        // One that is past its head timeout, opened later, has been closed meanwhile.
        #expect(try server.client().readToEnd() == "")
        #expect(try resting.request("GET", "/2").text == "GET /2")
    }

    @Test func `the limits are Go's and daprd's`() {
        let limits = HTTPLimits()
        #expect(limits.headTimeout == .seconds(10))
        #expect(limits.headBytes == 8192)
        #expect(HTTPLimits(readBufferSize: 65_536).headBytes == 65_536 + 4096)
    }

    // MARK: Slow readers

    @Test func `a peer that does not read is not served ahead, and holds up nobody`() async throws {
        let server = try await WireServer()
        let client = try server.client()
        let count = 100
        let request = "GET /large/1048576 HTTP/1.1\r\nHost: h\r\n\r\n"
        try client.send(String(repeating: request, count: count))
        for _ in 0..<20 { try server.settle() }
        // Socket buffers take some megabytes; the server itself holds one answer.
        #expect((1...count / 2).contains(server.log.all.count))
        for _ in 0..<count {
            try #require(try client.readResponse().body.count == 1 << 20)
        }
        #expect(server.log.all.count == count)
    }

    @Test func `a peer that takes nothing for too long is closed`() async throws {
        let server = try await WireServer(
            limits: limits {
                $0.stallTimeout = .milliseconds(50)
                $0.lingeringTimeout = .milliseconds(50)
            })
        let client = try server.client()
        try client.send("GET /large/100000000 HTTP/1.1\r\nHost: h\r\n\r\n")
        try await server.waitForConnections(0)
        #expect(server.log.all == ["GET /large/100000000"])
    }

    // MARK: Many

    @Test func `two thousand idle and half-open connections do not stop others`() throws {
        DescriptorLimit.raise()
        let serve = try ServeProcess(["--store", "memory"])
        let clients = try (0..<2000).map { number in
            let client = try serve.client()
            if !number.isMultiple(of: 2) { try client.send("GET /v1.0/healthz HTTP/1.1\r\nHo") }
            return client
        }
        let answer = try serve.client().request("GET", "/v1.0/healthz")
        #expect(answer.status == 204)
        // They are connections as good as any other.
        #expect(try clients[0].request("GET", "/v1.0/healthz").status == 204)
        try clients[1999].send("st: h\r\n\r\n")
        #expect(try clients[1999].readResponse().status == 204)
    }

    @Test func `running out of descriptors is survived`() throws {
        let serve = try ServeProcess(["--store", "memory"], descriptors: 40)
        let first = try serve.client()
        #expect(try first.request("GET", "/v1.0/healthz").status == 204)
        // More than it can have; the kernel keeps the rest in the backlog.
        var clients = try (0..<80).map { _ in try serve.client() }
        let last = try serve.client()
        try last.send("GET /v1.0/healthz HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(try first.request("GET", "/v1.0/healthz").status == 204)
        clients.removeAll()
        #expect(try last.readResponse().status == 204)
        #expect(serve.process.isRunning)
    }
}
