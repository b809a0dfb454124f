internal import Glibc

/// What "now" is in a sandbox: TTLs, expiry and the journal's times ask it, never the system.
///
/// Confined to the sandbox's loop; a back end with a thread of its own is handed the time.
package protocol SandboxClock: AnyObject {
    var now: Timestamp { get }

    /// Has `body` called once the clock shows `time`, on the sandbox's loop. nil from a clock that
    /// goes by itself: the loop's own timers go with it.
    func setAlarm(at time: Timestamp, _ body: @escaping () -> Void) -> ClockAlarm?

    /// Takes an alarm back.
    func cancel(_ alarm: ClockAlarm)
}

/// An alarm that is set on a clock.
package struct ClockAlarm: Equatable, Sendable {
    fileprivate let id: Int
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

    package func setAlarm(at time: Timestamp, _ body: @escaping () -> Void) -> ClockAlarm? { nil }

    package func cancel(_ alarm: ClockAlarm) {}
}

/// A clock that stands still until it is moved.
package final class ManualClock: SandboxClock {
    package private(set) var now: Timestamp

    private var alarms: [(id: Int, time: Timestamp, body: () -> Void)] = []
    private var lastID = 0

    package init(startingAt now: Timestamp) { self.now = now }

    /// Moves the clock forward; alarms on the way go off in their order, each at its time.
    package func advance(by duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let later = now.adding(seconds: seconds)
        let end = Timestamp(nanoseconds: later.nanoseconds + attoseconds / 1_000_000_000)
        while let next = alarms.first, next.time <= end {
            alarms.removeFirst()
            now = max(now, next.time)
            next.body()
        }
        now = end
    }

    /// How many alarms are set: who waits for the clock.
    package var alarmCount: Int { alarms.count }

    package func setAlarm(at time: Timestamp, _ body: @escaping () -> Void) -> ClockAlarm? {
        lastID += 1
        let place = alarms.firstIndex { $0.time > time } ?? alarms.endIndex
        alarms.insert((lastID, time, body), at: place)
        return ClockAlarm(id: lastID)
    }

    package func cancel(_ alarm: ClockAlarm) { alarms.removeAll { $0.id == alarm.id } }
}
