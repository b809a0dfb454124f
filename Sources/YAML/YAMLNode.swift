/// A node of a YAML document with its place. Aliases and merge keys are already followed.
package struct YAMLNode: Equatable, Sendable {
    package indirect enum Value: Equatable, Sendable {
        case scalar(YAMLScalar)
        case sequence([YAMLNode])
        case mapping([Member])
    }

    /// A key with its value. Keys are scalars: others are refused by the parser.
    package struct Member: Equatable, Sendable {
        /// The key as text; by Go's rules `yes:` is the key `true`.
        package let name: String
        package let key: YAMLNode
        package let value: YAMLNode

        package init(name: String, key: YAMLNode, value: YAMLNode) {
            self.name = name
            self.key = key
            self.value = value
        }
    }

    package let value: Value
    /// An alias stands where it is written, what it repeats where the anchor is.
    package let span: SourceSpan

    package init(_ value: Value, at span: SourceSpan) {
        self.value = value
        self.span = span
    }

    /// What the node is, for messages: `a string`, `a number`, `a boolean`, `a list`, `a mapping`,
    /// or `nothing` for null.
    package var kindName: String {
        switch value {
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .scalar(let scalar):
            switch scalar.value {
            case .null: "nothing"
            case .bool: "a boolean"
            case .int, .uint, .double: "a number"
            case .string: "a string"
            }
        }
    }

    // MARK: Scalars

    package var scalar: YAMLScalar? {
        if case .scalar(let scalar) = value { scalar } else { nil }
    }

    /// The scalar's text as it was written, whatever its type; nil for a list or a mapping.
    package var text: String? { scalar?.text }

    package var isNull: Bool { scalar?.value == .null }

    /// A string; nil for what is a number, a boolean or null by its schema.
    package var string: String? {
        if case .string(let string)? = scalar?.value { string } else { nil }
    }

    package var bool: Bool? {
        if case .bool(let bool)? = scalar?.value { bool } else { nil }
    }

    package var int: Int? {
        if case .int(let int)? = scalar?.value { int } else { nil }
    }

    /// Any number.
    package var double: Double? {
        switch scalar?.value {
        case .int(let int)?: Double(int)
        case .uint(let uint)?: Double(uint)
        case .double(let double)?: double
        default: nil
        }
    }

    // MARK: Lists and mappings

    package var sequence: [YAMLNode]? {
        if case .sequence(let nodes) = value { nodes } else { nil }
    }

    package var mapping: [Member]? {
        if case .mapping(let members) = value { members } else { nil }
    }

    /// The member `name` of a mapping.
    package subscript(name: String) -> YAMLNode? {
        mapping?.first { $0.name == name }?.value
    }

    /// The member `name`, compared without case, as Go's JSON decoder does with resource files. Of
    /// several spellings the last in byte order wins: sigs.k8s.io/yaml sorts keys before decoding.
    package func member(ignoringCase name: String) -> YAMLNode? {
        let lower = name.lowercased()
        return mapping?.filter { $0.name.lowercased() == lower }
            .max { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }?.value
    }

    /// Nodes in it and itself, and how many levels of lists and mappings lie below it.
    var measure: (nodes: Int, height: Int) {
        switch value {
        case .scalar: (1, 0)
        case .sequence(let nodes): Self.measure(nodes)
        case .mapping(let members): Self.measure(members.flatMap { [$0.key, $0.value] })
        }
    }

    private static func measure(_ children: [YAMLNode]) -> (nodes: Int, height: Int) {
        children.map(\.measure).reduce((1, 1)) { ($0.0 + $1.nodes, max($0.1, $1.height + 1)) }
    }
}
