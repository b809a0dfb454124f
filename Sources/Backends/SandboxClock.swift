internal import Glibc

/// What "now" is in a sandbox: TTLs, expiry and the journal's times ask it, never the system.
///
/// Confined to the sandbox's loop; a back end with a thread of its own is handed the time.
package protocol SandboxClock: AnyObject {
    var now: Timestamp { get }
}

/// The system's wall clock.
package final class RealClock: SandboxClock {
    package init() {}

    package var now: Timestamp {
        var time = timespec()
        // Safe: writes one timespec into a local.
        _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
}

/// A clock that stands still until it is moved.
package final class ManualClock: SandboxClock {
    package private(set) var now: Timestamp

    package init(startingAt now: Timestamp) { self.now = now }

    /// Moves the clock forward.
    package func advance(by duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let later = now.adding(seconds: seconds)
        now = Timestamp(nanoseconds: later.nanoseconds + attoseconds / 1_000_000_000)
    }
}
