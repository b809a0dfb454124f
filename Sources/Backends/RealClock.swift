internal import Glibc

/// The system's wall clock: what is about processes and machines, not about a sandbox, asks it.
package struct RealClock: Sendable {
    package init() {}

    package var now: Timestamp {
        var time = timespec()
        // Safe: writes one timespec into a local.
        _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
}
