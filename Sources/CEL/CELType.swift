/// The type of an expression as far as it is known before it is evaluated. What comes from an event
/// is `dyn`.
indirect enum CELType: Equatable, Sendable {
    case dyn
    /// Of what was refused; goes with everything.
    case error
    case null, bool, int, uint, double, string, bytes, timestamp, duration
    case list(CELType)
    case map(CELType, CELType)
    /// A type as a value; nil for the type of types.
    case type(CELType?)
    /// A type still to be found.
    case variable(Int)

    /// As messages spell it.
    var text: String {
        switch self {
        case .dyn: "dyn"
        case .error: "!error!"
        case .null: "null"
        case .bool: "bool"
        case .int: "int"
        case .uint: "uint"
        case .double: "double"
        case .string: "string"
        case .bytes: "bytes"
        case .timestamp: "timestamp"
        case .duration: "duration"
        case .list(let element): "list(\(element.text))"
        case .map(let key, let value): "map(\(key.text), \(value.text))"
        case .type(nil): "type"
        case .type(let type?): "type(\(type.text))"
        case .variable: "dyn"
        }
    }

    var isDynamic: Bool { self == .dyn || self == .error }

    /// Identifiers that are types: the value that each has, and its type.
    static let named: [String: (value: CELValue, type: CELType)] = [
        "bool": (.type("bool"), .type(.bool)),
        "bytes": (.type("bytes"), .type(.bytes)),
        "double": (.type("double"), .type(.double)),
        "int": (.type("int"), .type(.int)),
        "uint": (.type("uint"), .type(.uint)),
        "string": (.type("string"), .type(.string)),
        "list": (.type("list"), .type(.list(.dyn))),
        "map": (.type("map"), .type(.map(.dyn, .dyn))),
        "null_type": (.type("null_type"), .type(.null)),
        "type": (.type("type"), .type(.type(nil))),
        "google.protobuf.Duration": (.type("google.protobuf.Duration"), .type(.duration)),
        "google.protobuf.Timestamp": (.type("google.protobuf.Timestamp"), .type(.timestamp)),
    ]
}
