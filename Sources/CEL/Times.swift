internal import Bytes

extension CELTimestamp {
    /// `2026-08-21T20:12:09.5+02:00`; nil for any other text.
    init?(rfc3339 text: String) {
        let bytes = Array(text.utf8)
        func number(_ range: Range<Int>) -> Int? {
            guard range.upperBound <= bytes.count else { return nil }
            return bytes[range].reduce(0) { sum, byte in
                sum.flatMap { byte.isDigit ? $0 * 10 + Int(byte - 0x30) : nil }
            }
        }
        guard bytes.count >= 20, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[10] == UInt8(ascii: "T"), bytes[13] == UInt8(ascii: ":"),
            bytes[16] == UInt8(ascii: ":"), let year = number(0..<4), let month = number(5..<7),
            let day = number(8..<10), let hour = number(11..<13), let minute = number(14..<16),
            let second = number(17..<19), second < 60,
            let local = CivilTime.seconds(
                year: year, month: month, day: day, hour: hour, minute: minute, second: second)
        else { return nil }
        var rest = bytes[19...]
        guard let fraction = Self.fraction(&rest), let offset = Self.offset(rest) else {
            return nil
        }
        seconds = local - offset
        nanoseconds = fraction
        guard Self.secondsOfAllYears.contains(seconds) else { return nil }
    }

    /// Nanoseconds after a dot, if there is one; digits beyond the ninth are cut.
    private static func fraction(_ rest: inout ArraySlice<UInt8>) -> Int64? {
        guard rest.first == UInt8(ascii: ".") || rest.first == UInt8(ascii: ",") else { return 0 }
        let digits = rest.dropFirst().prefix { $0.isDigit }
        guard !digits.isEmpty else { return nil }
        rest = rest[digits.endIndex...]
        let padded = digits.prefix(9) + Array(repeating: 0x30, count: max(0, 9 - digits.count))
        return padded.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }

    /// Seconds east of Greenwich: `Z` or `+01:30`.
    static func offset(_ text: ArraySlice<UInt8>) -> Int64? {
        let bytes = Array(text)
        if bytes == [UInt8(ascii: "Z")] { return 0 }
        let sign: Int64
        switch bytes.first {
        case UInt8(ascii: "+"): sign = 1
        case UInt8(ascii: "-"): sign = -1
        default: return nil
        }
        guard bytes.count == 6, bytes[3] == UInt8(ascii: ":") else { return nil }
        let digits = [1, 2, 4, 5].map { bytes[$0] }
        guard digits.allSatisfy({ $0.isDigit }) else { return nil }
        let values = digits.map { Int64($0 - 0x30) }
        let (hours, minutes) = (values[0] * 10 + values[1], values[2] * 10 + values[3])
        guard hours <= 24, minutes < 60 else { return nil }
        return sign * (hours * 3600 + minutes * 60)
    }

    /// RFC 3339 in UTC with as many digits of the second as there are.
    var text: String {
        let civil = CivilTime(seconds: seconds)
        guard nanoseconds > 0 else { return "\(civil.date)T\(civil.time)Z" }
        var digits = String(String(nanoseconds + billion).dropFirst())
        while digits.hasSuffix("0") { digits.removeLast() }
        return "\(civil.date)T\(civil.time).\(digits)Z"
    }
}

extension CELValue {
    /// A getter of a timestamp or a duration.
    func part(_ function: CELFunction, zone: CELValue?) throws(CELFailure) -> CELValue {
        switch (self, zone) {
        case (.timestamp(let time), nil): return .int(time.part(function, offset: 0))
        case (.timestamp(let time), .string(let zone)?):
            return .int(time.part(function, offset: try Self.offset(of: zone)))
        case (.timestamp, _): throw .noSuchOverload
        case (.duration(let nanoseconds), nil):
            guard let unit = Self.units[function] else { throw .noSuchOverload(of: function) }
            return .int(nanoseconds / unit)
        default: throw .noSuchOverload(of: function)
        }
    }

    /// How many nanoseconds one of what a duration's getter counts has.
    private static let units: [CELFunction: Int64] = [
        .getHours: 3600 * billion, .getMinutes: 60 * billion, .getSeconds: billion,
        .getMilliseconds: 1_000_000,
    ]

    /// `UTC`, `+01:00`, `02:00`. Zones by their names would need the system's tables, which this
    /// part does not read.
    private static func offset(of zone: String) throws(CELFailure) -> Int64 {
        if zone == "UTC" || zone.isEmpty { return 0 }
        let bytes = Array(zone.utf8)
        let signed = bytes.first?.isDigit == true ? [UInt8(ascii: "+")] + bytes : bytes
        guard let offset = CELTimestamp.offset(signed[...]) else {
            throw CELFailure("unknown time zone \(zone)")
        }
        return offset
    }
}

extension CELTimestamp {
    fileprivate func part(_ function: CELFunction, offset: Int64) -> Int64 {
        let civil = CivilTime(seconds: seconds + offset)
        return switch function {
        case .getFullYear: Int64(civil.year)
        case .getMonth: Int64(civil.month - 1)
        case .getDate: Int64(civil.day)
        case .getDayOfMonth: Int64(civil.day - 1)
        case .getDayOfWeek: Int64(civil.weekday)
        case .getDayOfYear: dayOfYear(civil, offset)
        case .getHours: Int64(civil.hour)
        case .getMinutes: Int64(civil.minute)
        case .getSeconds: Int64(civil.second)
        default: nanoseconds / 1_000_000
        }
    }

    private func dayOfYear(_ civil: CivilTime, _ offset: Int64) -> Int64 {
        let newYear =
            CivilTime.seconds(year: civil.year, month: 1, day: 1, hour: 0, minute: 0, second: 0)
            ?? 0
        return (seconds + offset - newYear) / 86_400
    }
}
