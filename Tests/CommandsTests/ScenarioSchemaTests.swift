import Foundation
import JSON
import Matching
import TestSupport
import Testing
import Transport
import YAML

/// The JSON Schema of scenario files: as a validator of others sees it, against all examples and
/// against what our own reader refuses.
@Suite struct ScenarioSchemaTests {
    private static func shipped(_ name: String) -> String {
        "\(Fakedapr.checkout)/Scenarios/schema/\(name).json"
    }

    @Test(arguments: ["scenario", "seed", "stubs", "faults"])
    func `the schema that is shipped is the one that is printed`(name: String) throws {
        let outcome = try Fakedapr.run(["scenario", "schema", name])
        #expect(outcome.status == 0)
        if ProcessInfo.processInfo.environment["GOLDEN"] == "write" {
            try FileContents.makeFolder("\(Fakedapr.checkout)/Scenarios/schema")
            try FileContents.write(Array(outcome.output.utf8), to: Self.shipped(name))
        }
        let shipped = try String(contentsOfFile: Self.shipped(name), encoding: .utf8)
        #expect(outcome.output == shipped)
    }

    struct Broken: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let text: String

        init(_ name: String, _ text: String) { (testDescription, self.text) = (name, text) }

        /// A file with one step.
        init(_ name: String, step: String) {
            self.init(name, "version: 1\nsteps:\n  - \(step)\n")
        }
    }

    /// Each refused by our own reader too.
    static let broken = [
        Broken("no version", "steps: []"),
        Broken("another version", "version: 2\nsteps: []"),
        Broken("no steps", "version: 1"),
        Broken("an unknown key", "version: 1\nstep: []\nsteps: []"),
        Broken("steps that are no list", "version: 1\nsteps: { get: / }"),
        Broken("an empty variable", "version: 1\nmatrix: { store: [] }\nsteps: []"),
        Broken("a timeout without a unit", "version: 1\ntimeout: 10 seconds\nsteps: []"),
        Broken("a sidecar's unknown key", "version: 1\nsidecar: { appid: x }\nsteps: []"),
        Broken("tags that are no list", "version: 1\ntags: quick\nsteps: []"),
        Broken(
            "an app with two natures",
            "version: 1\napps: { a: { command: [x], routes: [] } }\nsteps: []"),
        Broken(
            "a rule that says not when",
            "version: 1\napps: { a: { routes: [{ reply: {} }] } }\nsteps: []"),
        Broken(
            "a reply's status that is none",
            "version: 1\napps: { a: { routes: [{ when: /, reply: { status: 99 } }] } }\nsteps: []"),
        Broken("a step that does nothing", step: "{ name: x }"),
        Broken("a step that does two things", step: "{ get: /, guest: x.wasm }"),
        Broken("an unknown verb", step: "{ gte: / }"),
        Broken("an unknown part", step: "{ get: /, expect: { stats: 200 } }"),
        Broken("a guest's unknown part", step: "{ guest: x, expect: { status: 200 } }"),
        Broken("an operator's wrong value", step: "{ get: /, expect: { status: { gt: high } } }"),
        Broken("an unknown type", step: "{ get: /, expect: { json: { type: int } } }"),
        Broken("a put without a key", step: "{ put: { store: s, value: 1 } }"),
        Broken("a publish without a topic", step: "{ publish: { pubsub: p, data: 1 } }"),
        Broken("an invoke without a path", step: "{ invoke: { app: a } }"),
        Broken("a question that says not how often", step: "{ verify: { api: state } }"),
        Broken("a question about nothing", step: "{ verify: { apis: state, exactly: 1 } }"),
        Broken("how often, below nothing", step: "{ wait: { api: state, exactly: -1 } }"),
        Broken("a retry's unknown key", step: "{ get: /, retry: { until: 5s } }"),
        Broken("a foreach over nothing", step: "{ foreach: { x: [] }, get: / }"),
        Broken("a range without an end", step: "{ foreach: { x: { from: 1 } }, get: / }"),
        Broken("an include with steps", step: "{ include: a.yaml, steps: [] }"),
        Broken("steps in parallel that are none", step: "{ parallel: [{ gte: / }] }"),
    ]

    private static let validator = """
        import json, sys
        from jsonschema import Draft7Validator
        schema = json.load(open(sys.argv[1]))
        Draft7Validator.check_schema(schema)
        validator = Draft7Validator(schema)
        for name in sys.argv[2:]:
            errors = list(validator.iter_errors(json.load(open(name))))
            print(name.split("/")[-1], "valid" if not errors else "invalid")
        """

    /// What the validator says of files, by name; they are given it as JSON.
    private func verdicts(
        _ texts: [(name: String, text: String)], by schema: String = "scenario"
    ) throws -> [String: String] {
        let folder = try TemporaryFolder()
        let script = try folder.write("validate.py", Self.validator)
        var files: [String] = []
        for (name, text) in texts {
            let root = try YAMLParser.document(of: SourceText(name: name, text: text))
            files.append(try folder.write(name, JSONValue(root).text))
        }
        let outcome = try ShellProcess.run(
            "exec \"$0\" \"$@\"", [PythonApps.interpreter, script, Self.shipped(schema)] + files)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let pairs = outcome.output.split(separator: "\n").map { $0.split(separator: " ") }
        return Dictionary(uniqueKeysWithValues: pairs.map { (String($0[0]), String($0[1])) })
    }

    @Test func `every example is valid`() throws {
        let folder = "\(Fakedapr.checkout)/Scenarios"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasSuffix(".yaml") }
        let verdicts = try verdicts(
            try names.map { ($0, try String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8)) })
        #expect(verdicts.count == names.count && names.count > 10)
        for (name, verdict) in verdicts { #expect(verdict == "valid", "\(name)") }
    }

    @Test func `what is broken is not valid, and our own reader refuses it too`() throws {
        let texts = Self.broken.enumerated().map { ("\($0.offset).json", $0.element.text) }
        let verdicts = try verdicts(texts)
        for (index, broken) in Self.broken.enumerated() {
            #expect(verdicts["\(index).json"] == "invalid", "\(broken)")
        }
        let folder = try TemporaryFolder()
        for (index, broken) in Self.broken.enumerated() {
            try folder.write("\(index).yaml", broken.text)
        }
        let outcome = try Fakedapr.run(
            ["scenario", "check", folder.path, "--output", "json"], folder: folder.path)
        let problems = try JSONValue.parse(Array(outcome.output.utf8)[...])["problems"]?.array
        let refused = Set(problems?.compactMap { $0["file"]?.string } ?? [])
        for (index, broken) in Self.broken.enumerated() {
            #expect(refused.contains { $0.hasSuffix("/\(index).yaml") }, "\(broken)")
        }
    }

    @Test(arguments: [
        ("seed", "state: { s: { k: 1 } }", "valid"),
        ("seed", "state: { s: [{ key: k, value: 1, etag: 7, ttl: 10m }] }", "valid"),
        ("seed", "topics: { bus: { orders: [{ id: 1 }] } }", "valid"),
        ("seed", "stubs: [{ app: a, when: /x }]", "valid"),
        ("seed", "stat: {}", "invalid"), ("seed", "state: { s: [{ value: 1 }] }", "invalid"),
        ("seed", "state: { s: 1 }", "invalid"), ("seed", "topics: { bus: [] }", "invalid"),
        ("seed", "topics: { bus: { orders: 1 } }", "invalid"),
        ("seed", "stubs: [{ app: a }]", "invalid"),
        ("stubs", "app: a\nwhen: { path: /x }\nreply: { status: 503 }", "valid"),
        ("stubs", "- app: a\n  routes: [{ when: /x, replies: [{}, {}], order: cycle }]", "valid"),
        ("stubs", "stubs: [{ app: a, subscribe: [{ topic: t }] }]", "valid"),
        ("stubs", "app: a\nwhen: { paht: /x }", "invalid"), ("stubs", "when: /x", "invalid"),
        ("stubs", "app: a\nwhen: /x\nreply: { status: 99 }", "invalid"),
        ("stubs", "app: a\nroutes: [{ reply: {} }]", "invalid"),
        ("stubs", "app: a\nwhen: /x\norder: random", "invalid"),
        ("faults", "kind: latency\ndelay: 200ms\nmatch: { api: state }", "valid"),
        ("faults", "- { kind: error, status: 503, probability: 0.5, count: 2 }", "valid"),
        ("faults", "faults: [{ kind: drop, match: { topic: orders, nth: 2 } }]", "valid"),
        ("faults", "kind: latencie\ndelay: 200ms", "invalid"),
        ("faults", "kind: latency", "invalid"), ("faults", "kind: drop\ndelay: 1s", "invalid"),
        ("faults", "kind: drop\nmatch: { topics: x }", "invalid"),
        ("faults", "kind: drop\nprobability: 2", "invalid"),
        ("faults", "kind: error\nstatus: 99", "invalid"), ("faults", "match: {}", "invalid"),
    ])
    func `seeds, stubs and faults have schemas too`(
        schema: String, text: String, verdict: String
    ) throws {
        #expect(try verdicts([("it.json", text)], by: schema) == ["it.json": verdict])
    }
}
