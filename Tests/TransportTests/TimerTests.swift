import TestSupport
import Testing

@testable import Transport

@Suite(.timeLimit(.minutes(1))) struct TimerTests {
    /// Takes out all that is due, in order.
    private func fired(_ heap: inout TimerHeap, at now: MonotonicTime) {
        while let timer = heap.popDue(at: now) { timer.fire() }
    }

    @Test(arguments: [[1, 2, 3, 4, 5], [5, 4, 3, 2, 1], [3, 1, 5, 2, 4], [2, 2, 1, 1, 2]])
    func `timers fire by time, then by the order they were set`(times: [Int]) {
        var heap = TimerHeap()
        var seen: [Int] = []
        for (index, time) in times.enumerated() {
            _ = heap.set(at: MonotonicTime(time)) { seen.append(index) }
        }
        fired(&heap, at: 10)
        let expected = times.indices.sorted { (times[$0], $0) < (times[$1], $1) }
        #expect(seen == expected)
        #expect(heap.next == nil)
    }

    @Test func `only what is due fires`() {
        var heap = TimerHeap()
        var seen: [MonotonicTime] = []
        for time in [30, 10, 20] as [MonotonicTime] { _ = heap.set(at: time) { seen.append(time) } }
        fired(&heap, at: 9)
        #expect(seen == [])
        fired(&heap, at: 20)
        #expect(seen == [10, 20])
        #expect(heap.next == 30)
    }

    @Test func `what is cancelled, before or after it fired, does not pile up`() {
        var heap = TimerHeap()
        var seen: [Int] = []
        _ = heap.set(at: 5) { seen.append(-1) }
        for number in 0..<1000 {
            let late = heap.set(at: 1_000_000) { seen.append(number) }
            let early = heap.set(at: 1) { seen.append(number) }
            fired(&heap, at: 1)
            heap.cancel(early)
            heap.cancel(late)
            #expect(heap.size < 16)
        }
        #expect(seen == Array(0..<1000))
        fired(&heap, at: 2_000_000)
        #expect(seen.count == 1001)
    }

    @Test func `a cancelled timer does not fire, the others do`() {
        var heap = TimerHeap()
        var seen: [Int] = []
        let ids = (0..<10).map { number in
            heap.set(at: MonotonicTime(number % 3)) { seen.append(number) }
        }
        for number in [0, 4, 9] { heap.cancel(ids[number]) }
        fired(&heap, at: 10)
        #expect(seen == [3, 6, 1, 7, 2, 5, 8])
    }

    @Test func `hundreds of timers set in any order fire sorted`() {
        var heap = TimerHeap()
        var seen: [MonotonicTime] = []
        for number in 0..<500 {
            let time = MonotonicTime(number * 7919 % 500)
            _ = heap.set(at: time) { seen.append(time) }
        }
        fired(&heap, at: 500)
        #expect(seen == Array(0..<500))
    }

    @Test func `tasks asleep on a loop wake by their times`() async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        let woken = await loop.run { loop in
            let reactor = loop.reactor
            var woken: [Int] = []
            let begin = Reactor.monotonicNow()
            for number in [3, 1, 2] {
                loop.spawn {
                    await reactor.sleep(until: begin + MonotonicTime(number) * 10_000_000)
                    woken.append(number)
                }
            }
            await reactor.sleep(until: begin + 60_000_000)
            return woken
        }
        #expect(woken == [1, 2, 3])
    }

    @Test func `a sleep that is cancelled ends, before it began or after`() async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        await loop.run { loop in
            let reactor = loop.reactor
            let sleeper = Task {
                _ = loop
                await reactor.sleep(for: .seconds(600))
            }
            sleeper.cancel()
            await sleeper.value
            let second = Task {
                _ = loop
                await reactor.sleep(for: .seconds(600))
            }
            await reactor.sleep(for: .milliseconds(1))
            second.cancel()
            await second.value
        }
    }

    @Test(
        arguments: [
            (Duration.seconds(1), 1_000_000_000), (.milliseconds(1), 1_000_000), (.zero, 0),
            (.seconds(-5), 0), (.nanoseconds(7), 7),
        ] as [(Duration, UInt64)])
    func `a duration is whole nanoseconds, none below zero`(
        duration: Duration, nanoseconds: UInt64
    ) {
        #expect(duration.nanoseconds == nanoseconds)
    }
}
