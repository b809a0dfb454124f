internal import Blocks
internal import JSON

/// The part of the schema that says what a step may be.
enum StepSchema {
    private typealias Part = SchemaParts
    private typealias Members = SchemaParts.Members

    private static let common: Members = [
        ("name", Part.text), ("foreach", Part.ref("foreach")),
    ]
    private static let answered: Members =
        common + [
            ("expect", Part.ref("answer")), ("capture", Part.ref("capture")),
            ("retry", Part.ref("retry")), ("app", Part.type("string")),
        ]

    static var all: [JSONValue] {
        requests + [guest, put, publish, invoke] + questions + controls + groups
    }

    private static var requests: [JSONValue] {
        let message: Members = [
            ("headers", Part.ref("headers")), ("body", Part.text), ("json", Part.anything),
            ("timeout", Part.ref("duration")),
        ]
        let path = Part.type("string", about: "Path and query.")
        let verbs = ["get", "post", "put", "delete", "patch", "head", "options"].map {
            Part.object([($0, path)] + message + answered, required: [$0])
        }
        return verbs + [
            Part.object(
                [("request", path), ("method", Part.type("string"))] + message + answered,
                required: ["request"])
        ]
    }

    private static var guest: JSONValue {
        let expect = Part.object(
            ["exit", "end", "stdout", "stderr", "calls"].map { ($0, Part.ref("matcher")) })
        return Part.object(
            common + [
                ("guest", Part.type("string", about: "A WASM module, relative to this file.")),
                ("args", Part.texts), ("env", Part.mapping(of: Part.text)), ("stdin", Part.text),
                ("invoke", Part.type("string")), ("timeout", Part.ref("duration")),
                ("seed", Part.type("integer")), ("expect", expect),
                ("capture", Part.ref("capture")), ("retry", Part.ref("retry")),
            ], required: ["guest"])
    }

    private static var put: JSONValue {
        let item = Part.object(
            [
                ("store", Part.text), ("key", Part.text), ("value", Part.anything),
                ("etag", Part.text), ("metadata", Part.mapping(of: Part.text)),
            ], required: ["store", "key"])
        return Part.object([("put", item)] + answered, required: ["put"])
    }

    private static var publish: JSONValue {
        let message = Part.object(
            [
                ("pubsub", Part.text), ("topic", Part.text), ("data", Part.anything),
                ("text", Part.text), ("contentType", Part.text),
                ("metadata", Part.mapping(of: Part.text)),
            ], required: ["pubsub", "topic"])
        return Part.object([("publish", message)] + answered, required: ["publish"])
    }

    private static var invoke: JSONValue {
        let call = Part.object(
            [
                ("app", Part.text), ("method", Part.text), ("path", Part.text),
                ("headers", Part.ref("headers")), ("body", Part.text), ("json", Part.anything),
            ], required: ["app", "path"])
        return Part.object(
            [("invoke", call), ("timeout", Part.ref("duration"))] + answered, required: ["invoke"])
    }

    private static var questions: [JSONValue] {
        [
            Part.object(common + [("verify", question(waits: false))], required: ["verify"]),
            Part.object(common + [("wait", question(waits: true))], required: ["wait"]),
        ]
    }

    /// Parts beside counts, or parts in order.
    private static func question(waits: Bool) -> JSONValue {
        var parts: Members = JournalEntry.parts.map { ($0, Part.ref("matcher")) }
        let since: Members =
            [("since", Part.ref("count"))] + (waits ? [("timeout", Part.ref("duration"))] : [])
        let ordered = Part.object(
            since + [("inOrder", Part.list(of: Part.object(parts), least: 1))],
            required: ["inOrder"])
        let counts = ["exactly", "atLeast", "atMost"]
        parts += counts.map { ($0, Part.ref("count")) } + since
        let counted = Part.object(parts).object ?? []
        // `wait` waits for one when it does not say for how many.
        let needs = JSONValue.Member(
            "anyOf", .array(counts.map { Part.make([("required", Part.words([$0]))]) }))
        return Part.anyOf(.object(waits ? counted : counted + [needs]), ordered)
    }

    private static var groups: [JSONValue] {
        let group = common + [("timeout", Part.ref("duration"))]
        return [
            Part.object(group + [("steps", Part.ref("steps"))], required: ["steps"]),
            Part.object(group + [("parallel", Part.ref("steps"))], required: ["parallel"]),
            Part.object(
                group + [
                    ("include", Part.type("string", about: "A file with `version` and `steps`.")),
                    ("with", Part.mapping(of: Part.anything)),
                ], required: ["include"]),
        ]
    }

    private static var controls: [JSONValue] {
        let parts = Part.word(StepReader.resettable)
        let names = ["save", "load", "delete", "diff"].map { ($0, Part.text) }
        let actions: Members = [
            ("clock", Part.ref("clock")),
            ("fault", Part.anyOf(Part.ref("fault"), Part.list(of: Part.ref("fault")))),
            ("stub", Part.anyOf(Part.ref("stub"), Part.list(of: Part.ref("stub")))),
            ("reset", Part.anyOf(Part.word(["all"]), parts, Part.list(of: parts))),
            ("seed", Part.anyOf(Part.type("string"), Part.ref("seed"))),
            (
                "snapshot",
                Part.anyOf(Part.type("string"), Part.object(names + [("with", Part.text)]))
            ),
        ]
        return actions.map { name, value in
            Part.object(
                [(name, value), ("timeout", Part.ref("duration"))] + answered, required: [name])
        }
    }

    /// As `serve --clock` has it, or a mapping.
    static var clock: JSONValue {
        Part.anyOf(
            Part.make([
                ("type", .string("string")), ("pattern", .string("^(real|manual|accelerated:)")),
            ]),
            Part.object([
                ("mode", Part.word(["real", "manual", "accelerated"])), ("at", Part.text),
                ("rate", Part.type("number")), ("advance", Part.ref("duration")),
            ]))
    }

    static var retry: JSONValue {
        Part.anyOf(
            Part.ref("duration"),
            Part.object([
                ("for", Part.ref("duration")), ("every", Part.ref("duration")),
                ("times", Part.integer(1)),
            ]), about: "How long the step is done again until what it expects is so.")
    }

    static var foreach: JSONValue {
        let range = Part.object(
            [("from", Part.type("integer")), ("to", Part.type("integer"))],
            required: ["from", "to"])
        return Part.make([
            ("type", .string("object")), ("minProperties", .number("1")),
            ("additionalProperties", Part.anyOf(Part.list(of: Part.anything, least: 1), range)),
        ])
    }
}
