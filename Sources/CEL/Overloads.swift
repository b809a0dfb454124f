/// One way a function can be called.
struct Overload: Sendable {
    let arguments: [CELType]
    let result: CELType
    /// Whether the first argument stands before a dot.
    var isMember = false

    private init(_ arguments: [CELType], _ result: CELType, isMember: Bool = false) {
        self.arguments = arguments
        self.result = result
        self.isMember = isMember
    }

    static func overloads(of function: CELFunction) -> [Overload] { table[function] ?? [] }

    // Type parameters of an overload; the checker puts fresh variables in their places.
    private static let a = CELType.variable(-1)
    private static let b = CELType.variable(-2)

    private static let table: [CELFunction: [Overload]] = operators.merging(
        functions.merging(getters, uniquingKeysWith: { $1 }), uniquingKeysWith: { $1 })

    private static let operators: [CELFunction: [Overload]] = [
        .conditional: [Overload([.bool, a, a], a)],
        .not: [Overload([.bool], .bool)],
        .negate: [Overload([.double], .double), Overload([.int], .int)],
        .equals: [Overload([a, a], .bool)],
        .notEquals: [Overload([a, a], .bool)],
        // Numbers of different types compare when an event's are at hand, not where both are known:
        // cel-go leaves those overloads out unless asked for them.
        .less: comparison, .lessEquals: comparison, .greater: comparison,
        .greaterEquals: comparison,
        .in: [Overload([a, .list(a)], .bool), Overload([a, .map(a, b)], .bool)],
        .add: same([.bytes, .double, .duration, .int, .list(a), .string, .uint]) + [
            Overload([.duration, .timestamp], .timestamp),
            Overload([.timestamp, .duration], .timestamp),
        ],
        .subtract: same([.double, .duration, .int, .uint]) + [
            Overload([.timestamp, .duration], .timestamp),
            Overload([.timestamp, .timestamp], .duration),
        ],
        .multiply: same([.double, .int, .uint]),
        .divide: same([.double, .int, .uint]),
        .modulo: same([.int, .uint]),
        .index: [Overload([.list(a), .int], a), Overload([.map(a, b), a], b)],
    ]

    private static let comparison: [Overload] = [
        CELType.bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration,
    ].map { Overload([$0, $0], .bool) }

    private static func same(_ types: [CELType]) -> [Overload] {
        types.map { Overload([$0, $0], $0) }
    }

    private static let functions: [CELFunction: [Overload]] = [
        .size: [.bytes, .list(a), .map(a, b), .string].flatMap {
            [Overload([$0], .int), Overload([$0], .int, isMember: true)]
        },
        .contains: [Overload([.string, .string], .bool, isMember: true)],
        .startsWith: [Overload([.string, .string], .bool, isMember: true)],
        .endsWith: [Overload([.string, .string], .bool, isMember: true)],
        .matches: [
            Overload([.string, .string], .bool),
            Overload([.string, .string], .bool, isMember: true),
        ],
        .type: [Overload([a], .type(a))],
        .dyn: [Overload([a], .dyn)],
        .bool: conversions([.bool, .string], .bool),
        .bytes: conversions([.bytes, .string], .bytes),
        .double: conversions([.double, .int, .string, .uint], .double),
        .duration: conversions([.duration, .int, .string], .duration),
        .int: conversions([.int, .double, .duration, .string, .timestamp, .uint], .int),
        .string: conversions(
            [.string, .bool, .bytes, .double, .duration, .int, .timestamp, .uint], .string),
        .timestamp: conversions([.timestamp, .int, .string], .timestamp),
        .uint: conversions([.uint, .double, .int, .string], .uint),
    ]

    private static func conversions(_ types: [CELType], _ result: CELType) -> [Overload] {
        types.map { Overload([$0], result) }
    }

    /// Each with and without a time zone; the last four of durations as well.
    private static let getters: [CELFunction: [Overload]] = {
        let ofTimestamps = [
            Overload([.timestamp], .int, isMember: true),
            Overload([.timestamp, .string], .int, isMember: true),
        ]
        let ofBoth = ofTimestamps + [Overload([.duration], .int, isMember: true)]
        return [
            .getFullYear: ofTimestamps, .getMonth: ofTimestamps, .getDate: ofTimestamps,
            .getDayOfMonth: ofTimestamps, .getDayOfWeek: ofTimestamps,
            .getDayOfYear: ofTimestamps, .getHours: ofBoth, .getMinutes: ofBoth,
            .getSeconds: ofBoth, .getMilliseconds: ofBoth,
        ]
    }()
}

extension CELType {
    /// The type with each parameter of an overload (they are below zero) replaced.
    func instantiated(_ variables: [Int: CELType]) -> CELType {
        switch self {
        case .variable(let parameter): variables[parameter] ?? self
        case .list(let element): .list(element.instantiated(variables))
        case .map(let key, let value):
            .map(key.instantiated(variables), value.instantiated(variables))
        case .type(let inner?): .type(inner.instantiated(variables))
        default: self
        }
    }
}
