/// Tasks of one loop that wait until something has changed.
///
/// Confined to its loop. Who was woken looks again: nothing says that what it waits for is so.
package final class Waiters {
    private var waiting: [UInt64: Suspension<Bool>] = [:]
    private var last: UInt64 = 0
    private let reactor: Reactor

    package init(on reactor: Reactor) { self.reactor = reactor }

    /// Suspends until `wake`, or until `deadline`.
    ///
    /// - Parameter condition: looked at once more when nothing else can come between; no wait when it
    ///   holds.
    /// - Returns: false at the deadline.
    package func wait(
        until deadline: MonotonicTime, unless condition: () -> Bool
    ) async -> Bool {
        last += 1
        let id = last
        var timer: UInt64?
        let isWoken = await Suspension<Bool>.suspend { suspension in
            guard !condition() else { return suspension.resume(returning: true) }
            waiting[id] = suspension
            timer = reactor.setTimer(at: deadline) { [weak self] in
                self?.waiting.removeValue(forKey: id)?.resume(returning: false)
            }
        }
        if let timer { reactor.cancelTimer(timer) }
        return isWoken
    }

    /// Wakes every task that waits.
    package func wake() {
        guard !waiting.isEmpty else { return }
        let woken = waiting.sorted { $0.key < $1.key }
        waiting = [:]
        for (_, suspension) in woken { suspension.resume(returning: true) }
    }
}
