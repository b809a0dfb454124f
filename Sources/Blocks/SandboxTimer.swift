package import Backends
internal import Transport

/// Waiting by the sandbox's clock: TTLs, retries and timeouts of policies follow it, whether it is
/// the system's or stands still until a scenario moves it.
extension Sandbox {
    /// Calls `body` after `duration` of the sandbox's time.
    package func setTimer(after duration: Duration, _ body: @escaping () -> Void) -> SandboxTimer {
        if let alarm = clock.setAlarm(at: clock.now.adding(duration), body) {
            return .alarm(alarm)
        }
        return .loop(
            loop.reactor.setTimer(at: Reactor.monotonicNow() + duration.nanoseconds, fire: body))
    }

    /// Whether the sandbox's time goes as the system's does.
    package var isInRealTime: Bool { clock is RealClock }

    package func cancel(_ timer: SandboxTimer) {
        switch timer {
        case .alarm(let alarm): clock.cancel(alarm)
        case .loop(let id): loop.reactor.cancelTimer(id)
        }
    }

    /// Suspends the calling task for `duration` of the sandbox's time; not at all once it is
    /// cancelled.
    package func sleep(
        for duration: Duration, isolation: isolated (any Actor)? = #isolation
    ) async {
        let sleeper = SandboxSleeper(self)
        let reactor = loop.reactor
        await withTaskCancellationHandler {
            _ = isolation
            await Suspension.suspend { sleeper.begin($0, for: duration) }
        } onCancel: {
            reactor.post { sleeper.end() }
        }
    }
}

/// A timer that is set.
package enum SandboxTimer {
    case alarm(ClockAlarm)
    case loop(UInt64)
}

/// One task asleep. Sendable unchecked: `begin` and `end` run on the loop alone; the cancellation
/// handler merely posts.
private final class SandboxSleeper: @unchecked Sendable {
    private let sandbox: Sandbox
    private var suspension: Suspension<Void>?
    private var timer: SandboxTimer?

    init(_ sandbox: Sandbox) { self.sandbox = sandbox }

    func begin(_ suspension: Suspension<Void>, for duration: Duration) {
        guard !Task.isCancelled else { return suspension.resume() }
        self.suspension = suspension
        timer = sandbox.setTimer(after: duration) { self.wake() }
    }

    func end() {
        guard suspension != nil else { return }
        if let timer { sandbox.cancel(timer) }
        wake()
    }

    private func wake() {
        let waiting = suspension
        suspension = nil
        waiting?.resume()
    }
}

extension Timestamp {
    /// The time `duration` later; saturates instead of overflowing.
    package func adding(_ duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        let whole = adding(seconds: seconds)
        let (sum, isTooLate) = whole.nanoseconds
            .addingReportingOverflow(attoseconds / 1_000_000_000)
        return isTooLate ? whole : Timestamp(nanoseconds: sum)
    }
}
