import HTTP
import TestSupport
import Testing
import Transport

/// A graceful stop. Its grace is ten minutes here unless a test says otherwise: what waits for it
/// fails by the suite's time limit.
@Suite(.timeLimit(.minutes(1))) struct StopTests {
    private static func get(_ path: String) -> String {
        "GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n"
    }

    @Test func `a request under way is answered, with the connection's end`() async throws {
        let server = try await WireServer()
        let client = try server.client()
        try client.send(Self.get("/held"))
        try server.settle()
        await server.stopWhileHolding()
        let answer = try client.readResponse()
        #expect(answer.text == "GET /held")
        #expect(answer["connection"] == "close")
        #expect(try client.readToEnd() == "")
    }

    @Test func `requests that have arrived behind it are answered too, then none`() async throws {
        let server = try await WireServer()
        let client = try server.client()
        try client.send(Self.get("/held") + Self.get("/2") + Self.get("/3"))
        try server.settle()
        await server.stopWhileHolding()
        for path in ["/held", "/2", "/3"] {
            let answer = try client.readResponse()
            #expect(answer.text == "GET \(path)")
            #expect((answer["connection"] == "close") == (path == "/3"))
        }
        #expect(try client.readToEnd() == "")
    }

    @Test func `a request whose body is still on its way is answered`() async throws {
        let server = try await WireServer()
        let clients = Clients()
        let client = try WireClient(to: server.address)
        clients.all = [client]
        try client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe")
        try server.settle()
        try await server.stop { try clients.all[0].send("llo") }
        let answer = try client.readResponse()
        #expect(answer.text == "hello")
        #expect(answer["connection"] == "close")
        #expect(try client.readToEnd() == "")
    }

    @Test func `connections at rest, silent and within a head are closed at once`() async throws {
        let server = try await WireServer()
        let (resting, silent, halfway) = try (server.client(), server.client(), server.client())
        _ = try resting.request("GET", "/1")
        try halfway.send("GET /2 HTTP/1.1\r\nHo")
        try server.settle()
        await server.stop()
        for client in [resting, silent, halfway] { #expect(try client.readToEnd() == "") }
        #expect(server.log.all == ["GET /1"])
    }

    @Test func `what the kernel had accepted before the stop is answered`() async throws {
        let server = try await WireServer()
        let address = server.address
        let clients = Clients()
        clients.all = try [WireClient(to: address), WireClient(to: address)]
        try server.settle()
        try await server.stop {
            // The loop is busy here: these wait in the backlog and in their sockets.
            try clients.all[0].send(Self.get("/0"))
            clients.all += try [WireClient(to: address), WireClient(to: address)]
            try clients.all[2].send(Self.get("/2"))
        }
        #expect(try clients.all[0].readResponse().text == "GET /0")
        #expect(try clients.all[1].readToEnd() == "")
        #expect(try clients.all[2].readResponse().text == "GET /2")
        #expect(try clients.all[3].readToEnd() == "")
    }

    /// Sendable unchecked: written before the stop ends, read after.
    private final class Clients: @unchecked Sendable {
        var all: [WireClient] = []
    }

    @Test func `nothing new is accepted`() async throws {
        // An address of its own: another test may be given the port that is free again.
        let server = try await WireServer(at: .ipv4(127, 0, 77, 1, port: 0))
        await server.stop()
        let error = #expect(throws: SystemError.self) { try server.client() }
        #expect(error?.call == "connect")
    }

    @Test func `a request that is not answered in time does not hold the stop`() async throws {
        let server = try await WireServer()
        let client = try server.client()
        try client.send(Self.get("/held"))
        try server.settle()
        await server.stop(grace: .milliseconds(50))
        #expect(try client.readToEnd() == "")
        await server.release()
    }
}
