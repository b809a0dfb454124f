/// Durations as Go's `time.ParseDuration` reads them: `1h2m`, `1.5s`, `500ms`.
package enum GoDuration {
    private static let units: [(String, Double)] = [
        ("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("μs", 1e-6), ("ms", 1e-3), ("s", 1), ("m", 60),
        ("h", 3600),
    ]

    /// nil for a text that is no duration.
    package static func parse(_ text: String) -> Duration? {
        var rest = Substring(text)
        let isNegative = rest.first == "-"
        if isNegative || rest.first == "+" { rest.removeFirst() }
        if rest == "0" { return .zero }
        guard !rest.isEmpty else { return nil }
        var seconds = 0.0
        while !rest.isEmpty {
            let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            guard let value = Double(number) else { return nil }
            rest = rest.dropFirst(number.count)
            let unit = rest.prefix { !($0.isNumber || $0 == ".") }
            guard let scale = units.first(where: { $0.0 == unit })?.1 else { return nil }
            rest = rest.dropFirst(unit.count)
            seconds += value * scale
        }
        guard seconds < 9e9 else { return nil }
        return .seconds(isNegative ? -seconds : seconds)
    }
}

extension GoDuration {
    /// The duration as Go's `Duration.String` writes it: `1m30s`, `652.232691ms`, `0s`.
    package static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let isNegative = seconds < 0 || attoseconds < 0
        let nanoseconds = seconds.magnitude * 1_000_000_000 + attoseconds.magnitude / 1_000_000_000
        return (isNegative ? "-" : "") + text(nanoseconds: nanoseconds)
    }

    private static func text(nanoseconds: UInt64) -> String {
        switch nanoseconds {
        case 0: return "0s"
        case ..<1000: return "\(nanoseconds)ns"
        case ..<1_000_000: return decimal(nanoseconds, digits: 3) + "µs"
        case ..<1_000_000_000: return decimal(nanoseconds, digits: 6) + "ms"
        default: break
        }
        let minutes = nanoseconds / 60_000_000_000
        let rest = decimal(nanoseconds % 60_000_000_000, digits: 9) + "s"
        if minutes == 0 { return rest }
        return minutes < 60 ? "\(minutes)m\(rest)" : "\(minutes / 60)h\(minutes % 60)m\(rest)"
    }

    /// The number with a decimal point before its last `digits`, zeros at its end left out.
    private static func decimal(_ number: UInt64, digits: Int) -> String {
        let unit = (0..<digits).reduce(UInt64(1)) { power, _ in power * 10 }
        guard !number.isMultiple(of: unit) else { return String(number / unit) }
        var fraction = String(number % unit + unit).dropFirst()
        while fraction.last == "0" { fraction.removeLast() }
        return "\(number / unit).\(fraction)"
    }

    /// Why a text is no duration, in the words of Go's `ParseDuration`.
    package static func problem(with text: String) -> String {
        func quoted(_ part: some StringProtocol) -> String { "\"\(part)\"" }
        var rest = text[...]
        if rest.first == "-" || rest.first == "+" { rest.removeFirst() }
        while let first = rest.first {
            guard first == "." || first.isASCII && first.isNumber else { break }
            rest = rest.drop { $0 == "." || $0.isASCII && $0.isNumber }
            let unit = rest.prefix { $0 != "." && !($0.isASCII && $0.isNumber) }
            if unit.isEmpty { return "time: missing unit in duration \(quoted(text))" }
            guard units.contains(where: { $0.0 == unit }) else {
                return "time: unknown unit \(quoted(unit)) in duration \(quoted(text))"
            }
            rest = rest.dropFirst(unit.count)
        }
        return "time: invalid duration \(quoted(text))"
    }
}
