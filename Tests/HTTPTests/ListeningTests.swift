import Bytes
import HTTP
import TestSupport
import Testing
import Transport

/// Where a server can be reached.
@Suite(.timeLimit(.minutes(1))) struct ListeningTests {
    private static let loopbackV6 = [UInt8](repeating: 0, count: 15) + [1]

    @Test func `port 0 becomes a port of the kernel's choice`() async throws {
        let server = try await WireServer()
        #expect(server.address.port != 0)
        #expect(try server.client().request("GET", "/a").status == 200)
    }

    @Test func `the loopback address of IPv6 works as that of IPv4`() async throws {
        let server: WireServer
        do {
            server = try await WireServer(at: .ipv6(Self.loopbackV6, port: 0))
        } catch let error as SystemError where error.isAddressUnavailable {
            return  // A machine without IPv6 has nothing to test here.
        }
        #expect(try server.client().request("GET", "/a").text == "GET /a")
    }

    @Test func `localhost is reached by either family at one port`() throws {
        let serve = try ServeProcess(["--store", "memory"])
        for address in Resolver.resolveBlocking("localhost", port: serve.port) {
            do {
                let client = try WireClient(to: address)
                #expect(try client.request("GET", "/v1.0/healthz").status == 204)
            } catch let error as SystemError where error.isAddressUnavailable {}
        }
    }

    @Test func `a Unix socket is served and removed with the server`() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/http.socket"
        let server = try await WireServer(at: .unix(path: path))
        #expect(try server.client().request("GET", "/a").text == "GET /a")
        await server.stop()
        #expect(!FileContents.exists(path))
    }

    @Test func `a Unix socket left by a killed program is taken over`() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/dapr-app-http.socket"
        let arguments = ["--store", "memory", "--unix-domain-socket", folder.path]
        let first = try FakedaprProcess(["serve"] + arguments)
        try Deadline.wait("the socket") { first.output.contains("Stop ") }
        first.signal(9)
        _ = try first.waitForExit()
        #expect(FileContents.exists(path))
        let server = try await WireServer(at: .unix(path: path))
        #expect(try server.client().request("GET", "/a").text == "GET /a")
    }

    @Test func `a taken port is told as such`() async throws {
        let server = try await WireServer()
        await #expect { _ = try await WireServer(at: server.address) } throws: { error in
            (error as? SystemError)?.isAddressInUse == true
        }
        // And the one that has it goes on.
        #expect(try server.client().request("GET", "/a").status == 200)
    }

    @Test func `a taken Unix socket is told as such, and its owner keeps it`() async throws {
        let folder = try TemporaryFolder()
        let server = try await WireServer(at: .unix(path: "\(folder.path)/s"))
        await #expect { _ = try await WireServer(at: server.address) } throws: { error in
            (error as? SystemError)?.isAddressInUse == true
        }
        #expect(try server.client().request("GET", "/a").status == 200)
    }

    @Test func `a path too long for a Unix socket is told as such`() async throws {
        let path = "/tmp/" + String(repeating: "a", count: 200)
        await #expect { _ = try await WireServer(at: .unix(path: path)) } throws: { error in
            (error as? SystemError)?.reason == "file name too long"
        }
    }
}
