extension CELValue: Equatable {
    /// CEL's `==`: numbers by value across their types, values of different types are unequal.
    package static func == (a: CELValue, b: CELValue) -> Bool {
        if let order = numericOrder(a, b) { return order == .same }
        switch (a, b) {
        case (.null, .null): return true
        case (.bool(let a), .bool(let b)): return a == b
        case (.string(let a), .string(let b)): return a.isSame(as: b)
        case (.bytes(let a), .bytes(let b)): return a == b
        case (.list(let a), .list(let b)): return a == b
        case (.map(let a), .map(let b)): return a.isEqual(to: b)
        case (.timestamp(let a), .timestamp(let b)): return a == b
        case (.duration(let a), .duration(let b)): return a == b
        case (.type(let a), .type(let b)): return a == b
        default: return false
        }
    }
}

extension CELMap {
    fileprivate func isEqual(to other: CELMap) -> Bool {
        let keys = keys
        return keys.count == other.keys.count
            && keys.allSatisfy { key in
                guard let mine = find(key), let others = other.find(key) else { return false }
                return mine == others
            }
    }
}

/// How two values stand to each other.
enum Order {
    case less
    case same
    case greater
    /// One is not a number.
    case none

    init<T: Comparable>(_ a: T, _ b: T) {
        self = a < b ? .less : a == b ? .same : a > b ? .greater : .none
    }
}

extension CELValue {
    /// `<` and its like; types that do not compare with each other are no overload.
    static func compare(
        _ a: CELValue, _ b: CELValue, _ function: CELFunction
    ) throws(CELFailure) -> Order {
        if let order = numericOrder(a, b) {
            guard order != .none else { throw CELFailure("NaN values cannot be ordered") }
            return order
        }
        switch (a, b) {
        case (.bool(let a), .bool(let b)): return Order(a ? 1 : 0, b ? 1 : 0)
        case (.string(let a), .string(let b)): return Order.ofBytes(a.utf8, b.utf8)
        case (.bytes(let a), .bytes(let b)): return Order.ofBytes(a, b)
        case (.timestamp(let a), .timestamp(let b)):
            return Order((a.seconds, a.nanoseconds), (b.seconds, b.nanoseconds))
        case (.duration(let a), .duration(let b)): return Order(a, b)
        case (.null, _), (.list, _), (.map, _), (.type, _):
            throw .noSuchOverload(of: function)
        default: throw .noSuchOverload
        }
    }

    /// The order of two numbers, exact over the whole range; nil when one is no number.
    private static func numericOrder(_ a: CELValue, _ b: CELValue) -> Order? {
        switch (a, b) {
        case (.int(let a), .int(let b)): Order(a, b)
        case (.uint(let a), .uint(let b)): Order(a, b)
        case (.double(let a), .double(let b)): Order(a, b)
        case (.int(let a), .uint(let b)): Order.ofIntegers(a, b)
        case (.uint(let a), .int(let b)): Order.ofIntegers(a, b)
        case (.int(let a), .double(let b)): Order.ofMixed(a, b)
        case (.uint(let a), .double(let b)): Order.ofMixed(a, b)
        case (.double(let a), .int(let b)): Order.ofMixed(b, a).reversed
        case (.double(let a), .uint(let b)): Order.ofMixed(b, a).reversed
        default: nil
        }
    }
}

extension Order {
    fileprivate init(_ a: (Int64, Int64), _ b: (Int64, Int64)) {
        self = a < b ? .less : a == b ? .same : .greater
    }

    fileprivate static func ofBytes(
        _ a: some Collection<UInt8>, _ b: some Collection<UInt8>
    ) -> Order {
        a.elementsEqual(b) ? .same : a.lexicographicallyPrecedes(b) ? .less : .greater
    }

    fileprivate static func ofIntegers(
        _ a: some BinaryInteger, _ b: some BinaryInteger
    ) -> Order {
        a < b ? .less : a == b ? .same : .greater
    }

    /// An int and a double compare as doubles once the double is within the int's range, as cel-go
    /// does it: 9007199254740993 equals 9007199254740992.0.
    fileprivate static func ofMixed<I: FixedWidthInteger>(_ a: I, _ b: Double) -> Order {
        if b < Double(I.min) { return .greater }
        if b > Double(I.max) { return .less }
        return Order(Double(a), b)
    }

    fileprivate var reversed: Order {
        switch self {
        case .less: .greater
        case .greater: .less
        case .same, .none: self
        }
    }
}
