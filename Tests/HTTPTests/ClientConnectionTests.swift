import Bytes
import TestSupport
import Testing
import Transport

@testable import HTTP

/// Our own client against our own server, and against answers written by hand.
@Suite(.timeLimit(.minutes(1))) struct ClientConnectionTests {
    private static func request(
        _ method: String, _ target: String, body: String = ""
    ) -> OutgoingRequest {
        OutgoingRequest(
            method: method, target: Array(target.utf8)[...], host: "h",
            body: Array(body.utf8)[...])
    }

    @Test func `requests follow one another on one connection`() async throws {
        let server = try await WireServer()
        let address = server.address
        let answers = try await server.loop.run { (loop) throws -> [String] in
            let deadline = Deadline.after(.seconds(20))
            let client = try await ClientConnection(
                to: address, limits: HTTPLimits(), deadline: deadline, on: loop.reactor)
            var answers: [String] = []
            let requests = [
                Self.request("GET", "/a"), Self.request("HEAD", "/large/10"),
                Self.request("POST", "/echo", body: "hello"), Self.request("GET", "/empty"),
            ]
            for request in requests {
                let answer = try await client.send(request, limit: 100, deadline: deadline)
                answers.append("\(answer.status) \(String(text: answer.body)) \(client.isReusable)")
            }
            client.close()
            return answers
        }
        #expect(answers == ["200 GET /a true", "200  true", "200 hello true", "204  true"])
    }

    /// Answers one connection with these bytes and ends it, on the loop that also runs the client.
    private func exchange(
        _ answer: String, method: String = "GET", limit: Int = 100,
        patience: Duration = .seconds(20), ends: Bool = true
    ) async throws -> Result<String, ExchangeError> {
        let loop = try EventLoop()
        defer { loop.stop() }
        return try await loop.run { (loop) throws -> Result<String, ExchangeError> in
            let listener = try Listener(at: .loopback(port: 0), on: loop.reactor)
            loop.spawn {
                guard let stream = await listener.accept() else { return }
                var request: ByteSlice = []
                _ = try? await stream.read(appendingTo: &request, deadline: nil)
                try? await stream.write(Array(answer.utf8)[...], stall: .seconds(20))
                if ends { stream.shutdownWrite() }
                _ = try? await stream.read(appendingTo: &request, deadline: nil)
                stream.close()
            }
            do throws(ExchangeError) {
                let client = try await ClientConnection(
                    to: listener.address, limits: HTTPLimits(),
                    deadline: Deadline.after(.seconds(20)), on: loop.reactor)
                defer { client.close() }
                let response = try await client.send(
                    Self.request(method, "/"), limit: limit, deadline: Deadline.after(patience))
                let body = String(text: response.body)
                return .success("\(response.status) \(body) \(client.isReusable)")
            } catch {
                return .failure(error)
            }
        }
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "200 ok true"),
        ("HTTP/1.1 200 OK\r\n\r\nto the end", "200 to the end false"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            "200 ok true"
        ),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", "204  true"),
        (
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n"
                + "Content-Length: 1\r\n\r\nx", "200 x true"
        ),
    ])
    func `an answer is read by its framing`(wire: String, read: String) async throws {
        #expect(try await exchange(wire) == .success(read))
    }

    @Test(arguments: [
        ("", ExchangeError.disconnected), ("HTTP/1.1 200 OK\r\nContent-Le", .disconnected),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", .disconnected),
        ("HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n", .tooLarge),
        (
            "nonsense\r\n\r\n",
            .malformed(ParseError(offset: 0, reason: .badStatusLine))
        ),
    ])
    func `an answer that does not come whole is an error`(
        wire: String, error: ExchangeError
    ) async throws {
        #expect(try await exchange(wire) == .failure(error))
    }

    @Test(arguments: ["", "HTTP/1.1 200 OK\r\n"])
    func `an answer that does not come in time is an error`(wire: String) async throws {
        let outcome = try await exchange(wire, patience: .milliseconds(20), ends: false)
        #expect(outcome == .failure(.timedOut))
    }

    @Test func `a port where nobody listens is an error that says so`() async throws {
        let port = try FreePort.find()
        let loop = try EventLoop()
        defer { loop.stop() }
        let error = await loop.run { loop in
            do throws(ExchangeError) {
                _ = try await ClientConnection(
                    to: .loopback(port: port), limits: HTTPLimits(),
                    deadline: Deadline.after(.seconds(20)), on: loop.reactor)
                return nil as ExchangeError?
            } catch {
                return error
            }
        }
        guard case .cannotConnect(let reason) = error else {
            Issue.record("connected, or failed otherwise: \(String(describing: error))")
            return
        }
        #expect(reason.reason == "connection refused")
    }
}
