package import YAML

/// A text with `${variables}`.
package struct Template: Sendable, Equatable {
    package let text: String
    package let span: SourceSpan

    package init(_ text: String, at span: SourceSpan) {
        self.text = text
        self.span = span
    }

    /// The text with its variables filled in; `$${` stands for `${` itself, and `${name:-text}` for
    /// the text when there is no such variable.
    ///
    /// - Returns: nil and the name of the first variable that has no value.
    package func filled(_ variables: [String: String]) -> (text: String?, missing: String?) {
        Self.filled(text, variables)
    }

    package static func filled(
        _ text: String, _ variables: [String: String]
    ) -> (text: String?, missing: String?) {
        var result = ""
        var rest = text[...]
        while let start = rest.firstIndex(of: "$") {
            result += rest[..<start]
            rest = rest[start...]
            if rest.hasPrefix("$${") {
                result += "${"
                rest = rest.dropFirst(3)
            } else if rest.hasPrefix("${"), let end = rest.firstIndex(of: "}") {
                let name = String(rest[rest.index(rest.startIndex, offsetBy: 2)..<end])
                let (value, missing) = Self.value(of: name, variables)
                guard let value else { return (nil, missing) }
                result += value
                rest = rest[rest.index(after: end)...]
            } else {
                result.append("$")
                rest = rest.dropFirst()
            }
        }
        return (result + rest, nil)
    }

    /// - Parameter name: what stands between the braces.
    private static func value(
        of name: String, _ variables: [String: String]
    ) -> (text: String?, missing: String?) {
        if let value = variables[name] { return (value, nil) }
        guard let mark = name.firstRange(of: ":-") else { return (nil, name) }
        return (
            variables[String(name[..<mark.lowerBound])] ?? String(name[mark.upperBound...]), nil
        )
    }

    /// The variable that a text consists of; nil when there is more, or none.
    static func variable(in text: String) -> String? {
        guard text.hasPrefix("${"), text.hasSuffix("}") else { return nil }
        let name = text.dropFirst(2).dropLast()
        return name.contains("}") || name.contains("$") ? nil : String(name)
    }
}
