internal import Bytes

/// A time of the sandbox's clock, in nanoseconds since 1970-01-01 00:00 UTC.
package struct Timestamp: Comparable, Hashable, Sendable {
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package init(seconds: Int64) { nanoseconds = seconds * 1_000_000_000 }

    /// Whole seconds since 1970, rounded down.
    package var seconds: Int64 {
        nanoseconds >= 0
            ? nanoseconds / 1_000_000_000 : (nanoseconds - 999_999_999) / 1_000_000_000
    }

    /// The time `seconds` later; saturates instead of overflowing.
    package func adding(seconds: Int64) -> Timestamp {
        let (delta, tooLong) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, tooLate) = nanoseconds.addingReportingOverflow(delta)
        return Timestamp(nanoseconds: tooLong || tooLate ? (seconds < 0 ? .min : .max) : sum)
    }

    package static func < (a: Timestamp, b: Timestamp) -> Bool { a.nanoseconds < b.nanoseconds }
}

extension Timestamp {
    /// RFC 3339 in UTC with whole seconds: `2026-08-21T20:12:09Z`.
    package var rfc3339: String {
        let civil = CivilTime(seconds: self.seconds)
        return "\(civil.date)T\(civil.time)Z"
    }
}
