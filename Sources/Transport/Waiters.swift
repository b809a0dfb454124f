/// Tasks of one loop that wait until something has changed.
///
/// Confined to its loop. Who was woken looks again: nothing says that what it waits for is so.
package final class Waiters {
    private struct Waiter {
        let id: UInt64
        let suspension: Suspension<Bool>
    }

    /// In the order of their coming.
    private var waiting: [Waiter] = []
    private var last: UInt64 = 0
    private let reactor: Reactor

    package init(on reactor: Reactor) { self.reactor = reactor }

    /// Suspends until `wake`, or until `deadline`.
    ///
    /// - Parameters:
    ///   - deadline: `.max` for none.
    ///   - condition: looked at once more when nothing else can come between; no wait when it holds.
    /// - Returns: false at the deadline.
    package func wait(
        until deadline: MonotonicTime, unless condition: () -> Bool
    ) async -> Bool {
        last += 1
        let id = last
        var timer: UInt64?
        let isWoken = await Suspension<Bool>.suspend { suspension in
            guard !condition() else { return suspension.resume(returning: true) }
            waiting.append(Waiter(id: id, suspension: suspension))
            guard deadline != .max else { return }
            timer = reactor.setTimer(at: deadline) { [weak self] in self?.timeOut(id) }
        }
        if let timer { reactor.cancelTimer(timer) }
        return isWoken
    }

    private func timeOut(_ id: UInt64) {
        guard let index = waiting.firstIndex(where: { $0.id == id }) else { return }
        waiting.remove(at: index).suspension.resume(returning: false)
    }

    /// Wakes every task that waits.
    package func wake() {
        guard !waiting.isEmpty else { return }
        let woken = waiting
        waiting = []
        for waiter in woken { waiter.suspension.resume(returning: true) }
    }

    /// Wakes the task that has waited longest: for what only one of them can have.
    package func wakeFirst() {
        guard !waiting.isEmpty else { return }
        waiting.removeFirst().suspension.resume(returning: true)
    }
}
