import Bytes
import TestSupport
import Testing

@testable import Transport

@Suite(.timeLimit(.minutes(1))) struct ByteStreamTests {
    /// Both ends of a connection on one loop, handed to `body`.
    private func connected<R: Sendable>(
        _ body: @Sendable (isolated EventLoop, ByteStream, ByteStream) async throws -> R
    ) async throws -> R {
        let loop = try EventLoop()
        defer { loop.stop() }
        return try await loop.run { (loop) throws -> R in
            let listener = try Listener(at: .loopback(port: 0), on: loop.reactor)
            let near = try await ByteStream.connect(to: listener.address, on: loop.reactor)
            let far = try #require(await listener.accept())
            listener.close()
            defer {
                near.close()
                far.close()
            }
            return try await body(loop, near, far)
        }
    }

    private static let stall = Duration.seconds(20)

    @Test func `what one end writes the other reads, in order and to the end`() async throws {
        let text = try await connected { _, near, far in
            for piece in ["a", "bc", "def"] {
                try await near.write(Array(piece.utf8)[...], stall: Self.stall)
            }
            near.shutdownWrite()
            var buffer: ByteSlice = []
            while try await far.read(appendingTo: &buffer, deadline: nil) > 0 {}
            return String(text: buffer)
        }
        #expect(text == "abcdef")
    }

    @Test func `megabytes pass while both ends wait for each other`() async throws {
        let count = 20_000_000
        let received = try await connected { loop, near, far in
            let bytes = [UInt8](repeating: 7, count: count)
            loop.spawn {
                try? await near.write(bytes[...], stall: Self.stall)
                near.shutdownWrite()
            }
            var received = 0
            var buffer: ByteSlice = []
            while true {
                let count = try await far.read(appendingTo: &buffer, deadline: nil)
                if count == 0 { return received }
                received += count
                buffer = []
            }
        }
        #expect(received == count)
    }

    @Test func `a read ends at its deadline, and the stream goes on`() async throws {
        try await connected { _, near, far in
            var buffer: ByteSlice = []
            let error = await #expect(throws: StreamError.self) {
                _ = try await far.read(
                    appendingTo: &buffer, deadline: Deadline.after(.milliseconds(5)))
            }
            #expect(error == .timedOut)
            try await near.write([1], stall: Self.stall)
            #expect(try await far.read(appendingTo: &buffer, deadline: nil) == 1)
        }
    }

    @Test func `a write that nobody takes ends after the stall`() async throws {
        let error = try await connected { _, near, _ in
            do throws(StreamError) {
                try await near.write(
                    [UInt8](repeating: 0, count: 50_000_000)[...], stall: .milliseconds(20))
                return nil as StreamError?
            } catch {
                return error
            }
        }
        #expect(error == .timedOut)
    }

    @Test func `a reset is told as a lost connection`() async throws {
        let error = try await connected { _, near, far in
            near.reset()
            var buffer: ByteSlice = []
            do throws(StreamError) {
                _ = try await far.read(appendingTo: &buffer, deadline: nil)
                return nil as StreamError?
            } catch {
                return error
            }
        }
        #expect(error == .disconnected)
    }

    @Test func `a stream closed while it is read ends the read`() async throws {
        let error = try await connected { loop, near, far in
            loop.reactor.after(.milliseconds(1)) { far.close() }
            var buffer: ByteSlice = []
            do throws(StreamError) {
                _ = try await far.read(appendingTo: &buffer, deadline: nil)
                return nil as StreamError?
            } catch {
                return error
            }
        }
        #expect(error == .interrupted)
    }

    @Test func `bytes that wait are seen without being taken`() async throws {
        try await connected { _, near, far in
            #expect(!far.hasBytes)
            try await near.write([1, 2], stall: Self.stall)
            #expect(far.hasBytes)
            var buffer: ByteSlice = []
            #expect(try await far.read(appendingTo: &buffer, deadline: nil) == 2)
            #expect(!far.hasBytes)
        }
    }

    @Test func `a slice that never runs empty begins at 0 again, its bytes kept`() async throws {
        try await connected { _, near, far in
            let padding = TransportLimits.readChunk + 1
            var buffer = ([UInt8](repeating: 0, count: padding) + [1, 2])[padding...]
            try await near.write([3], stall: Self.stall)
            _ = try await far.read(appendingTo: &buffer, deadline: nil)
            #expect(Array(buffer) == [1, 2, 3])
            #expect(buffer.startIndex == 0)
        }
    }

    @Test func `a connection that nobody accepts is not made in time`() async throws {
        let port = try FreePort.find()
        let loop = try EventLoop()
        defer { loop.stop() }
        let error = await loop.run { loop in
            do throws(SystemError) {
                _ = try await ByteStream.connect(to: .loopback(port: port), on: loop.reactor)
                return nil as SystemError?
            } catch {
                return error
            }
        }
        #expect(error?.call == "connect")
        #expect(error?.reason == "connection refused")
    }
}
