import Testing
import YAML

@testable import Blocks

/// Secret stores without a sidecar (others.md "Secrets" of the specification).
@Suite struct SecretTests {
    private func file(
        _ text: String, separator: String = ":", multi: Bool = false
    ) throws -> FileSecrets {
        try FileSecrets(Array(text.utf8)[...], separator: separator, isMultiValued: multi)
    }

    @Test(arguments: [
        (#"{"a":"x"}"#, "a", "x"), (#"{"a":{"b":"x"}}"#, "a:b", "x"),
        (#"{"a":[{"b":"x"},"y"]}"#, "a:0:b", "x"), (#"{"a":["x","y"]}"#, "a:1", "y"),
        (#"{"a":1}"#, "a", "%!s(float64=1)"), (#"{"a":1.50}"#, "a", "%!s(float64=1.5)"),
        (#"{"a":1000000}"#, "a", "%!s(float64=1e+06)"), (#"{"a":true}"#, "a", "%!s(bool=true)"),
        (#"{"a":null}"#, "a", "%!s(<nil>)"), (#"{"":"x"}"#, "", "x"),
        (#"{"a":{"":"x"}}"#, "a:", "x"),
    ])
    func `a file's values are flat, and formatted as Go's %s`(
        text: String, name: String, value: String
    ) throws {
        let secrets = try file(text)
        #expect(secrets.values(of: name) == [name: value])
        #expect(secrets.all()[name] == [name: value])
        #expect(!secrets.isMultiValued)
    }

    @Test func `what is nested has no secret of its own`() throws {
        let secrets = try file(#"{"a":{"b":"x","c":[]}}"#)
        #expect(secrets.values(of: "a") == nil)
        #expect(Set(secrets.all().keys) == ["a:b"])
    }

    @Test func `the separator may be another`() throws {
        #expect(try file(#"{"a":{"b":"x"}}"#, separator: ".").values(of: "a.b") == ["a.b": "x"])
        #expect(try file(#"{"a":{"b":"x"}}"#, separator: "").values(of: "a:b") == ["a:b": "x"])
    }

    @Test func `a secret of several values holds all of its object`() throws {
        let secrets = try file(
            #"{"a":{"b":"x","c":{"d":1}},"s":"y","n":1,"l":["z"]}"#, multi: true)
        #expect(secrets.isMultiValued)
        #expect(
            secrets.all() == ["a": ["b": "x", "c:d": "%!s(float64=1)"], "s": ["s": "y"]])
        #expect(secrets.values(of: "a:b") == nil)
    }

    @Test(arguments: ["", "[]", "{", "1", "\"x\""])
    func `a file without an object holds no secrets`(text: String) {
        #expect(throws: FileSecrets.Problem.self) { try file(text) }
    }

    @Test func `the environment hides what is Dapr's`() {
        let secrets = EnvironmentSecrets([
            "A": "x", "APP_API_TOKEN": "t", "app_api_token": "t", "DAPR_X": "t", "dapr_y": "t",
        ])
        #expect(secrets.all() == ["A": ["A": "x"]])
        #expect(secrets.values(of: "DAPR_X") == ["DAPR_X": ""])
        #expect(secrets.values(of: "missing") == ["missing": ""])
    }

    @Test func `a prefix is put before names and taken off`() {
        let secrets = EnvironmentSecrets(["P_A": "x", "P_": "y", "B": "z"], prefix: "P_")
        #expect(secrets.all() == ["A": ["A": "x"]])
        #expect(secrets.values(of: "A") == ["A": "x"])
        #expect(secrets.values(of: "B") == ["B": ""])
        let dapr = EnvironmentSecrets(["DAPR_A": "x"], prefix: "DAPR_")
        #expect(dapr.values(of: "A") == ["A": ""])
        #expect(dapr.all().isEmpty)
    }

    @Test(arguments: [
        ("", true), ("defaultAccess: deny", false), ("defaultAccess: Deny", false),
        ("defaultAccess: allow", true), ("allowedSecrets: [s]", true),
        ("allowedSecrets: [t]", false), ("deniedSecrets: [s]", false),
        ("deniedSecrets: [t]", true), ("{defaultAccess: deny, allowedSecrets: [s]}", true),
        ("{allowedSecrets: [s], deniedSecrets: [s]}", true),
        ("{defaultAccess: deny, deniedSecrets: [t]}", false),
    ])
    func `scopes let secrets through`(rules: String, isAllowed: Bool) throws {
        let inner = rules.hasPrefix("{") ? String(rules.dropFirst().dropLast()) : rules
        let result = ResourceParser.parse(
            SourceText(
                name: "c.yaml",
                text: """
                    kind: Configuration
                    spec: {secrets: {scopes: [{storeName: v\(inner.isEmpty ? "" : ", \(inner)")}]}}
                    """),
            ResourceContext(appID: "a", environment: [:], uuid: { "" }))
        let scope = try #require(result.configuration.secretScopes.first)
        #expect(scope.store == "v")
        #expect(scope.permits("s") == isAllowed)
    }
}
