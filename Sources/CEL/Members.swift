internal import JSON

/// Fields, elements and what is in what.
extension CELValue {
    static func member(_ field: String, of value: CELValue) throws(CELFailure) -> CELValue {
        switch value {
        case .map(let map):
            guard let found = map.find(.string(field)) else { throw noSuchKey(field) }
            return found
        case .list: throw CELFailure("unsupported index type 'string' in list")
        default: throw noSuchKey(field)
        }
    }

    static func hasMember(_ field: String, in value: CELValue) throws(CELFailure) -> Bool {
        switch value {
        case .map(let map): return map.find(.string(field)) != nil
        case .list: throw CELFailure("unsupported index type 'string' in list")
        default: return false
        }
    }

    private static func noSuchKey(_ key: String) -> CELFailure {
        CELFailure("no such key: \(key)")
    }

    /// `value[key]`
    static func element(_ key: CELValue, of value: CELValue) throws(CELFailure) -> CELValue {
        switch value {
        case .map(let map):
            guard let found = map.find(key) else { throw noSuchKey(key.keyText) }
            return found
        case .list(let elements):
            let index = try key.listIndex()
            guard elements.indices.contains(index) else {
                throw CELFailure("index out of bounds: \(key.keyText)")
            }
            return elements[index]
        default: throw noSuchKey(key.keyText)
        }
    }

    private func listIndex() throws(CELFailure) -> Int {
        switch self {
        case .int(let index): return Int(index)
        case .uint(let index):
            if let index = Int(exactly: index) { return index }
        case .double(let index):
            if let index = Int(exactly: index) { return index }
        default: throw CELFailure("unsupported index type '\(typeName)' in list")
        }
        throw CELFailure("unsupported index value \(keyText) in list")
    }

    /// A key as messages show it.
    private var keyText: String {
        switch self {
        case .null: "null"
        case .bool(let value): String(value)
        case .int(let value): String(value)
        case .uint(let value): String(value)
        case .double(let value): GoFloat.general(value)
        case .string(let text), .type(let text): text
        default: typeName
        }
    }

    /// `element in container`
    static func contains(
        _ element: CELValue, in container: CELValue
    ) throws(CELFailure) -> CELValue {
        switch container {
        case .list(let elements): return .bool(elements.contains(element))
        case .map(let map): return .bool(map.find(element) != nil)
        default: throw .noSuchOverload
        }
    }
}
