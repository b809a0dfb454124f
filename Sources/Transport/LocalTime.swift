internal import Glibc

/// The time zone of this machine.
package enum LocalTime {
    /// What it adds to a time of UTC, in seconds.
    ///
    /// - Parameter seconds: since 1970-01-01 00:00 UTC.
    package static func offset(at seconds: Int64) -> Int64 {
        var time = time_t(seconds)
        var parts = unsafe tm()
        // Safe: one time and one structure, locals.
        guard unsafe localtime_r(&time, &parts) != nil else { return 0 }
        return unsafe Int64(parts.tm_gmtoff)
    }
}
