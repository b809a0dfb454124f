/// `+ - * / %`: between values of one type, times apart; what does not fit an int is an error.
extension CELValue {
    static func negated(_ value: CELValue) throws(CELFailure) -> CELValue {
        switch value {
        case .double(let number): return .double(-number)
        case .int(let number):
            guard number != .min else { throw integerOverflow }
            return .int(-number)
        case .bool: throw .noSuchOverload
        default: throw .noSuchOverload(of: .negate)
        }
    }

    static func arithmetic(
        _ function: CELFunction, _ a: CELValue, _ b: CELValue
    ) throws(CELFailure) -> CELValue {
        switch (a, b) {
        case (.int(let a), .int(let b)):
            return .int(try integer(function, a, b, overflow: integerOverflow))
        case (.uint(let a), .uint(let b)):
            return .uint(try integer(function, a, b, overflow: unsignedOverflow))
        case (.double(let a), .double(let b)): return .double(try double(function, a, b))
        case (.duration, _), (.timestamp, _): return try time(function, a, b)
        default: break
        }
        if function == .add {
            switch (a, b) {
            case (.string(let a), .string(let b)): return .string(a + b)
            case (.bytes(let a), .bytes(let b)): return .bytes(a + b)
            case (.list(let a), .list(let b)): return .list(a + b)
            default: break
            }
        }
        throw knows(a, function) ? .noSuchOverload : .noSuchOverload(of: function)
    }

    /// Whether values of the type have the operation at all: cel-go words the two cases differently.
    private static func knows(_ value: CELValue, _ function: CELFunction) -> Bool {
        switch value {
        case .int, .uint: true
        case .double: function != .modulo
        case .string, .bytes, .list: function == .add
        case .duration, .timestamp: function == .add || function == .subtract
        default: false
        }
    }

    private static let integerOverflow = CELFailure("integer overflow")
    private static let unsignedOverflow = CELFailure("unsigned integer overflow")
    private static let durationOverflow = CELFailure("duration overflow")
    private static let timestampOverflow = CELFailure("timestamp overflow")

    private static func integer<I: FixedWidthInteger>(
        _ function: CELFunction, _ a: I, _ b: I, overflow: CELFailure
    ) throws(CELFailure) -> I {
        if b == 0, function == .divide { throw CELFailure("division by zero") }
        if b == 0, function == .modulo { throw CELFailure("modulus by zero") }
        let (result, isTooLarge) =
            switch function {
            case .add: a.addingReportingOverflow(b)
            case .subtract: a.subtractingReportingOverflow(b)
            case .multiply: a.multipliedReportingOverflow(by: b)
            case .divide: a.dividedReportingOverflow(by: b)
            default: a.remainderReportingOverflow(dividingBy: b)
            }
        guard !isTooLarge else { throw overflow }
        return result
    }

    private static func double(
        _ function: CELFunction, _ a: Double, _ b: Double
    ) throws(CELFailure) -> Double {
        switch function {
        case .add: return a + b
        case .subtract: return a - b
        case .multiply: return a * b
        case .divide: return a / b
        default: throw .noSuchOverload(of: function)
        }
    }

    // MARK: Times

    private static func time(
        _ function: CELFunction, _ a: CELValue, _ b: CELValue
    ) throws(CELFailure) -> CELValue {
        switch (function, a, b) {
        case (.add, .duration(let a), .duration(let b)):
            return .duration(try integer(function, a, b, overflow: durationOverflow))
        case (.subtract, .duration(let a), .duration(let b)):
            return .duration(try integer(function, a, b, overflow: durationOverflow))
        case (.add, .timestamp(let time), .duration(let duration)),
            (.add, .duration(let duration), .timestamp(let time)):
            return .timestamp(try shifted(time, by: duration))
        case (.subtract, .timestamp(let time), .duration(let duration)) where duration != .min:
            return .timestamp(try shifted(time, by: -duration))
        case (.subtract, .timestamp(let a), .timestamp(let b)):
            return .duration(try between(b, a))
        default:
            throw knows(a, function) ? .noSuchOverload : .noSuchOverload(of: function)
        }
    }

    private static func shifted(
        _ time: CELTimestamp, by duration: Int64
    ) throws(CELFailure) -> CELTimestamp {
        let nanoseconds = time.nanoseconds + duration % billion
        let carry = nanoseconds < 0 ? -1 : nanoseconds / billion
        let seconds = time.seconds + duration / billion + carry
        guard CELTimestamp.secondsOfAllYears.contains(seconds) else { throw timestampOverflow }
        return CELTimestamp(seconds: seconds, nanoseconds: nanoseconds - carry * billion)
    }

    private static func between(
        _ a: CELTimestamp, _ b: CELTimestamp
    ) throws(CELFailure) -> Int64 {
        let (nanoseconds, isTooLong) = (b.seconds - a.seconds)
            .multipliedReportingOverflow(by: billion)
        let (sum, isTooLarge) = nanoseconds.addingReportingOverflow(b.nanoseconds - a.nanoseconds)
        guard !isTooLong, !isTooLarge else { throw durationOverflow }
        return sum
    }
}

/// Nanoseconds of a second.
let billion: Int64 = 1_000_000_000
