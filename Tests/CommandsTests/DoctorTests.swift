import JSON
import TestSupport
import Testing

/// `fakedapr doctor`: what is not right with a folder of resources.
@Suite struct DoctorTests {
    private struct Row: CustomTestStringConvertible {
        let name: String
        let files: [(String, String)]
        /// What is told; none for what is right.
        let findings: [String]
        var arguments: [String] = []
        var testDescription: String { name }
    }

    private static func component(
        _ name: String, _ type: String, _ more: String = ""
    ) -> String {
        """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: {name: \(name)}
        spec:
          type: \(type)
          version: v1
        \(more)
        """
    }

    private static func subscription(_ pubsub: String, _ more: String = "") -> String {
        """
        apiVersion: dapr.io/v2alpha1
        kind: Subscription
        metadata: {name: s}
        spec: {pubsubname: \(pubsub), topic: t, routes: {default: /in}\(more)}
        """
    }

    private static func resiliency(_ targets: String) -> String {
        """
        apiVersion: dapr.io/v1alpha1
        kind: Resiliency
        metadata: {name: r}
        spec:
          policies: {retries: {often: {policy: constant, maxRetries: 3}}, timeouts: {short: 1s}}
          targets: {\(targets)}
        """
    }

    private static let broker = ("p.yaml", component("pubsub", "pubsub.redis"))
    private static let rows: [Row] = [
        Row(
            name: "all is right",
            files: [
                ("s.yaml", component("statestore", "state.redis")), broker,
                ("t.yaml", subscription("pubsub")),
                ("r.yaml", resiliency("components: {statestore: {outbound: {retry: often}}}")),
                ("README.md", "about"),
            ], findings: []),
        Row(name: "nothing there", files: [], findings: ["there are no resources"]),
        Row(
            name: "no YAML", files: [("s.yaml", "a: [")],
            findings: ["s.yaml:1:5: warning: "]),
        Row(
            name: "no kind", files: [("s.yaml", "spec: {type: state.redis}")],
            findings: ["s.yaml:1:1: warning: not a Dapr resource: it has no kind"]),
        Row(
            name: "a type that is nearly one",
            files: [("s.yaml", component("statestore", "state.rediss"))],
            findings: [
                "s.yaml:5:9: warning: fakedapr does not have the type",
                "did you mean `state.redis`?",
            ]),
        Row(
            name: "a building block that is not there",
            files: [("s.yaml", component("b", "bindings.cron"))],
            findings: ["it would be skipped: fakedapr does not have its building block yet"]),
        Row(
            name: "two of one name",
            files: [
                ("a.yaml", component("statestore", "state.redis")),
                ("b.yaml", component("statestore", "state.sqlite")),
            ], findings: ["duplicate definition of Component name statestore"]),
        Row(
            name: "a broker by another name", files: [broker, ("t.yaml", subscription("pubsb"))],
            findings: ["the pub/sub component pubsb, which is not there", "did you mean `pubsub`?"]),
        Row(
            name: "dead letters for nobody",
            files: [broker, ("t.yaml", subscription("pubsub", ", deadLetterTopic: lost"))],
            findings: ["nobody is subscribed to lost"]),
        Row(
            name: "dead letters in a circle",
            files: [broker, ("t.yaml", subscription("pubsub", ", deadLetterTopic: t"))],
            findings: ["they would go round for ever"]),
        Row(
            name: "a secret store that is not there",
            files: [
                (
                    "s.yaml",
                    component(
                        "statestore", "state.redis",
                        "  metadata:\n  - name: redisPassword\n    secretKeyRef: {name: a, key: b}\n"
                            + "auth: {secretStore: vault}")
                )
            ], findings: ["statestore waits for the secret store vault, which is not there"]),
        Row(
            name: "a policy for nobody, and one by another name",
            files: [
                (
                    "r.yaml",
                    resiliency("components: {store: {outbound: {retry: offen}}}")
                )
            ],
            findings: [
                "is for the component store, which is not there",
                "names the retry offen, which is not there", "did you mean `often`?",
            ]),
        Row(
            name: "a rule that is none",
            files: [
                broker,
                (
                    "t.yaml",
                    subscription("pubsub").replacing(
                        "routes: {default: /in}",
                        with: "routes: {rules: [{match: 'event.type ==', path: /a}]}")
                ),
            ], findings: ["a rule of the Subscription s is none"]),
        Row(
            name: "a file by another name", files: [broker, ("s.yml.bak", "x")],
            findings: ["s.yml.bak is not read"]),
        Row(
            name: "what a sidecar could not start with, and what stands after it",
            files: [
                broker,
                (
                    "a.yaml",
                    """
                    apiVersion: dapr.io/v2alpha1
                    kind: Subscription
                    metadata: {name: a}
                    spec: {pubsubname: pubsub, topic: t, routes: {rules: [{match: 'event.type ==', path: /x}]}}
                    """
                ),
                (
                    "b.yaml",
                    """
                    apiVersion: dapr.io/v2alpha1
                    kind: Subscription
                    metadata: {name: b}
                    spec: {pubsubname: pubsub, topic: t, routes: {rules: [{match: 'event.type &&', path: /x}]}}
                    """
                ), ("z.yaml", subscription("pubsb")),
            ],
            findings: ["a.yaml", "b.yaml", "pub/sub component pubsb, which is not there"]),
        Row(
            name: "an endpoint over https",
            files: [
                (
                    "e.yaml",
                    """
                    apiVersion: dapr.io/v1alpha1
                    kind: HTTPEndpoint
                    metadata: {name: out}
                    spec: {baseUrl: "https://example.com"}
                    """
                )
            ], findings: ["the HTTPEndpoint out is at https://example.com, which cannot be called"]),
        Row(
            name: "a component of another app",
            files: [("s.yaml", component("statestore", "state.redis", "scopes: [shop]"))],
            findings: ["statestore is not there: its scopes name shop, not cart"],
            arguments: ["--app-id", "cart"]),
        Row(
            name: "components of all apps",
            files: [("s.yaml", component("statestore", "state.redis", "scopes: [shop]"))],
            findings: []),
    ]

