/// What functions do with values whose types are known only now.
extension CELValue {
    static func call(
        _ function: CELFunction, _ arguments: [CELValue]
    ) throws(CELFailure) -> CELValue {
        // The checker has counted the arguments.
        guard let first = arguments.first else { throw .noSuchOverload(of: function) }
        switch function {
        case .not:
            guard case .bool(let value) = first else { throw .noSuchOverload }
            return .bool(!value)
        case .negate: return try negated(first)
        case .size: return .int(Int64(try size(of: first)))
        case .type: return .type(first.typeName)
        case .dyn: return first
        case .int, .uint, .double, .string, .bytes, .bool, .duration, .timestamp:
            return try first.converted(by: function)
        case .getFullYear, .getMonth, .getDate, .getDayOfMonth, .getDayOfWeek, .getDayOfYear,
            .getHours, .getMinutes, .getSeconds, .getMilliseconds:
            return try first.part(function, zone: arguments.dropFirst().first)
        default:
            guard arguments.count == 2 else { throw .noSuchOverload(of: function) }
            return try call(function, first, arguments[1])
        }
    }

    private static func call(
        _ function: CELFunction, _ a: CELValue, _ b: CELValue
    ) throws(CELFailure) -> CELValue {
        switch function {
        case .equals: .bool(a == b)
        case .notEquals: .bool(a != b)
        case .less: .bool(try compare(a, b, function) == .less)
        case .lessEquals: .bool(try compare(a, b, function) != .greater)
        case .greater: .bool(try compare(a, b, function) == .greater)
        case .greaterEquals: .bool(try compare(a, b, function) != .less)
        case .in: try contains(a, in: b)
        case .index: try element(b, of: a)
        case .contains, .startsWith, .endsWith, .matches: try text(function, a, b)
        default: try arithmetic(function, a, b)
        }
    }

    private static func size(of value: CELValue) throws(CELFailure) -> Int {
        switch value {
        case .string(let text): return text.unicodeScalars.count
        case .bytes(let bytes): return bytes.count
        case .list(let elements): return elements.count
        case .map(let map): return map.keys.count
        default: throw .noSuchOverload(of: .size)
        }
    }

    private static func text(
        _ function: CELFunction, _ a: CELValue, _ b: CELValue
    ) throws(CELFailure) -> CELValue {
        guard case .string(let text) = a else { throw .noSuchOverload(of: function) }
        guard case .string(let part) = b else { throw .noSuchOverload }
        switch function {
        case .startsWith: return .bool(text.utf8.starts(with: part.utf8))
        case .endsWith: return .bool(text.utf8.reversed().starts(with: part.utf8.reversed()))
        case .contains: return .bool(contains(Array(text.utf8), Array(part.utf8)))
        default: return .bool(try Regex.compiled(part).get().matches(text))
        }
    }

    private static func contains(_ text: [UInt8], _ part: [UInt8]) -> Bool {
        guard let first = part.first else { return true }
        guard text.count >= part.count else { return false }
        return (0...(text.count - part.count)).contains {
            text[$0] == first && text[$0..<($0 + part.count)].elementsEqual(part)
        }
    }
}
