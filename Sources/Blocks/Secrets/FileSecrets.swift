package import Bytes
internal import JSON

/// The secrets of a JSON file (`secretstores.local.file`), read once.
package struct FileSecrets: SecretStore {
    package let isMultiValued: Bool
    private let secrets: [String: [String: String]]

    /// Why a file holds no secrets.
    package struct Problem: Error {
        package let text: String
    }

    /// - Parameter separator: what stands between the names of nested values; empty for `:`.
    package init(
        _ bytes: ByteSlice, separator: String = ":", isMultiValued: Bool = false
    ) throws(Problem) {
        let members = try Self.members(of: bytes)
        let separator = separator.isEmpty ? ":" : separator
        self.isMultiValued = isMultiValued
        secrets =
            isMultiValued
            ? Self.grouped(members, separator)
            : Dictionary(
                uniqueKeysWithValues: Self.flat(members, separator).map { ($0, [$0: $1]) })
    }

    package func values(of secret: String) -> [String: String]? { secrets[secret] }

    package func all() -> [String: [String: String]] { secrets }

    private static func members(of bytes: ByteSlice) throws(Problem) -> [JSONValue.Member] {
        let value: JSONValue
        do throws(JSONSyntaxError) { value = try JSONValue.parse(bytes) } catch {
            throw Problem(text: error.text)
        }
        // Go decodes null into an empty map.
        if case .null = value { return [] }
        guard let members = value.object else {
            throw Problem(text: "expected an object, found \(value.kind)")
        }
        return members
    }

    /// Of the values at the top only strings and objects are secrets.
    private static func grouped(
        _ members: [JSONValue.Member], _ separator: String
    ) -> [String: [String: String]] {
        var secrets: [String: [String: String]] = [:]
        for member in members {
            switch member.value {
            case .string(let text): secrets[member.name] = [member.name: text]
            case .object(let inner): secrets[member.name] = flat(inner, separator)
            default: break
            }
        }
        return secrets
    }

    private static func flat(
        _ members: [JSONValue.Member], _ separator: String
    ) -> [String: String] {
        var values: [String: String] = [:]
        for member in members { add(member.value, named: member.name, separator, to: &values) }
        return values
    }

    private static func add(
        _ value: JSONValue, named name: String, _ separator: String,
        to values: inout [String: String]
    ) {
        switch value {
        case .object(let members):
            for member in members {
                add(member.value, named: name + separator + member.name, separator, to: &values)
            }
        case .array(let elements):
            for (index, element) in elements.enumerated() {
                add(element, named: "\(name)\(separator)\(index)", separator, to: &values)
            }
        case .string(let text): values[name] = text
        case .number(let text):
            values[name] = "%!s(float64=\(Double(text).map(GoFloat.general) ?? text))"
        case .bool(let value): values[name] = "%!s(bool=\(value))"
        case .null: values[name] = "%!s(<nil>)"
        }
    }
}
