internal import Glibc

/// The zone that this machine's clock shows (TZ, /etc/localtime).
package enum LocalZone {
    /// Seconds east of UTC at a time, in seconds since 1970.
    package static func offset(at seconds: Int64) -> Int {
        var time = time_t(seconds)
        var local = unsafe tm()
        // Safe: reads one time and writes one structure, both local.
        guard unsafe localtime_r(&time, &local) != nil else { return 0 }
        return unsafe Int(local.tm_gmtoff)
    }
}
