/// Finds what stands for type variables while an expression is checked.
struct Unifier {
    private var found: [Int: CELType] = [:]
    private var count = 0

    mutating func newVariable() -> CELType {
        count += 1
        return .variable(count)
    }

    /// Whether each of `types` can be given where `expected` is wanted; what was learnt is kept only
    /// when all can.
    mutating func assign(_ types: [CELType], to expected: [CELType]) -> Bool {
        guard types.count == expected.count else { return false }
        var attempt = self
        for (type, wanted) in zip(types, expected) where !attempt.isAssignable(type, wanted) {
            return false
        }
        self = attempt
        return true
    }

    private mutating func isAssignable(_ a: CELType, _ b: CELType) -> Bool {
        if case .variable(let variable) = b {
            let (isValid, isKnown) = bind(variable, to: a)
            if isValid || isKnown { return isValid }
        }
        if case .variable(let variable) = a { return bind(variable, to: b).isValid }
        if a.isDynamic || b.isDynamic { return true }
        switch (a, b) {
        case (.null, .timestamp), (.null, .duration), (.timestamp, .null), (.duration, .null):
            return true
        case (.list(let a), .list(let b)): return isAssignable(a, b)
        case (.map(let a, let x), .map(let b, let y)):
            return isAssignable(a, b) && isAssignable(x, y)
        // A type's own parameter says nothing about the values that are types.
        case (.type, .type): return true
        default: return a == b
        }
    }

    /// Makes `type` what stands for `variable`, where it can.
    private mutating func bind(
        _ variable: Int, to type: CELType
    ) -> (isValid: Bool, isKnown: Bool) {
        if type == .variable(variable) { return (true, true) }
        if let known = found[variable] {
            guard type != known else { return (true, true) }
            guard isAssignable(type, known) else { return (false, true) }
            let general = Self.mostGeneral(type, known)
            if !occurs(variable, in: general) { found[variable] = general }
            return (true, true)
        }
        guard !occurs(variable, in: type) else { return (false, false) }
        found[variable] = type
        return (true, false)
    }

    private func occurs(_ variable: Int, in type: CELType) -> Bool {
        switch type {
        case .variable(let other):
            other == variable || found[other].map { occurs(variable, in: $0) } ?? false
        case .list(let element), .type(let element?): occurs(variable, in: element)
        case .map(let key, let value): occurs(variable, in: key) || occurs(variable, in: value)
        default: false
        }
    }

    static func mostGeneral(_ a: CELType, _ b: CELType) -> CELType {
        isEquallyOrLessSpecific(a, b) ? a : b
    }

    private static func isEquallyOrLessSpecific(_ a: CELType, _ b: CELType) -> Bool {
        switch (a, b) {
        case (.dyn, _), (.error, _), (.variable, _): true
        case (_, .dyn), (_, .error), (_, .variable): false
        case (.list(let a), .list(let b)): isEquallyOrLessSpecific(a, b)
        case (.map(let a, let x), .map(let b, let y)):
            isEquallyOrLessSpecific(a, b) && isEquallyOrLessSpecific(x, y)
        case (.type, .type): true
        default: a == b
        }
    }

    /// The type with its variables replaced; `free` stands for those that nothing is known of.
    func resolve(_ type: CELType, free: CELType? = nil) -> CELType {
        switch type {
        case .variable(let variable):
            found[variable].map { resolve($0, free: free) } ?? free ?? type
        case .list(let element): .list(resolve(element, free: free))
        case .map(let key, let value):
            .map(resolve(key, free: free), resolve(value, free: free))
        case .type(let inner?): .type(resolve(inner, free: free))
        default: type
        }
    }
}
