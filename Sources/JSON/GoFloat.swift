/// A float64 as Go writes it. The digits are Swift's shortest ones that read back as the same
/// number, which are Go's too; only the layout differs.
package enum GoFloat {
    /// `encoding/json`: no exponent between 1e-6 and 1e21.
    package static func json(_ number: Double) -> String {
        let magnitude = abs(number)
        let usesExponent = magnitude != 0 && (magnitude < 1e-6 || magnitude >= 1e21)
        return usesExponent ? exponential(number, exponentDigits: 1) : positional(number)
    }

    /// `%v`: the exponent form below 1e-4 and from 1e6, however many digits there are.
    package static func general(_ number: Double) -> String {
        let magnitude = abs(number)
        guard magnitude.isFinite else { return number < 0 ? "-Inf" : "+Inf" }
        let usesExponent = magnitude != 0 && (magnitude < 1e-4 || magnitude >= 1e6)
        return usesExponent ? exponential(number, exponentDigits: 2) : positional(number)
    }

    private static func positional(_ number: Double) -> String {
        let (digits, point) = decimal(number)
        let sign = number.sign == .minus ? "-" : ""
        if point <= 0 { return "\(sign)0.\(String(repeating: "0", count: -point))\(digits)" }
        if point >= digits.count {
            return sign + digits + String(repeating: "0", count: point - digits.count)
        }
        return "\(sign)\(digits.prefix(point)).\(digits.dropFirst(point))"
    }

    private static func exponential(_ number: Double, exponentDigits: Int) -> String {
        let (digits, point) = decimal(number)
        let exponent = point - 1
        let fraction = digits.dropFirst()
        let power = String(abs(exponent))
        let padding = String(repeating: "0", count: max(0, exponentDigits - power.count))
        return (number.sign == .minus ? "-" : "") + digits.prefix(1)
            + (fraction.isEmpty ? "" : ".\(fraction)")
            + "e\(exponent < 0 ? "-" : "+")\(padding)\(power)"
    }

    /// The significant digits, and how many of them stand before the decimal point.
    private static func decimal(_ number: Double) -> (digits: String, point: Int) {
        guard number != 0 else { return ("0", 1) }
        var mantissa = abs(number).description
        var exponent = 0
        if let mark = mantissa.firstIndex(of: "e") {
            exponent = Int(mantissa[mantissa.index(after: mark)...]) ?? 0
            mantissa = String(mantissa[..<mark])
        }
        let parts = mantissa.split(separator: ".", omittingEmptySubsequences: false)
        let whole = String(parts[0])
        var digits = whole + (parts.count > 1 ? String(parts[1]) : "")
        var point = whole.count + exponent
        while digits.hasPrefix("0"), digits.count > 1 {
            digits.removeFirst()
            point -= 1
        }
        while digits.hasSuffix("0"), digits.count > 1 { digits.removeLast() }
        return (digits, point)
    }
}
