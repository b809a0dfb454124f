package import JSON

/// A value of CEL, the expression language of routing rules and circuit breakers.
///
/// Every JSON number is a double; ints exist where an expression writes or makes them.
package enum CELValue: Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case uint(UInt64)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    case list([CELValue])
    case map(CELMap)
    case timestamp(CELTimestamp)
    /// Nanoseconds.
    case duration(Int64)
    /// A type by its name: `int`, `list`, `google.protobuf.Timestamp`.
    case type(String)

    /// The value that a JSON value has in an expression.
    package init(_ json: JSONValue) {
        switch json {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .number(let text): self = .double(Double(text) ?? .nan)
        case .string(let text): self = .string(text)
        case .array(let elements): self = .list(elements.map { CELValue($0) })
        case .object(let members): self = .map(.json(members))
        }
    }

    /// The name of its type.
    package var typeName: String {
        switch self {
        case .null: "null_type"
        case .bool: "bool"
        case .int: "int"
        case .uint: "uint"
        case .double: "double"
        case .string: "string"
        case .bytes: "bytes"
        case .list: "list"
        case .map: "map"
        case .timestamp: "google.protobuf.Timestamp"
        case .duration: "google.protobuf.Duration"
        case .type: "type"
        }
    }

    /// The type as Go names it where a text says so.
    var goTypeName: String {
        switch self {
        case .null: "types.Null"
        case .bool: "types.Bool"
        case .int: "types.Int"
        case .uint: "types.Uint"
        case .double: "types.Double"
        case .string: "types.String"
        case .bytes: "types.Bytes"
        case .list: "*types.baseList"
        case .map: "*types.baseMap"
        case .timestamp: "types.Timestamp"
        case .duration: "types.Duration"
        case .type: "*types.Type"
        }
    }
}

/// A map: a JSON object, read as it lies, or what an expression's literal made.
package enum CELMap: Sendable {
    /// Of several members with one name the last counts.
    case json([JSONValue.Member])
    /// No two keys are equal.
    case entries([Entry])

    package struct Entry: Sendable {
        package let key: CELValue
        package let value: CELValue

        package init(key: CELValue, value: CELValue) {
            self.key = key
            self.value = value
        }
    }

    /// The value of a key; numbers of different types that are equal are one key.
    func find(_ key: CELValue) -> CELValue? {
        switch self {
        case .json(let members):
            guard case .string(let name) = key else { return nil }
            return members.last { $0.name.isSame(as: name) }.map { CELValue($0.value) }
        case .entries(let entries):
            return entries.first { $0.key == key }?.value
        }
    }

    /// Keys in their order.
    var keys: [CELValue] {
        switch self {
        case .json(let members):
            var seen: Set<[UInt8]> = []
            return members.filter { seen.insert(Array($0.name.utf8)).inserted }
                .map { .string($0.name) }
        case .entries(let entries): return entries.map(\.key)
        }
    }
}

/// A point in time, from year 1 to 9999.
package struct CELTimestamp: Sendable, Equatable {
    /// Since 1970-01-01 00:00 UTC.
    package var seconds: Int64
    /// From 0 to 999,999,999.
    package var nanoseconds: Int64

    static let secondsOfAllYears: ClosedRange<Int64> = -62_135_596_800...253_402_300_799
}

extension String {
    /// Whether both are the same code points; Swift's `==` takes `é` and `e` + U+0301 for one.
    func isSame(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
