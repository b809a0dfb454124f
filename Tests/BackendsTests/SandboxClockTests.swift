import Backends
import TestSupport
import Testing
import Transport

/// A sandbox's clock in its three modes, and what it does for who waits.
@Suite(.timeLimit(.minutes(1))) struct SandboxClockTests {
    private static let start = Timestamp(seconds: 1_000)

    /// What happened, with the seconds on the clock since its start.
    private final class Log {
        private(set) var lines: [String] = []
        private let clock: SandboxClock
        init(_ clock: SandboxClock) { self.clock = clock }
        func add(_ text: String) {
            let seconds = (clock.now.nanoseconds - start.nanoseconds) / 1_000_000_000
            lines.append("\(seconds) \(text)")
        }
    }

    private func withClock(
        _ mode: ClockMode = .manual, _ body: @Sendable (SandboxClock, Log, EventLoop) async -> Void
    ) async throws -> [String] {
        try await onLoop { loop in
            let clock = SandboxClock(mode, at: Self.start, on: loop.reactor)
            let log = Log(clock)
            await body(clock, log, loop)
            return log.lines
        }
    }

    // MARK: Modes and ends

    @Test func `a clock that becomes real while it is moved is moved no further`() async throws {
        let lines = try await withClock { clock, log, loop in
            let work = clock.work.begin()
            for name in ["first", "second"] {
                loop.spawn { log.add("\(name) \(await clock.advance(by: .seconds(5)))") }
            }
            await loop.reactor.rest()
            clock.set(.real)
            clock.work.end(work)
            for _ in 0..<4 { await loop.reactor.rest() }
            clock.set(.manual, at: Self.start)
            log.add("end")
        }
        #expect(
            lines.map { $0.split(separator: " ").dropFirst().joined(separator: " ") }
                == ["first false", "second false", "end"])
    }

    @Test func `a clock that has ended lets everybody go on`() async throws {
        let lines = try await withClock { clock, log, loop in
            _ = clock.setAlarm(after: .seconds(3600)) { log.add("before") }
            clock.end()
            await Suspension<Void>.suspend { suspension in
                _ = clock.setAlarm(after: .seconds(7200)) {
                    log.add("after")
                    suspension.resume()
                }
            }
        }
        #expect(lines == ["0 before", "0 after"])
    }

    // MARK: Alarms

    @Test func `alarms go off in their order, each at its time`() async throws {
        let lines = try await withClock { clock, log, _ in
            for seconds in [3, 1, 2, 1] {
                _ = clock.setAlarm(after: .seconds(seconds)) { log.add("after \(seconds)") }
            }
            await clock.advance(by: .milliseconds(2_500))
            log.add("advanced")
            await clock.advance(by: .seconds(1))
        }
        #expect(lines == ["1 after 1", "1 after 1", "2 after 2", "2 advanced", "3 after 3"])
    }

    @Test func `an alarm that is taken back does not go off`() async throws {
        let lines = try await withClock { clock, log, _ in
            let alarm = clock.setAlarm(after: .seconds(1)) { log.add("one") }
            _ = clock.setAlarm(after: .seconds(2)) { log.add("two") }
            clock.cancel(alarm)
            log.add("\(clock.alarmCount) set")
            await clock.advance(by: .seconds(5))
            clock.cancel(alarm)
            log.add("\(clock.alarmCount) set")
        }
        #expect(lines == ["0 1 set", "2 two", "5 0 set"])
    }

    @Test func `what an alarm sets going happens at its time, however often it waits again`()
        async throws
    {
        let lines = try await withClock { clock, log, loop in
            loop.spawn {
                for attempt in 1...4 {
                    await Self.sleep(60, clock)
                    log.add("attempt \(attempt)")
                }
            }
            await loop.reactor.rest()
            await clock.advance(by: .seconds(200))
            log.add("advanced")
        }
        #expect(lines == ["60 attempt 1", "120 attempt 2", "180 attempt 3", "200 advanced"])
    }

    private static func sleep(_ seconds: Int, _ clock: SandboxClock) async {
        await Suspension<Void>.suspend { suspension in
            _ = clock.setAlarm(after: .seconds(seconds)) { suspension.resume() }
        }
    }

    @Test func `a clock that is moved waits for answers from outside`() async throws {
        let lines = try await withClock { clock, log, loop in
            loop.spawn {
                for attempt in 1...2 {
                    await Self.sleep(60, clock)
                    await clock.work.during { await loop.reactor.sleep(for: .milliseconds(20)) }
                    log.add("answer \(attempt)")
                }
            }
            await loop.reactor.rest()
            await clock.advance(by: .seconds(150))
        }
        #expect(lines == ["60 answer 1", "120 answer 2"])
    }

    @Test func `an answer that does not come holds the clock no longer than its patience`()
        async throws
    {
        let begin = Reactor.monotonicNow()
        let lines = try await withClock { clock, log, _ in
            let token = clock.work.begin()
            for seconds in [1, 2, 3] {
                _ = clock.setAlarm(after: .seconds(seconds)) { log.add("alarm") }
            }
            await clock.advance(by: .seconds(5), patience: .milliseconds(50))
            // It was given up: its late end is nobody's.
            clock.work.end(token)
            await clock.advance(by: .seconds(1), patience: .seconds(600))
            log.add("done")
        }
        #expect(lines == ["1 alarm", "2 alarm", "3 alarm", "6 done"])
        #expect(Reactor.monotonicNow() - begin >= 50_000_000)
    }

    @Test func `two who move the clock move it one after the other`() async throws {
        let lines = try await withClock { clock, log, loop in
            for seconds in [4, 7] {
                _ = clock.setAlarm(after: .seconds(seconds)) { log.add("alarm \(seconds)") }
            }
            var left = 2
            for name in ["one", "two"] {
                loop.spawn {
                    await clock.advance(by: .seconds(5))
                    log.add(name)
                    left -= 1
                }
            }
            while left > 0 { await loop.reactor.rest() }
        }
        #expect(lines == ["4 alarm 4", "5 one", "7 alarm 7", "10 two"])
    }

    // MARK: Modes

    @Test func `alarms of a clock that goes by itself go off by themselves`() async throws {
        for mode in [ClockMode.real, .accelerated(1_000)] {
            let seconds = mode == .real ? 0 : 10
            let fired = try await onLoop { loop in
                let clock = SandboxClock(mode, at: Self.start, on: loop.reactor)
                let wait = Duration.seconds(seconds) + .milliseconds(10)
                await Suspension<Void>.suspend { suspension in
                    _ = clock.setAlarm(after: .seconds(3_600)) {}
                    _ = clock.setAlarm(after: wait) { suspension.resume() }
                }
                return mode == .real || clock.now >= Self.start.adding(wait)
            }
            #expect(fired)
        }
    }

    @Test func `an accelerated clock goes as many times as fast`() async throws {
        let (sandbox, system) = try await onLoop { loop in
            let begin = Reactor.monotonicNow()
            let clock = SandboxClock(.accelerated(3_600), at: Self.start, on: loop.reactor)
            await loop.reactor.sleep(for: .milliseconds(20))
            let now = clock.now
            return (now.nanoseconds - Self.start.nanoseconds, Reactor.monotonicNow() - begin)
        }
        #expect(sandbox >= 20_000_000 * 3_600)
        #expect(sandbox <= Int64(system) * 3_600)
    }

    @Test func `an alarm keeps what was left of its time whatever the clock is set to`()
        async throws
    {
        let lines = try await withClock { clock, log, loop in
            var isOver = false
            _ = clock.setAlarm(after: .seconds(100)) { log.add("alarm") }
            _ = clock.setAlarm(after: .seconds(1_000)) { isOver = true }
            await clock.advance(by: .seconds(60))
            clock.set(.manual, at: Timestamp(seconds: 5_000))
            log.add("set")
            clock.set(.manual, at: Self.start)
            await clock.advance(by: .seconds(39))
            log.add("not yet")
            await clock.advance(by: .seconds(1))
            clock.set(.accelerated(1_000_000))
            while !isOver { await loop.reactor.sleep(for: .milliseconds(1)) }
        }
        #expect(lines == ["4000 set", "39 not yet", "40 alarm"])
    }

    @Test func `a clock stands where it was when it is stopped, and follows the system again`()
        async throws
    {
        try await onLoop { loop in
            let clock = SandboxClock(on: loop.reactor)
            clock.set(.manual)
            let stopped = clock.now
            await loop.reactor.sleep(for: .milliseconds(5))
            #expect(clock.now == stopped)
            #expect(stopped <= RealClock().now)
            clock.set(.manual, at: Self.start)
            #expect(clock.now == Self.start)
            clock.set(.real)
            #expect(clock.now > stopped)
        }
    }

    @Test func `an accelerated clock can be moved too`() async throws {
        let lines = try await withClock(.accelerated(0.001)) { clock, log, _ in
            _ = clock.setAlarm(after: .seconds(100)) { log.add("alarm") }
            await clock.advance(by: .seconds(200))
            log.add("advanced")
        }
        #expect(lines == ["100 alarm", "200 advanced"])
    }
}
