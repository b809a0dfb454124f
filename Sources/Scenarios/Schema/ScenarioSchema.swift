internal import Blocks
internal import JSON

/// The JSON Schema of scenario files, for editors. What the readers refuse and a schema can say.
package enum ScenarioSchema {
    private typealias Part = SchemaParts
    private typealias Members = SchemaParts.Members

    /// The names of the schemas that there are: of scenario files, and of what they may name.
    package static let names = ["scenario", "seed", "stubs", "faults"]

    /// A schema, printed for people.
    ///
    /// - Parameter name: one of `names`.
    package static func text(_ name: String) -> String { PrettyJSON.text(schema(name)) }

    private static func schema(_ name: String) -> JSONValue {
        switch name {
        case "seed":
            document(
                "A seed of fakedapr", Part.ref("seed"),
                SeedSchema.definitions + FaultSchema.definitions)
        case "stubs":
            document(
                "Stubs of fakedapr",
                Part.anyOf(
                    Part.ref("stub"), Part.list(of: Part.ref("stub")),
                    Part.object(
                        [("stubs", Part.list(of: Part.ref("stub")))], required: ["stubs"])),
                SeedSchema.definitions + FaultSchema.definitions)
        case "faults":
            document(
                "Fault rules of fakedapr",
                Part.anyOf(
                    Part.ref("fault"), Part.list(of: Part.ref("fault")),
                    Part.object(
                        [("faults", Part.list(of: Part.ref("fault")))], required: ["faults"])),
                FaultSchema.definitions)
        default:
            document(
                "A scenario of fakedapr", Part.object(file, required: ["version", "steps"]),
                definitions + SeedSchema.definitions + FaultSchema.definitions)
        }
    }

    private static func document(
        _ title: String, _ body: JSONValue, _ definitions: Members
    ) -> JSONValue {
        let head: Members = [
            ("$schema", .string("http://json-schema.org/draft-07/schema#")),
            ("title", .string(title)),
        ]
        // In draft 7 nothing beside a reference counts.
        let isReference = body["$ref"] != nil
        let members = isReference ? [.init("allOf", .array([body]))] : body.object ?? []
        let all = Part.make(Part.definitions + definitions)
        return .object(
            head.map { .init($0.0, $0.1) } + members + [.init("definitions", all)])
    }

    private static var file: Members {
        [
            ("version", Part.make([("const", .number("1"))])),
            ("name", Part.text),
            (
                "tags",
                Part.list(of: Part.type("string"), about: "What `--tag` chooses by.")
            ),
            ("timeout", Part.ref("duration")),
            ("matrix", matrix),
            ("sidecar", sidecar),
            ("apps", Part.mapping(of: Part.ref("app"), about: "Applications by app id.")),
            ("clock", Part.ref("clock")),
            ("random", Part.type("integer", about: "Fixes ids, etags and what else is random.")),
            ("seed", Part.anyOf(Part.type("string"), Part.ref("seed"))),
            ("stubs", Part.list(of: Part.ref("stub"))),
            ("faults", Part.list(of: Part.ref("fault"))),
            ("setup", Part.ref("steps")), ("steps", Part.ref("steps")),
            ("always", Part.ref("steps")),
        ]
    }

    private static var definitions: Members {
        [
            (
                "steps",
                Part.make([
                    ("type", .array([.string("array"), .string("null")])),
                    ("items", Part.ref("step")),
                ])
            ),
            ("step", Part.oneOf(steps)), ("app", app), ("retry", retry),
            ("foreach", foreach), ("clock", clock),
            (
                "answer",
                Part.object([
                    ("status", Part.ref("matcher")),
                    ("headers", Part.mapping(of: Part.ref("matcher"))),
                    ("json", Part.ref("matcher")), ("body", Part.ref("matcher")),
                ])
            ),
            (
                "capture",
                Part.mapping(
                    of: Part.type("string"),
                    about: "Variables and where their values come from: json.id, headers.etag.")
            ),
            (
                "components",
                Part.mapping(
                    of: Part.type("string"), about: "Names and types: statestore: state.${store}.")
            ),
        ]
    }

    private static var matrix: JSONValue {
        let combinations = Part.list(of: Part.mapping(of: Part.text))
        let values = Part.list(of: Part.text, least: 1)
        return Part.make([
            ("description", .string("Variables and their values; every combination is a case.")),
            ("type", .string("object")),
            (
                "properties",
                Part.make([
                    ("exclude", Part.anyOf(combinations, values)),
                    ("include", Part.anyOf(combinations, values)),
                ])
            ),
            ("additionalProperties", values),
        ])
    }

    private static var sidecar: JSONValue {
        Part.object([
            ("appId", Part.text), ("components", Part.ref("components")),
            ("resources", Part.anyOf(Part.type("string"), Part.texts)),
        ])
    }

    // MARK: Applications

    private static var app: JSONValue {
        let common: Members = [
            ("components", Part.ref("components")),
            ("resources", Part.anyOf(Part.type("string"), Part.texts)),
        ]
        let command =
            common + [
                ("command", Part.list(of: Part.text, least: 1)),
                ("env", Part.mapping(of: Part.text)), ("port", Part.type("boolean")),
                ("startTimeout", Part.ref("duration")),
            ]
        let scripted =
            common + [
                ("subscribe", Part.list(of: Part.type("object"))),
                ("routes", Part.list(of: Part.ref("stubRule"))),
            ]
        return Part.oneOf([
            Part.object(command, required: ["command"], about: "A child process."),
            Part.object(scripted, about: "An application that the file answers for."),
        ])
    }

    // MARK: Steps

    private static let common: Members = [
        ("name", Part.text), ("foreach", Part.ref("foreach")),
    ]
    private static let answered: Members =
        common + [
            ("expect", Part.ref("answer")), ("capture", Part.ref("capture")),
            ("retry", Part.ref("retry")), ("app", Part.type("string")),
        ]

    private static var steps: [JSONValue] {
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
    private static var clock: JSONValue {
        Part.anyOf(
            Part.make([
                ("type", .string("string")), ("pattern", .string("^(real|manual|accelerated:)")),
            ]),
            Part.object([
                ("mode", Part.word(["real", "manual", "accelerated"])), ("at", Part.text),
                ("rate", Part.type("number")), ("advance", Part.ref("duration")),
            ]))
    }

    private static var retry: JSONValue {
        Part.anyOf(
            Part.ref("duration"),
            Part.object([
                ("for", Part.ref("duration")), ("every", Part.ref("duration")),
                ("times", Part.integer(1)),
            ]), about: "How long the step is done again until what it expects is so.")
    }

    private static var foreach: JSONValue {
        let range = Part.object(
            [("from", Part.type("integer")), ("to", Part.type("integer"))],
            required: ["from", "to"])
        return Part.make([
            ("type", .string("object")), ("minProperties", .number("1")),
            ("additionalProperties", Part.anyOf(Part.list(of: Part.anything, least: 1), range)),
        ])
    }
}
