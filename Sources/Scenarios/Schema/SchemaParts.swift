internal import JSON

/// What JSON Schemas (draft 7, which editors know best) are put together from.
enum SchemaParts {
    typealias Members = [(String, JSONValue)]

    /// A mapping with these keys and no others.
    static func object(
        _ members: Members, required: [String] = [], about: String? = nil
    ) -> JSONValue {
        var schema: Members = [("type", .string("object"))]
        if let about { schema.insert(("description", .string(about)), at: 0) }
        schema.append(("properties", make(members)))
        if !required.isEmpty { schema.append(("required", words(required))) }
        schema.append(("additionalProperties", .bool(false)))
        return make(schema)
    }

    /// A mapping with any keys.
    static func mapping(of value: JSONValue, about: String? = nil) -> JSONValue {
        described(
            make([("type", .string("object")), ("additionalProperties", value)]), about)
    }

    static func list(of item: JSONValue, least: Int? = nil, about: String? = nil) -> JSONValue {
        var schema: Members = [("type", .string("array")), ("items", item)]
        if let least { schema.append(("minItems", .number(String(least)))) }
        return described(make(schema), about)
    }

    static func type(_ names: String..., about: String? = nil) -> JSONValue {
        let type = names.count == 1 ? JSONValue.string(names[0]) : words(names)
        return described(make([("type", type)]), about)
    }

    static func integer(_ least: Int, _ most: Int? = nil, about: String? = nil) -> JSONValue {
        var schema: Members = [
            ("type", .string("integer")), ("minimum", .number(String(least))),
        ]
        if let most { schema.append(("maximum", .number(String(most)))) }
        return described(make(schema), about)
    }

    static func anyOf(_ schemas: JSONValue..., about: String? = nil) -> JSONValue {
        described(make([("anyOf", .array(schemas))]), about)
    }

    static func oneOf(_ schemas: [JSONValue]) -> JSONValue { make([("oneOf", .array(schemas))]) }

    static func word(_ names: [String], about: String? = nil) -> JSONValue {
        described(make([("enum", words(names))]), about)
    }

    static func ref(_ name: String) -> JSONValue {
        make([("$ref", .string("#/definitions/\(name)"))])
    }

    static func make(_ members: Members) -> JSONValue {
        .object(members.map { .init($0.0, $0.1) })
    }

    static func words(_ names: [String]) -> JSONValue { .array(names.map { .string($0) }) }

    static let anything = JSONValue.object([])

    private static func described(_ schema: JSONValue, _ about: String?) -> JSONValue {
        guard let about, let members = schema.object else { return schema }
        return .object([.init("description", .string(about))] + members)
    }

    // MARK: What several schemas share

    /// A text: numbers and booleans count as what was written.
    static let text = type("string", "number", "boolean")
    static let texts = list(of: text)

    static let definitions: Members = [
        ("duration", duration), ("count", count), ("matcher", matcher),
        ("headers", mapping(of: text)),
    ]

    private static let duration = make([
        ("description", .string("A duration as Go writes it: 500ms, 2s, 1m30s.")),
        ("type", .string("string")),
        ("pattern", .string(#"^([0-9]+(\.[0-9]*)?(ns|us|µs|ms|s|m|h))+$|\$\{"#)),
    ])

    private static let count = integer(0)

    /// A plain value is equal, a mapping a subset, a mapping of operators a condition.
    private static var matcher: JSONValue {
        let operators = make([
            ("equals", ref("matcher")), ("contains", ref("matcher")), ("matches", type("string")),
            ("startsWith", text),
            (
                "type",
                word(["string", "number", "integer", "boolean", "array", "object", "null"])
            ),
            ("gt", type("number")), ("gte", type("number")), ("lt", type("number")),
            ("lte", type("number")), ("length", ref("matcher")), ("any", ref("matcher")),
            ("each", ref("matcher")), ("absent", type("boolean")), ("not", ref("matcher")),
            ("exactly", anything),
        ])
        let names = make([("enum", words(operators.object?.map(\.name) ?? []))])
        let isCondition = make([("minProperties", .number("1")), ("propertyNames", names)])
        return make([
            (
                "description",
                .string(
                    "What a value is to be: a plain value means equal, a mapping a subset, a mapping of operators a condition."
                )
            ),
            (
                "anyOf",
                .array([
                    type("string", "number", "boolean", "null"),
                    list(of: ref("matcher")),
                    make([
                        ("type", .string("object")), ("minProperties", .number("1")),
                        ("properties", operators), ("additionalProperties", .bool(false)),
                    ]),
                    make([
                        ("type", .string("object")), ("not", isCondition),
                        ("additionalProperties", ref("matcher")),
                    ]),
                ])
            ),
        ])
    }
}
