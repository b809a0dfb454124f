internal import Blocks
internal import JSON

/// The parts of schemas that say what stores, topics and stand-ins begin with.
enum SeedSchema {
    private typealias Part = SchemaParts
    typealias Members = SchemaParts.Members

    static let definitions: Members = [
        ("seed", seed), ("stub", stub), ("stubRule", Part.object(rule, required: ["when"])),
        ("when", when), ("reply", reply),
    ]

    private static var seed: JSONValue {
        let key = Part.object(
            [
                ("app", Part.text), ("key", Part.type("string")), ("value", Part.anything),
                ("valueBase64", Part.type("string")), ("etag", Part.text),
                ("ttl", Part.type("string", "number", "null")),
                ("firstWrite", Part.type("boolean")),
            ], required: ["key"])
        let keys = Part.anyOf(
            Part.list(of: key), Part.mapping(of: Part.anything),
            about: "Keys and values, or a list of {key, value, etag, ttl}.")
        return Part.object(
            [
                ("state", Part.mapping(of: keys, about: "Stores.")),
                (
                    "topics",
                    Part.mapping(
                        of: Part.mapping(of: Part.list(of: Part.anything)),
                        about: "Brokers, their topics, and the data of messages.")
                ),
                ("stubs", Part.anyOf(Part.ref("stub"), Part.list(of: Part.ref("stub")))),
                ("faults", Part.list(of: Part.ref("fault"))),
            ], about: "What stores and topics begin with.")
    }

    // MARK: Stubs

    private static let when = Part.anyOf(
        Part.type("string"),
        Part.object([
            ("method", Part.ref("matcher")), ("path", Part.ref("matcher")),
            ("query", Part.ref("matcher")), ("parameters", Part.ref("matcher")),
            ("headers", Part.mapping(of: Part.ref("matcher"))),
            ("body", Part.ref("matcher")), ("json", Part.ref("matcher")),
        ]), about: "A path, or what a request is to be like.")

    private static let reply = Part.object([
        ("status", Part.integer(200, 599)), ("headers", Part.ref("headers")),
        ("body", Part.text), ("json", Part.anything), ("delay", Part.ref("duration")),
    ])

    private static let rule: Members = [
        ("id", Part.text), ("when", Part.ref("when")), ("times", Part.integer(1)),
        ("reply", Part.ref("reply")), ("replies", Part.list(of: Part.ref("reply"), least: 1)),
        ("order", Part.word(Stub.Order.allCases.map(\.rawValue))),
    ]

    /// One answer of an application, or all that it is.
    private static var stub: JSONValue {
        let app: Members = [
            ("app", Part.text), ("subscribe", Part.list(of: Part.type("object"))),
        ]
        return Part.anyOf(
            Part.object(app + rule, required: ["app", "when"]),
            Part.object(
                app + [("routes", Part.list(of: Part.ref("stubRule")))],
                required: ["app", "routes"]),
            Part.object(app, required: ["app", "subscribe"]))
    }
}
