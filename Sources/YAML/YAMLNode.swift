/// A node of a YAML document with its place.
package struct YAMLNode: Sendable {
    package indirect enum Value: Sendable {
        /// A scalar's text; `isPlain` when it was not quoted and no block, so that `5` is a number.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        case mapping([Member])
    }

    package struct Member: Sendable {
        package let key: YAMLNode
        package let value: YAMLNode
    }

    package let value: Value
    package let span: SourceSpan

    package init(_ value: Value, at span: SourceSpan) {
        self.value = value
        self.span = span
    }

    /// What the node is, for messages.
    package var kindName: String {
        switch value {
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .scalar:
            if isNull {
                "nothing"
            } else if bool != nil {
                "a boolean"
            } else if double != nil {
                "a number"
            } else {
                "a string"
            }
        }
    }

    // MARK: Scalars, by the core schema of YAML 1.2

    /// The scalar's text, whatever its type; nil for a list or a mapping.
    package var text: String? {
        if case .scalar(let text, _) = value { text } else { nil }
    }

    private var plain: String? {
        if case .scalar(let text, true) = value { text } else { nil }
    }

    package var isNull: Bool {
        plain.map { ["", "~", "null", "Null", "NULL"].contains($0) } ?? false
    }

    package var bool: Bool? {
        switch plain {
        case "true", "True", "TRUE": true
        case "false", "False", "FALSE": false
        default: nil
        }
    }

    package var int: Int? {
        guard let plain else { return nil }
        if plain.hasPrefix("0x") { return Int(plain.dropFirst(2), radix: 16) }
        if plain.hasPrefix("0o") { return Int(plain.dropFirst(2), radix: 8) }
        return Int(plain)
    }

    package var double: Double? {
        guard let plain, let first = plain.utf8.first else { return nil }
        if let int { return Double(int) }
        switch plain {
        case ".inf", ".Inf", ".INF", "+.inf": return .infinity
        case "-.inf", "-.Inf", "-.INF": return -.infinity
        case ".nan", ".NaN", ".NAN": return .nan
        default: break
        }
        // Swift also reads hexadecimal floats and words, which YAML does not.
        let isNumber = first == 0x2B || first == 0x2D || first == 0x2E || (0x30...0x39) ~= first
        guard isNumber, plain.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }) else {
            return nil
        }
        return Double(plain)
    }

    package var sequence: [YAMLNode]? {
        if case .sequence(let nodes) = value { nodes } else { nil }
    }

    package var mapping: [Member]? {
        if case .mapping(let members) = value { members } else { nil }
    }

    /// The member `name` of a mapping.
    package subscript(name: String) -> YAMLNode? {
        mapping?.first { $0.key.text == name }?.value
    }

    /// The member `name`, compared without case, as Go's JSON decoder does with resource files.
    package func member(ignoringCase name: String) -> YAMLNode? {
        let lower = name.lowercased()
        return mapping?.last { $0.key.text?.lowercased() == lower }?.value
    }
}
