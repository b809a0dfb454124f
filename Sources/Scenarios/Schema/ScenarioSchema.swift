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
                "Stubs of fakedapr", rules("stub", named: "stubs"),
                SeedSchema.definitions + FaultSchema.definitions)
        case "faults":
            document(
                "Fault rules of fakedapr", rules("fault", named: "faults"),
                FaultSchema.definitions)
        default:
            document(
                "A scenario of fakedapr", Part.object(file, required: ["version", "steps"]),
                definitions + SeedSchema.definitions + FaultSchema.definitions)
        }
    }

    /// One of them, a list, or a mapping that holds the list.
    private static func rules(_ rule: String, named name: String) -> JSONValue {
        let list = Part.list(of: Part.ref(rule))
        return Part.anyOf(Part.ref(rule), list, Part.object([(name, list)], required: [name]))
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
            ("step", Part.oneOf(StepSchema.all)), ("app", app), ("retry", StepSchema.retry),
            ("foreach", StepSchema.foreach), ("clock", StepSchema.clock),
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
}