    @Test(arguments: rows)
    private func `what is not right is told, and ends with 2`(row: Row) throws {
        let folder = try TemporaryFolder()
        for (name, text) in row.files { try folder.write(name, text) }
        let outcome = try Fakedapr.run(["doctor", folder.path] + row.arguments)
        #expect(outcome.status == (row.findings.isEmpty ? 0 : 2), "\(outcome.output)")
        for finding in row.findings {
            #expect(outcome.output.contains(finding), "\(outcome.output)")
        }
        #expect(outcome.errors == "")
        #expect(row.findings.isEmpty == outcome.output.hasSuffix("nothing is wrong\n"))
    }

    @Test func `findings are told in JSON with their places`() throws {
        let folder = try TemporaryFolder()
        try folder.write("s.yaml", Self.component("statestore", "state.rediss"))
        let outcome = try Fakedapr.run(["doctor", folder.path, "--output", "json"])
        let value = try JSONValue.parse(Array(outcome.output.utf8)[...])
        let finding = try #require(value["findings"]?.array?.first)
        #expect(outcome.status == 2)
        #expect(finding["line"]?.text == "5" && finding["column"]?.text == "9")
        #expect(finding["severity"]?.string == "warning")
        #expect(finding["file"]?.string?.hasSuffix("s.yaml") == true)
        #expect(finding["hint"]?.string == "did you mean `state.redis`?")
        #expect(value["read"]?["components"]?.text == "1")
    }

    @Test func `a folder that is not there, and none at all`() throws {
        let missing = try Fakedapr.run(["doctor", "/nowhere"])
        #expect(missing.status == 2 && missing.output.contains("cannot read /nowhere"))
        let none = try Fakedapr.run(["doctor"])
        #expect(none.status == 1 && none.errors.contains("`doctor` wants a folder"))
    }
}
