package import YAML

/// A text with `${variables}`.
package struct Template: Sendable, Equatable {
    package let text: String
    package let span: SourceSpan

    package init(_ text: String, at span: SourceSpan) {
        self.text = text
        self.span = span
    }

    /// The text with its variables filled in; `$${` stands for `${` itself.
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
                guard let value = variables[name] else { return (nil, name) }
                result += value
                rest = rest[rest.index(after: end)...]
            } else {
                result.append("$")
                rest = rest.dropFirst()
            }
        }
        return (result + rest, nil)
    }
}
