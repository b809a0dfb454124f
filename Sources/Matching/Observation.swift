package import JSON

/// What was seen, as values that matchers and captures look into: named parts, and header fields.
package struct Observation: Sendable {
    private var parts: [String: JSONValue] = [:]
    /// In their order, names in lower case.
    private var headers: [(name: String, value: String)] = []

    package init() {}

    /// Sets a part, or takes it out.
    package subscript(part: String) -> JSONValue? {
        get { parts[part] }
        set { parts[part] = newValue }
    }

    /// Adds a header field; of several with one name the first is seen.
    package mutating func addHeader(_ name: String, _ value: String) {
        headers.append((name.lowercased(), value))
    }

    /// The value at a path: `status`, `headers.etag`, `json.items[0].name`; nil when there is none.
    package func value(_ path: String) -> JSONValue? {
        if path.hasPrefix("headers.") {
            let name = path.dropFirst("headers.".count).lowercased()
            return headers.first { $0.name == name }.map { .string($0.value) }
        }
        var steps = path.split(whereSeparator: { ".[]".contains($0) })[...]
        guard let first = steps.popFirst() else { return nil }
        return steps.reduce(parts[String(first)]) { value, step in
            if let elements = value?.array, let index = Int(step) {
                return elements.indices.contains(index) ? elements[index] : nil
            }
            return value?[String(step)]
        }
    }

    /// The first of `expectations` that does not hold; nil when all do.
    ///
    /// - Parameter variables: for `${variables}` in texts.
    package func mismatch(
        _ expectations: [Expectation], _ variables: [String: String] = [:]
    ) -> Matcher.Mismatch? {
        expectations.lazy.compactMap {
            $0.matcher.mismatch(value($0.part), at: $0.part, variables)
        }.first
    }
}
