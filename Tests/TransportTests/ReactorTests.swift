import Bytes
import Glibc
import TestSupport
import Testing

@testable import Transport

@Suite(.timeLimit(.minutes(1))) struct ReactorTests {
    /// Two connected, non-blocking sockets. Closed by the test's streams.
    private static func pair() -> (Int32, Int32) {
        var fds: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        // Safe: socketpair writes two descriptors.
        _ = unsafe socketpair(AF_UNIX, kind, 0, &fds)
        return (fds[0], fds[1])
    }

    private static func write(_ fd: Int32, _ text: String = "x") {
        FileContents.writeAll(Array(text.utf8), to: fd)
    }

    /// Runs a body on a loop of its own.
    // MARK: Waits

    @Test func `a wait ends when bytes come`() async throws {
        let wake = try await onLoop { loop in
            let (near, far) = Self.pair()
            let token = try loop.reactor.register(near)
            loop.reactor.after(.milliseconds(5)) { Self.write(far) }
            let wake = await loop.reactor.wait(token, .read, deadline: nil)
            loop.reactor.deregister(token, fd: near)
            close(near)
            close(far)
            return wake
        }
        #expect(wake == .ready)
    }

    @Test func `bytes that came before the wait end it at once`() async throws {
        let wake = try await onLoop { loop in
            let (near, far) = Self.pair()
            let token = try loop.reactor.register(near)
            Self.write(far)
            // The edge is seen while nobody waits.
            await loop.reactor.sleep(for: .milliseconds(5))
            let wake = await loop.reactor.wait(token, .read, deadline: nil)
            loop.reactor.deregister(token, fd: near)
            close(near)
            close(far)
            return wake
        }
        #expect(wake == .ready)
    }

    @Test func `a wait ends at its deadline, and not by what the other direction does`()
        async throws
    {
        let (wake, isLate) = try await onLoop { loop in
            let (near, far) = Self.pair()
            let token = try loop.reactor.register(near)
            let deadline = Deadline.after(.milliseconds(30))
            // The socket is writable all the time.
            let wake = await loop.reactor.wait(token, .read, deadline: deadline)
            loop.reactor.deregister(token, fd: near)
            close(near)
            close(far)
            return (wake, Reactor.monotonicNow() >= deadline)
        }
        #expect(wake == .timedOut)
        #expect(isLate)
    }

    @Test func `of many waits each has its own deadline`() async throws {
        let order = try await onLoop { loop in
            let reactor = loop.reactor
            var order: [Int] = []
            var open: [Int32] = []
            let begin = reactor.now
            for number in [3, 1, 2] {
                let (near, far) = Self.pair()
                open += [near, far]
                let token = try reactor.register(near)
                loop.spawn {
                    let deadline = begin + MonotonicTime(number) * 3 * TransportLimits.sweepInterval
                    if await reactor.wait(token, .read, deadline: deadline) == .timedOut {
                        order.append(number)
                    }
                }
            }
            await reactor.sleep(until: begin + 12 * TransportLimits.sweepInterval)
            for fd in open { close(fd) }
            return order
        }
        #expect(order == [1, 2, 3])
    }

    @Test func `an interrupted wait ends, and the next one waits again`() async throws {
        let wakes = try await onLoop { loop in
            let reactor = loop.reactor
            let (near, far) = Self.pair()
            let token = try reactor.register(near)
            reactor.interrupt(token, .read)  // Nobody waits: nothing happens.
            reactor.after(.milliseconds(1)) { reactor.interrupt(token, .read) }
            let first = await reactor.wait(token, .read, deadline: nil)
            reactor.after(.milliseconds(1)) { Self.write(far) }
            let second = await reactor.wait(token, .read, deadline: nil)
            reactor.deregister(token, fd: near)
            close(near)
            close(far)
            return [first, second]
        }
        #expect(wakes == [.interrupted, .ready])
    }

    // MARK: Tokens

    @Test func `a descriptor used again does not wake who waited for the old one`() async throws {
        try await onLoop { loop in
            let reactor = loop.reactor
            let (near, far) = Self.pair()
            let old = try reactor.register(near)
            // An event of the old one is on its way when it goes.
            Self.write(far)
            reactor.deregister(old, fd: near)
            close(near)
            close(far)
            let (next, other) = Self.pair()
            let new = try reactor.register(next)
            #expect(new != old)
            #expect(new & 0xFFFF_FFFF == old & 0xFFFF_FFFF)
            let deadline = Deadline.after(.milliseconds(1))
            #expect(await reactor.wait(new, .read, deadline: deadline) == .timedOut)
            // The old token is good for nothing.
            #expect(await reactor.wait(old, .read, deadline: nil) == .interrupted)
            reactor.interrupt(old, .read)
            reactor.deregister(old, fd: -1)
            Self.write(other)
            #expect(await reactor.wait(new, .read, deadline: nil) == .ready)
            reactor.deregister(new, fd: next)
            close(next)
            close(other)
        }
    }

    @Test func `who waits for a descriptor that goes is woken`() async throws {
        let wake = try await onLoop { loop in
            let reactor = loop.reactor
            let (near, far) = Self.pair()
            let token = try reactor.register(near)
            reactor.after(.milliseconds(1)) { reactor.deregister(token, fd: near) }
            let wake = await reactor.wait(token, .read, deadline: nil)
            close(near)
            close(far)
            return wake
        }
        #expect(wake == .interrupted)
    }

    @Test func `an end told together with bytes is not forgotten`() async throws {
        let wakes = try await onLoop { loop in
            let reactor = loop.reactor
            let (near, far) = Self.pair()
            let token = try reactor.register(near)
            Self.write(far)
            close(far)
            let first = await reactor.wait(token, .read, deadline: nil)
            let second = await reactor.wait(token, .read, deadline: Deadline.after(.seconds(5)))
            reactor.deregister(token, fd: near)
            close(near)
            return [first, second]
        }
        #expect(wakes == [.ready, .ready])
    }

    // MARK: The loop

    @Test func `jobs that feed themselves do not keep sockets and timers waiting`() async throws {
        let isDone = try await onLoop { loop in
            let reactor = loop.reactor
            let (near, far) = Self.pair()
            let token = try reactor.register(near)
            var isDone = false
            for _ in 0..<3 {
                loop.spawn {
                    while !isDone { await Task.yield() }
                }
            }
            reactor.after(.milliseconds(2)) { Self.write(far) }
            let wake = await reactor.wait(token, .read, deadline: Deadline.after(.seconds(10)))
            isDone = true
            reactor.deregister(token, fd: near)
            close(near)
            close(far)
            return wake == .ready
        }
        #expect(isDone)
    }

    @Test func `what is posted from other threads runs on the loop, all of it`() async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        let places = await withTaskGroup(of: [Bool].self) { group in
            for _ in 0..<8 {
                group.addTask {
                    var places: [Bool] = []
                    for _ in 0..<500 {
                        places.append(await loop.run { loop in loop.reactor.isOnLoop })
                    }
                    return places
                }
            }
            return await group.reduce([], +)
        }
        #expect(places == Array(repeating: true, count: 4000))
    }

    @Test func `a task stays on its loop across its waits`() async throws {
        let stays = try await onLoop { loop in
            var stays = loop.reactor.isOnLoop
            for _ in 0..<3 {
                await loop.reactor.sleep(for: .milliseconds(1))
                stays = stays && loop.reactor.isOnLoop
            }
            return stays
        }
        #expect(stays)
    }
}
