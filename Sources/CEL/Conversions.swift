internal import Bytes
internal import JSON

/// `int(x)`, `string(x)` and their like.
extension CELValue {
    func converted(by function: CELFunction) throws(CELFailure) -> CELValue {
        let result: CELValue? =
            switch function {
            case .bool: asBool
            case .int: try asInt()
            case .uint: try asUInt()
            case .double: asDouble
            case .string: asString
            case .bytes: asBytes
            case .duration: asDuration
            default: try asTimestamp()
            }
        guard let result else { throw .noConversion(self, to: function.targetType) }
        return result
    }

    private var asBool: CELValue? {
        switch self {
        case .bool: self
        case .string(let text): Self.bools[text].map { .bool($0) }
        default: nil
        }
    }

    /// What Go's `ParseBool` takes.
    private static let bools = [
        "1": true, "t": true, "T": true, "true": true, "TRUE": true, "True": true,
        "0": false, "f": false, "F": false, "false": false, "FALSE": false, "False": false,
    ]

    private func asInt() throws(CELFailure) -> CELValue? {
        let overflow = CELFailure("integer overflow")
        switch self {
        case .int: return self
        case .uint(let value):
            guard let value = Int64(exactly: value) else { throw overflow }
            return .int(value)
        case .double(let value):
            // Go's bounds leave out both ends.
            guard value > -9.223372036854775808e18, value < 9.223372036854775808e18 else {
                throw overflow
            }
            return .int(Int64(value))
        case .string(let text): return Int64(text).map { .int($0) }
        case .timestamp(let time): return .int(time.seconds)
        case .duration(let nanoseconds): return .int(nanoseconds)
        default: return nil
        }
    }

    private func asUInt() throws(CELFailure) -> CELValue? {
        let overflow = CELFailure("unsigned integer overflow")
        switch self {
        case .uint: return self
        case .int(let value):
            guard let value = UInt64(exactly: value) else { throw overflow }
            return .uint(value)
        case .double(let value):
            guard value >= 0, value < 18_446_744_073_709_551_616 else { throw overflow }
            return .uint(UInt64(value))
        case .string(let text): return UInt64(text).map { .uint($0) }
        default: return nil
        }
    }

    private var asDouble: CELValue? {
        switch self {
        case .double: self
        case .int(let value): .double(Double(value))
        case .uint(let value): .double(Double(value))
        case .string(let text): Double(text).map { .double($0) }
        default: nil
        }
    }

    private var asString: CELValue? {
        switch self {
        case .string: self
        case .bool(let value): .string(String(value))
        case .int(let value): .string(String(value))
        case .uint(let value): .string(String(value))
        case .double(let value): .string(GoFloat.general(value))
        case .bytes(let bytes): String(validating: bytes, as: UTF8.self).map { .string($0) }
        case .timestamp(let time): .string(time.text)
        case .duration(let nanoseconds):
            .string(GoFloat.json(Double(nanoseconds) / Double(billion)) + "s")
        default: nil
        }
    }

    private var asBytes: CELValue? {
        switch self {
        case .bytes: self
        case .string(let text): .bytes(Array(text.utf8))
        default: nil
        }
    }

    private var asDuration: CELValue? {
        switch self {
        case .duration: return self
        case .int(let nanoseconds): return .duration(nanoseconds)
        case .string(let text):
            guard let (seconds, attoseconds) = GoDuration.parse(text)?.components else {
                return nil
            }
            return .duration(seconds * billion + attoseconds / billion)
        default: return nil
        }
    }

    private func asTimestamp() throws(CELFailure) -> CELValue? {
        switch self {
        case .timestamp: return self
        case .int(let seconds):
            guard CELTimestamp.secondsOfAllYears.contains(seconds) else {
                throw CELFailure("timestamp overflow")
            }
            return .timestamp(CELTimestamp(seconds: seconds, nanoseconds: 0))
        case .string(let text): return CELTimestamp(rfc3339: text).map { .timestamp($0) }
        default: return nil
        }
    }
}

extension CELFunction {
    /// The type that a conversion makes, as messages name it.
    fileprivate var targetType: String {
        switch self {
        case .duration: "google.protobuf.Duration"
        case .timestamp: "google.protobuf.Timestamp"
        default: rawValue
        }
    }
}
