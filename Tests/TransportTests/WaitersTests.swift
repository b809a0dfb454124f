import TestSupport
import Testing

@testable import Transport

@Suite(.timeLimit(.minutes(1))) struct WaitersTests {
    /// What three waiting tasks note when `change` is done to those that wait.
    private func woken(
        until deadline: MonotonicTime = .max, by change: @escaping @Sendable (Waiters) -> Void
    ) async throws -> [String] {
        let loop = try EventLoop()
        defer { loop.stop() }
        return await loop.run { loop in
            let waiters = Waiters(on: loop.reactor)
            var notes: [String] = []
            for name in ["a", "b", "c"] {
                loop.spawn {
                    let isWoken = await waiters.wait(until: deadline) { false }
                    notes.append(isWoken ? name : "\(name) late")
                }
            }
            await loop.reactor.rest()
            change(waiters)
            await loop.reactor.rest()
            let seen = notes
            // Nobody is left behind.
            waiters.wake()
            await loop.reactor.rest()
            return seen
        }
    }

    @Test func `all are woken, in the order of their coming`() async throws {
        #expect(try await woken { $0.wake() } == ["a", "b", "c"])
    }

    @Test func `one at a time is woken, who has waited longest`() async throws {
        #expect(try await woken { $0.wakeFirst() } == ["a"])
        let two = try await woken {
            $0.wakeFirst()
            $0.wakeFirst()
        }
        #expect(two == ["a", "b"])
    }

    @Test func `nobody to wake is no mistake`() async throws {
        let seen = try await woken { waiters in
            for _ in 0..<4 { waiters.wakeFirst() }
            waiters.wake()
        }
        #expect(seen == ["a", "b", "c"])
    }

    @Test func `who is late is told, and is not woken again`() async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        let seen = await loop.run { loop in
            let waiters = Waiters(on: loop.reactor)
            var notes: [Bool] = []
            let deadline = Reactor.monotonicNow() + 1_000_000
            notes.append(await waiters.wait(until: deadline) { false })
            waiters.wake()
            notes.append(await waiters.wait(until: .max) { true })
            return notes
        }
        #expect(seen == [false, true])
    }
}
