package import Backends

/// How a clock is to be set: `real`, `manual`, `manual@2026-01-01T00:00:00Z`, `accelerated:60`,
/// `accelerated:60@2026-01-01T00:00:00Z`.
package struct ClockSetting: Equatable, Sendable {
    package var mode: ClockMode
    /// From which time of day on; nil for as it is.
    package var time: Timestamp?

    package init(_ mode: ClockMode, at time: Timestamp? = nil) {
        self.mode = mode
        self.time = time
    }

    /// How many times as fast as the system's an accelerated clock goes, at least and at most.
    package static let rates = 0.001...1_000_000.0

    package init(_ text: String) throws(ClockSettingProblem) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        mode = try Self.mode(String(parts[0]))
        guard parts.count == 2 else { return }
        guard mode != .real else { throw .timeOfReal }
        time = try Self.time(String(parts[1]))
    }

    /// The time of day that a clock is set to.
    static func time(_ text: String) throws(ClockSettingProblem) -> Timestamp {
        guard let time = Timestamp(rfc3339: text) else { throw .time(text) }
        guard times.contains(time) else { throw .farTime(text) }
        return time
    }

    /// 1700 to 2199: what nanoseconds can hold, with room for what is still to come.
    private static let times =
        Timestamp(seconds: -8_520_336_000)..<Timestamp(seconds: 7_258_118_400)

    private static func mode(_ text: String) throws(ClockSettingProblem) -> ClockMode {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        switch (parts[0], parts.count) {
        case ("real", 1): return .real
        case ("manual", 1): return .manual
        case ("accelerated", 1): throw .noRate
        case ("accelerated", 2):
            guard let rate = Double(String(parts[1])), rates.contains(rate) else {
                throw .rate(String(parts[1]))
            }
            return .accelerated(rate)
        default: throw .mode(text)
        }
    }
}

/// Why a clock cannot be set so.
package enum ClockSettingProblem: Error, Equatable {
    case mode(String)
    case noRate
    case rate(String)
    case time(String)
    /// A time that nanoseconds do not reach.
    case farTime(String)
    case timeOfReal

    package var text: String {
        switch self {
        case .mode(let text):
            "there is no clock `\(text)`: use real, manual@TIME or accelerated:RATE@TIME"
        case .noRate:
            "an accelerated clock needs a rate: accelerated:60 goes a minute in a second"
        case .rate(let text):
            "`\(text)` is no rate: write a number from 0.001 to 1000000"
        case .time(let text):
            "`\(text)` is no time: write it as 2026-01-01T00:00:00Z"
        case .farTime(let text):
            "`\(text)` is too far away: a clock can be set to a time from 1700 to 2199"
        case .timeOfReal: "a real clock has the system's time: leave @TIME out"
        }
    }
}
