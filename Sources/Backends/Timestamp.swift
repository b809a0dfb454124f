internal import Bytes

/// A time of the sandbox's clock, in nanoseconds since 1970-01-01 00:00 UTC.
package struct Timestamp: Comparable, Hashable, Sendable {
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Saturates: nanoseconds reach from 1677 to 2262.
    package init(seconds: Int64) {
        self = Timestamp(nanoseconds: 0).adding(seconds: seconds)
    }

    /// Whole seconds since 1970, rounded down.
    package var seconds: Int64 {
        nanoseconds / 1_000_000_000 - (nanoseconds % 1_000_000_000 < 0 ? 1 : 0)
    }

    /// What is above the whole seconds, in nanoseconds.
    private var fraction: Int64 {
        let rest = nanoseconds % 1_000_000_000
        return rest < 0 ? rest + 1_000_000_000 : rest
    }

    /// Nanoseconds from `other` to this time; saturates instead of overflowing.
    package func nanoseconds(since other: Timestamp) -> Int64 {
        let (span, isTooLong) = nanoseconds.subtractingReportingOverflow(other.nanoseconds)
        return isTooLong ? (self < other ? .min : .max) : span
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
    /// Reads RFC 3339 as Go does: `2026-08-21T20:12:09.5+02:00`; nil when it is none. Saturates: a
    /// message may well say that it never expires.
    package init?(rfc3339 text: String) {
        let bytes = Array(text.utf8)
        func number(_ range: Range<Int>) -> Int? {
            guard range.upperBound <= bytes.count, bytes[range].allSatisfy({ 48...57 ~= $0 }) else {
                return nil
            }
            return bytes[range].reduce(0) { $0 * 10 + Int($1 - 48) }
        }
        guard bytes.count >= 20, bytes[4] == 45, bytes[7] == 45, bytes[10] == 84, bytes[13] == 58,
            bytes[16] == 58, let year = number(0..<4), let month = number(5..<7),
            let day = number(8..<10), let hour = number(11..<13), let minute = number(14..<16),
            let second = number(17..<19)
        else { return nil }
        var index = 19
        var fraction: Int64 = 0
        if bytes[index] == 46 {
            var scale: Int64 = 100_000_000
            index += 1
            while index < bytes.count, 48...57 ~= bytes[index] {
                fraction += Int64(bytes[index] - 48) * scale
                scale /= 10
                index += 1
            }
        }
        let offset: Int
        switch bytes.count - index {
        case 1 where bytes[index] == 90: offset = 0
        case 6 where bytes[index] == 43 || bytes[index] == 45:
            guard let hours = number(index + 1..<index + 3), bytes[index + 3] == 58,
                let minutes = number(index + 4..<index + 6), hours < 24, minutes < 60
            else { return nil }
            offset = (hours * 3600 + minutes * 60) * (bytes[index] == 45 ? -1 : 1)
        default: return nil
        }
        guard
            let seconds = CivilTime.seconds(
                year: year, month: month, day: day, hour: hour, minute: minute, second: second)
        else { return nil }
        let whole = Timestamp(seconds: seconds - Int64(offset))
        let (sum, isTooLate) = whole.nanoseconds.addingReportingOverflow(fraction)
        self = isTooLate ? whole : Timestamp(nanoseconds: sum)
    }

    /// RFC 3339 with whole seconds in a zone that is `offset` seconds east of UTC, as Go writes it.
    package func rfc3339(offset: Int) -> String {
        guard offset != 0 else { return rfc3339 }
        let civil = CivilTime(seconds: seconds + Int64(offset))
        let minutes = abs(offset) / 60
        let pad = { (number: Int) in "\(number < 10 ? "0" : "")\(number)" }
        return "\(civil.date)T\(civil.time)\(offset < 0 ? "-" : "+")\(pad(minutes / 60)):"
            + pad(minutes % 60)
    }

    /// RFC 3339 in UTC with what there is of a fraction: `2026-08-21T20:12:09.5Z`.
    package var rfc3339WithFraction: String {
        guard fraction != 0 else { return rfc3339 }
        var digits = String(fraction + 1_000_000_000).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return "\(rfc3339.dropLast()).\(digits)Z"
    }

    /// RFC 3339 in UTC with whole seconds: `2026-08-21T20:12:09Z`.
    package var rfc3339: String {
        let civil = CivilTime(seconds: self.seconds)
        return "\(civil.date)T\(civil.time)Z"
    }
}
