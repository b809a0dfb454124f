internal import Blocks
internal import JSON

/// The JSON Schema of scenario files, for editors. What the readers refuse and a schema can say.
package enum ScenarioSchema {
    private typealias Part = SchemaParts
    private typealias Members = SchemaParts.Members

    /// The schema, printed for people.
    package static var text: String { PrettyJSON.text(schema) }

    static var schema: JSONValue {
        let head: Members = [
            ("$schema", .string("http://json-schema.org/draft-07/schema#")),
            ("title", .string("A scenario of fakedapr")),
        ]
        let body = Part.object(file, required: ["version", "steps"]).object ?? []
        let all = Part.definitions + definitions
        return .object(
            head.map { .init($0.0, $0.1) } + body + [.init("definitions", Part.make(all))])
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
            ("foreach", foreach),
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
                ("routes", Part.list(of: rule)),
            ]
        return Part.oneOf([
            Part.object(command, required: ["command"], about: "A child process."),
            Part.object(scripted, about: "An application that the file answers for."),
        ])
    }

    private static var rule: JSONValue {
        let when = Part.object([
            ("method", Part.ref("matcher")), ("path", Part.ref("matcher")),
            ("query", Part.ref("matcher")), ("parameters", Part.ref("matcher")),
            ("headers", Part.mapping(of: Part.ref("matcher"))),
            ("body", Part.ref("matcher")), ("json", Part.ref("matcher")),
        ])
        let reply = Part.object([
            ("status", Part.integer(200, 599)), ("headers", Part.ref("headers")),
            ("body", Part.text), ("json", Part.anything), ("delay", Part.ref("duration")),
        ])
        return Part.object(
            [
                ("id", Part.text), ("when", Part.anyOf(Part.type("string"), when)),
                ("times", Part.integer(1)), ("reply", reply),
                ("replies", Part.list(of: reply, least: 1)),
                ("order", Part.word(Stub.Order.allCases.map(\.rawValue))),
            ], required: ["when"])
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
        requests + [guest, put, publish, invoke] + questions + groups
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
        let fields = JournalQuestion.fields.map { ($0, Part.ref("matcher")) }
        let counts = ["exactly", "atLeast", "atMost"].map { ($0, Part.ref("count")) }
        let howOften = JSONValue.array(
            ["exactly", "atLeast", "atMost"].map { Part.make([("required", Part.words([$0]))]) })
        func question(_ more: Members) -> JSONValue {
            let body = Part.object(fields + counts + more).object ?? []
            return .object(body + [.init("anyOf", howOften)])
        }
        return [
            Part.object(common + [("verify", question([]))], required: ["verify"]),
            Part.object(
                common + [("wait", question([("timeout", Part.ref("duration"))]))],
                required: ["wait"]),
        ]
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
