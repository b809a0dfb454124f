/// What a scalar says once its type is found.
package enum ScalarValue: Equatable, Sendable {
    case null
    case bool(Bool)
    case int(Int)
    /// Only what is too large for `int`.
    case uint(UInt)
    case double(Double)
    case string(String)

    /// The text that a Go field of type string receives from sigs.k8s.io/yaml: numbers and booleans
    /// are written anew (`yes` → `true`, `0777` → `511`, `1.10` → `1.1`), floats as strconv's format
    /// `g` with the precision of 32 bits; null leaves the field empty.
    package var goText: String {
        switch self {
        case .null: ""
        case .bool(let bool): bool ? "true" : "false"
        case .int(let int): String(int)
        case .uint(let uint): String(uint)
        case .double(let double): Self.goText(Float(double))
        case .string(let string): string
        }
    }

    /// The shortest digits that read back as the same value. strconv's `g` without a precision writes
    /// an exponent below 1e-4 and from 1e6 on.
    private static func goText(_ value: Float) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        let (digits, exponent) = decimal(value.magnitude)
        let sign = value.sign == .minus ? "-" : ""
        guard exponent >= -4, exponent < 6 else {
            return sign + scientific(digits, exponent)
        }
        return sign + positional(digits, exponent)
    }

    /// The significant digits, and the power of ten of the first.
    private static func decimal(_ value: Float) -> (digits: [Character], exponent: Int) {
        let parts = value.description.split(separator: "e")
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        var exponent = (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) + mantissa[0].count - 1
        var digits = Array(mantissa.joined())
        while digits.count > 1, digits.first == "0" {
            digits.removeFirst()
            exponent -= 1
        }
        while digits.count > 1, digits.last == "0" { digits.removeLast() }
        return digits == ["0"] ? (digits, 0) : (digits, exponent)
    }

    private static func scientific(_ digits: [Character], _ exponent: Int) -> String {
        let fraction = digits.count > 1 ? "." + String(digits.dropFirst()) : ""
        let power = String(exponent.magnitude)
        let padded = power.count < 2 ? "0" + power : power
        return "\(digits[0])\(fraction)e\(exponent < 0 ? "-" : "+")\(padded)"
    }

    private static func positional(_ digits: [Character], _ exponent: Int) -> String {
        if exponent < 0 {
            return "0." + String(repeating: "0", count: -exponent - 1) + String(digits)
        }
        let whole = digits.prefix(exponent + 1)
        let zeros = String(repeating: "0", count: exponent + 1 - whole.count)
        let fraction = digits.dropFirst(exponent + 1)
        return String(whole) + zeros + (fraction.isEmpty ? "" : "." + String(fraction))
    }
}
