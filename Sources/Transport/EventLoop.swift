internal import Glibc

/// An actor whose executor is an epoll thread.
///
/// A sandbox lives wholly on one loop: its sockets, stores and journal are not Sendable and are
/// touched only by functions isolated to this actor, so nothing is locked and the compiler checks
/// the confinement. Blocking work never runs here.
package actor EventLoop {
    /// The thread and its epoll descriptor.
    package nonisolated let reactor: Reactor

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe reactor.asUnownedSerialExecutor()
    }

    /// A loop on a thread of its own, which runs until `stop`.
    package init() throws(SystemError) {
        let reactor = try Reactor()
        self.reactor = reactor
        try Thread.start { reactor.run() }
    }

    /// Runs `body` on the loop; what it makes may stay there. The loop's thread is its preferred
    /// executor meanwhile: see `Reactor`.
    package func run<R, E: Error>(
        _ body: @Sendable (isolated EventLoop) async throws(E) -> sending R
    ) async throws(E) -> sending R {
        // Safe: what the body returned was `sending` already; the box merely carries it.
        unsafe try await withTaskExecutorPreference(reactor) { () async throws(E) -> Sent<R> in
            Sent(value: try await body(self))
        }.value
    }

    /// Ends the thread after the jobs that are ready.
    package nonisolated func stop() { reactor.stop() }
}

extension Reactor {
    /// Suspends the calling task, which runs on this loop, until `time`; at once when cancelled.
    ///
    /// - Parameter isolation: the loop; taken as a parameter because a closure that does not capture
    ///   it would be run on the global pool by `withTaskCancellationHandler`.
    package func sleep(
        until time: MonotonicTime, isolation: isolated (any Actor)? = #isolation
    ) async {
        let sleeper = Sleeper()
        await withTaskCancellationHandler {
            _ = isolation
            await Suspension.suspend { sleeper.begin($0, until: time, on: self) }
        } onCancel: {
            post { sleeper.end(on: self) }
        }
    }

    /// Calls `body` on this loop after `duration`, from code that runs on it.
    package func after(_ duration: Duration, _ body: @escaping () -> Void) {
        _ = setTimer(at: Reactor.monotonicNow() + duration.nanoseconds, fire: body)
    }

    /// Suspends the calling task for `duration`.
    package func sleep(
        for duration: Duration, isolation: isolated (any Actor)? = #isolation
    ) async {
        await sleep(until: Reactor.monotonicNow() + duration.nanoseconds)
    }
}

/// One task asleep on a loop. Sendable unchecked: `begin` and `end` run on the loop thread alone;
/// the cancellation handler merely posts.
private final class Sleeper: @unchecked Sendable {
    private var suspension: Suspension<Void>?
    private var timer: UInt64 = 0

    func begin(_ suspension: Suspension<Void>, until time: MonotonicTime, on reactor: Reactor) {
        guard !Task.isCancelled else { return suspension.resume() }
        self.suspension = suspension
        timer = reactor.setTimer(at: time) { self.wake() }
    }

    func end(on reactor: Reactor) {
        guard suspension != nil else { return }
        reactor.cancelTimer(timer)
        wake()
    }

    private func wake() {
        let waiting = suspension
        suspension = nil
        waiting?.resume()
    }
}

extension Duration {
    /// Whole nanoseconds; none below zero.
    package var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return UInt64(seconds) &* 1_000_000_000 &+ UInt64(attoseconds / 1_000_000_000)
    }
}

extension EventLoop {
    /// Starts a task on this loop, from code that runs on it already. Its preferred executor is the
    /// loop too: see `Reactor`.
    ///
    /// - Returns: the task, for those who may have to cancel it.
    @discardableResult
    package nonisolated func spawn(_ body: @escaping () async -> Void) -> Task<Void, Never> {
        assert(reactor.isOnLoop)
        let confined = Confined(body)
        return Task(executorPreference: reactor) { await self.perform(confined) }
    }

    private func perform(_ confined: Confined) async { await confined.body() }

    /// Sendable unchecked: what `run`'s body returned was `sending` already.
    private struct Sent<R>: @unchecked Sendable {
        nonisolated(unsafe) let value: R
    }

    /// Sendable unchecked: made on one loop, which `spawn` checks, and run on the same.
    private struct Confined: @unchecked Sendable {
        let body: () async -> Void
        init(_ body: @escaping () async -> Void) { self.body = body }
    }
}
