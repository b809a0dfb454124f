/// A scalar as it was written, and by which rules its type is found.
package struct YAMLScalar: Equatable, Sendable {
    package enum Style: Sendable {
        case plain
        case quoted
        /// After `|` or `>`.
        case block
    }

    package let text: String
    package let style: Style
    /// Written out, as `tag:yaml.org,2002:int`; nil when none was given.
    package let tag: String?
    package let schema: YAMLSchema

    package init(
        _ text: String, style: Style = .plain, tag: String? = nil, schema: YAMLSchema = .core
    ) {
        self.text = text
        self.style = style
        self.tag = tag
        self.schema = schema
    }

    /// What the scalar says. Quoted and block scalars are strings, unless a tag says otherwise.
    package var value: ScalarValue {
        switch tag {
        case nil: style == .plain ? schema.resolve(text) : .string(text)
        case Tag.float: Tag.widened(schema.resolve(text)) ?? .string(text)
        case Tag.null, Tag.bool, Tag.int: schema.resolve(text)
        default: .string(text)
        }
    }

    /// Whether the tag names a type that the text is none of, as in `!!int twelve`.
    var contradictsTag: Bool {
        switch (tag, value) {
        case (Tag.null, .null), (Tag.bool, .bool), (Tag.int, .int), (Tag.int, .uint): false
        case (Tag.float, .double): false
        case (Tag.null, _), (Tag.bool, _), (Tag.int, _), (Tag.float, _): true
        default: false
        }
    }

    var isBinary: Bool { tag == Tag.prefix + "binary" }
}

/// The tags that YAML itself defines for scalars.
enum Tag {
    static let prefix = "tag:yaml.org,2002:"
    static let null = prefix + "null"
    static let bool = prefix + "bool"
    static let int = prefix + "int"
    static let float = prefix + "float"

    /// A number as a float.
    fileprivate static func widened(_ value: ScalarValue) -> ScalarValue? {
        switch value {
        case .int(let int): .double(Double(int))
        case .uint(let uint): .double(Double(uint))
        case .double: value
        default: nil
        }
    }
}
