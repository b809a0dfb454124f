package import Backends
internal import Transport

/// Waiting by the sandbox's clock: TTLs, retries and timeouts of policies follow it, whether it is
/// the system's or stands still until a scenario moves it.
extension Sandbox {
    /// Calls `body` after `duration` of the sandbox's time.
    package func setTimer(after duration: Duration, _ body: @escaping () -> Void) -> ClockAlarm {
        clock.setAlarm(after: duration, body)
    }

    package func cancel(_ timer: ClockAlarm) { clock.cancel(timer) }

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

/// One task asleep. Sendable unchecked: `begin` and `end` run on the loop alone; the cancellation
/// handler merely posts.
private final class SandboxSleeper: @unchecked Sendable {
    private let sandbox: Sandbox
    private var suspension: Suspension<Void>?
    private var timer: ClockAlarm?

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
