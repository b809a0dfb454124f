import Bytes
import TestSupport
import Testing
import Transport

/// What an edge-triggered loop could miss.
@Suite struct EndOfStreamTests {
    @Test func `an end that comes in one event with the last bytes is seen`() async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        let counts = try await loop.run { (loop) async throws -> [Int] in
            let listener = try Listener(at: .loopback(port: 0), on: loop.reactor)
            let deadline = Deadline.after(.seconds(5))
            var client: BlockingSocket? = try BlockingSocket(
                to: .loopback(port: listener.address.port), deadline: deadline)
            let stream = try #require(await listener.accept())
            // Runs once the read below waits; the loop looks at the socket only afterwards.
            loop.spawn {
                try? client?.send([1], deadline: deadline)
                client = nil
            }
            var bytes: ByteSlice = []
            let first = try await stream.read(appendingTo: &bytes, deadline: deadline)
            let second = try await stream.read(appendingTo: &bytes, deadline: deadline)
            stream.close()
            listener.close()
            return [first, second]
        }
        #expect(counts == [1, 0])
    }

    @Test func `timers fire while jobs feed each other`() async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        let isTold = try await loop.run { (loop) async throws -> Bool in
            var isTold = false
            loop.reactor.after(.milliseconds(1)) { isTold = true }
            let deadline = Deadline.after(.seconds(5))
            while !isTold, Reactor.monotonicNow() < deadline { await Task.yield() }
            return isTold
        }
        #expect(isTold)
    }
}
