internal import Bytes
package import JSON
internal import Matching
internal import YAML

/// Fills in what a reply takes from the request: `${request.json.id}`, `${request.headers.x}`,
/// `${request.segments[1]}`, `${request.parameters.page}`, `${use}`, and variables.
///
/// A text that is nothing but one `${request.…}` becomes the value itself, a number a number. What the
/// request does not have is empty, or null.
package struct StubTemplates {
    let request: Observation
    let variables: [String: String]
    /// How often the stub has answered, this time included.
    let use: Int

    static let prefix = "request."

    func text(_ template: Template) -> String { text(template.text) }

    /// The first name in a reply that is neither the request's nor `use`, and where it stands.
    static func stranger(in reply: StubReply) -> (name: String, span: SourceSpan)? {
        for (_, value) in reply.headers {
            if let name = stranger(in: .string(value.text)) { return (name, value.span) }
        }
        switch reply.body {
        case .text(let template): return stranger(in: .string(template.text), at: template.span)
        case .json(let value, let span): return stranger(in: value, at: span)
        case nil: return nil
        }
    }

    private static func stranger(
        in value: JSONValue, at span: SourceSpan
    ) -> (name: String, span: SourceSpan)? {
        stranger(in: value).map { ($0, span) }
    }

    private static func stranger(in value: JSONValue) -> String? {
        let own = names(in: value.text).filter { $0 == "use" || $0.hasPrefix(prefix) }
        return value.filled(Dictionary(own.map { ($0, "") }, uniquingKeysWith: { $1 })).missing
    }

    private func text(_ text: String) -> String {
        guard text.contains("${") else { return text }
        var values = variables
        for name in Self.names(in: text) {
            if let value = value(name) { values[name] = value == .null ? "" : value.plain }
        }
        return Template.filled(text, values).text ?? text
    }

    func json(_ value: JSONValue) -> JSONValue {
        switch value {
        case .string(let text):
            if let name = Self.only(in: text), let value = self.value(name) { return value }
            return .string(self.text(text))
        case .array(let elements): return .array(elements.map { json($0) })
        case .object(let members):
            return .object(members.map { JSONValue.Member($0.name, json($0.value)) })
        default: return value
        }
    }

    /// nil for what is no name of ours.
    private func value(_ name: String) -> JSONValue? {
        if name == "use" { return .number(String(use)) }
        guard name.hasPrefix(Self.prefix) else { return nil }
        return request.value(String(name.dropFirst(Self.prefix.count))) ?? .null
    }

    // MARK: For who fills in variables first

    /// Descriptions of stubs, or a seed that holds some, whose replies' own names stay as they are
    /// when variables are filled in: `$${` stands for `${`.
    package static func keepingOwnNames(in description: JSONValue) -> JSONValue {
        switch description {
        case .array(let elements): return .array(elements.map(keepingOwnNames))
        case .object(let members):
            return .object(
                members.map { member in
                    switch member.name {
                    case "stubs", "routes": .init(member.name, keepingOwnNames(in: member.value))
                    case "reply", "replies": .init(member.name, member.value.mappingTexts(escaped))
                    default: member
                    }
                })
        default: return description
        }
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let start = rest.firstIndex(of: "$") {
            result += rest[..<start]
            rest = rest[start...]
            if rest.hasPrefix("$${") {
                // What stands for itself does so twice.
                result += "$$${"
                rest = rest.dropFirst(3)
            } else {
                let name = rest.dropFirst(2).prefix { $0 != "}" }
                let isOwn = rest.hasPrefix("${") && (name == "use" || name.hasPrefix(prefix))
                result += isOwn ? "$$" : "$"
                rest = rest.dropFirst()
            }
        }
        return result + rest
    }

    /// The names between `${` and `}`.
    private static func names(in text: String) -> [String] {
        text.split(separator: "${", omittingEmptySubsequences: false).dropFirst()
            .filter { $0.contains("}") }.map { piece in String(piece.prefix { $0 != "}" }) }
    }

    /// The name when the text is nothing else.
    private static func only(in text: String) -> String? {
        guard text.hasPrefix("${"), text.hasSuffix("}"),
            text.firstIndex(of: "}") == text.indices.last
        else { return nil }
        return String(text.dropFirst(2).dropLast())
    }
}

extension JSONValue {
    /// A text itself, anything else as JSON.
    fileprivate var plain: String { string ?? text }
}
