package import Transport

/// The tasks of one subscription: begun, woken, ended together.
///
/// Confined to its loop. Who was woken looks again: nothing says that what it waits for is so.
package final class ConsumerTasks {
    private let loop: EventLoop
    private let changes: Waiters
    private var running = 0
    /// Whether they are to end.
    package private(set) var isCancelled = false

    package init(on loop: EventLoop) {
        self.loop = loop
        changes = Waiters(on: loop.reactor)
    }

    package func spawn(_ body: @escaping () async -> Void) {
        running += 1
        loop.spawn {
            await body()
            self.running -= 1
            self.changes.wake()
        }
    }

    /// Something has changed that one of them may wait for.
    package func wake() { changes.wake() }

    /// Suspends until `condition` holds or they are to end.
    package func wait(until condition: () -> Bool) async {
        while !isCancelled, !condition() {
            _ = await changes.wait(until: .max) { isCancelled || condition() }
        }
    }

    /// Suspends for `duration`, shorter when they are to end or `condition` holds.
    package func pause(_ duration: Duration, unless condition: () -> Bool = { false }) async {
        let deadline = Reactor.monotonicNow() + duration.nanoseconds
        while !isCancelled, !condition(), Reactor.monotonicNow() < deadline {
            let isWoken = await changes.wait(until: deadline) { isCancelled || condition() }
            if !isWoken { return }
        }
    }

    /// Suspends for `duration` of the sandbox's time, shorter when they are to end.
    package func pause(_ duration: Duration, by clock: SandboxClock) async {
        var isOver = false
        let alarm = clock.setAlarm(after: duration) {
            isOver = true
            self.changes.wake()
        }
        await wait { isOver }
        clock.cancel(alarm)
    }

    /// Tells them to end.
    package func cancel() {
        isCancelled = true
        changes.wake()
    }

    /// Waits until they have ended.
    package func join() async { await settle { running == 0 } }

    /// Suspends until `condition` holds, even when they are to end.
    package func settle(_ condition: () -> Bool) async {
        while !condition() { _ = await changes.wait(until: .max, unless: condition) }
    }
}
