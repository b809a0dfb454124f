import Bytes
import TestSupport
import Testing
import Transport

@testable import HTTP

/// Our client of other servers, against servers written by hand.
@Suite(.timeLimit(.minutes(1))) struct UpstreamTests {
    /// A body without an end.
    private final class Endless: BodySource {
        private(set) var isCancelled = false
        var remaining: Int? { nil }

        func next() async throws(BodySourceError) -> ByteSlice? {
            isCancelled ? nil : ByteSlice(repeating: 0x61, count: 64 << 10)
        }

        func cancel() { isCancelled = true }
    }

    @Test func `an answer is whole although its server never takes the rest of the request`()
        async throws
    {
        let loop = try EventLoop()
        defer { loop.stop() }
        let text = try await loop.run { (loop) throws -> String in
            let listener = try Listener(at: .loopback(port: 0), on: loop.reactor)
            var accepted: ByteStream?
            loop.spawn {
                guard let stream = await listener.accept() else { return }
                accepted = stream
                var request: ByteSlice = []
                _ = try? await stream.read(appendingTo: &request, deadline: nil)
                let answer = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nno!"
                try? await stream.write(Array(answer.utf8)[...], stall: .seconds(20))
            }
            let address = listener.address
            var limits = HTTPLimits()
            limits.stallTimeout = .seconds(600)
            let upstream = Upstream(
                host: address.host, port: address.port, limits: limits, on: loop)
            let answer = try await upstream.exchange(
                RequestWriter(method: "POST", target: Array("/".utf8)[...], host: "h"),
                body: .stream(Endless()), framing: .length, isHEAD: false, isIdempotent: false,
                deadline: Deadline.after(.seconds(20)))
            guard case .stream(let source) = answer.body else { return "no stream" }
            var body: ByteSlice = []
            while let piece = try await source.next() { body += piece }
            accepted?.close()
            return "\(answer.status) \(String(text: body))"
        }
        #expect(text == "413 no!")
    }

    @Test(arguments: ["closed", "chatty"])
    func `a kept connection that is of no use any more is replaced`(_ how: String) async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        let connections = try await loop.run { (loop) throws -> Int in
            let listener = try Listener(at: .loopback(port: 0), on: loop.reactor)
            var connections = 0
            var first: ByteStream?
            loop.spawn {
                while let stream = await listener.accept() {
                    connections += 1
                    first = first ?? stream
                    loop.spawn { await Self.answerAll(on: stream) }
                }
            }
            let address = listener.address
            let upstream = Upstream(
                host: address.host, port: address.port, limits: HTTPLimits(), on: loop)
            for _ in 0..<2 { try await Self.post(upstream) }
            if how == "closed" {
                first?.shutdownWrite()
            } else {
                try await first?.write(Array("HTTP".utf8)[...], stall: .seconds(20))
            }
            try await Self.post(upstream)
            return connections
        }
        #expect(connections == 2)
    }

    private static func answerAll(on stream: ByteStream) async {
        let answer = Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".utf8)[...]
        var request: ByteSlice = []
        while let count = try? await stream.read(appendingTo: &request, deadline: nil), count > 0 {
            try? await stream.write(answer, stall: .seconds(20))
        }
    }

    /// A request that is never sent twice.
    private static func post(_ upstream: Upstream) async throws(ExchangeError) {
        _ = try await upstream.exchange(
            RequestWriter(method: "POST", target: Array("/".utf8)[...], host: "h"),
            body: .bytes([]), framing: .length, isHEAD: false, isIdempotent: false,
            deadline: Deadline.after(.seconds(20)))
    }
}
