internal import Bytes

/// Why a body does not decode into one of Dapr's request types, in the words of Go's decoders.
package enum GoDecodingError: Error, Equatable {
    case syntax(JSONSyntaxError)
    /// A value that does not fit its Go type.
    ///
    /// - `what`: `object`, `number`, `number 1.5`.
    /// - `field`: `SetRequest.key`; nil at top level.
    case type(what: String, field: String?, type: String)
    /// The texts of the map-to-struct decoder behind transactions.
    case mapping([String])
    /// The one text of that decoder that stands alone: a request that is no map.
    case notAMap(String)

    /// Go's words.
    package var text: String {
        switch self {
        case .syntax(let error): error.text
        case .type(let what, let field, let type):
            "json: cannot unmarshal \(what) into Go "
                + (field.map { "struct field \($0)" } ?? "value") + " of type \(type)"
        case .mapping(let problems):
            "\(problems.count) error(s) decoding:\n\n"
                + problems.map { "* \($0)" }.joined(separator: "\n")
        case .notAMap(let kind): "'' expected a map, got '\(kind)'"
        }
    }
}

/// Decodes one request as `encoding/json` does: the whole value is scanned first; the first type
/// error is remembered while decoding goes on, and nothing is taken when there is one.
struct GoDecoder {
    private(set) var failure: GoDecodingError?
    private let hasExtremeNumber: Bool
    let root: JSONReader

    init(_ body: ByteSlice) throws(GoDecodingError) {
        do throws(JSONSyntaxError) {
            let scanned = try JSONScanner.firstValue(of: body)
            root = JSONReader(scanned: body[scanned.range])
            hasExtremeNumber = scanned.hasExtremeNumber
        } catch {
            throw .syntax(error)
        }
    }

    /// Remembers that `value` does not fit; the first such error counts.
    mutating func mismatch(_ value: JSONReader, _ field: String?, _ type: String) {
        mismatch(value.kind.goName, field, type)
    }

    private mutating func mismatch(_ what: String, _ field: String?, _ type: String) {
        if failure == nil { failure = .type(what: what, field: field, type: type) }
    }

    /// A string; nil for null, which Go takes for the type's zero value.
    mutating func string(_ value: JSONReader, _ field: String) -> ByteSlice? {
        switch value.kind {
        case .string: return value.string
        case .null: return nil
        default:
            mismatch(value, field, "string")
            return nil
        }
    }

    /// A `map[string]string`; a null member is an empty text.
    mutating func stringMap(_ value: JSONReader, _ field: String) -> [String: String] {
        guard value.kind == .object || value.kind == .null else {
            mismatch(value, field, "map[string]string")
            return [:]
        }
        var map: [String: String] = [:]
        value.forEachMember { name, member in
            map[String(text: name)] = string(member, field).map { String(text: $0) } ?? ""
        }
        return map
    }

    /// An `int`; 0 for null.
    mutating func integer(_ value: JSONReader, _ field: String) -> Int {
        switch value.kind {
        case .null: return 0
        case .number:
            let literal = String(text: value.bytes)
            if let number = Int(literal) { return number }
            mismatch("number \(literal)", field, "int")
        default: mismatch(value, field, "int")
        }
        return 0
    }

    /// Any value: checks what Go checks of one, that its numbers fit a float64. Over its bytes, not its
    /// tree, which may be ten thousand levels deep.
    mutating func any(_ value: JSONReader, _ field: String) {
        guard hasExtremeNumber else { return }
        value.forEachToken { token in
            guard case .scalar(let scalar) = token, scalar.kind == .number else { return }
            let literal = String(text: scalar.bytes)
            guard let number = Double(literal), number.isFinite else {
                return mismatch("number \(literal)", field, "float64")
            }
        }
    }
}
