import Testing
import YAML

@testable import Blocks

/// Resource files (runtime.md §14 of the specification).
@Suite struct ResourceParserTests {
    private func parse(
        _ text: String, appID: String = "myapp", environment: [String: String] = [:]
    ) -> ResourceParser.Result {
        ResourceParser.parse(
            SourceText(name: "r.yaml", text: text),
            ResourceContext(appID: appID, environment: environment, uuid: { "U-U-I-D" }))
    }

    /// A component with these lines as its settings.
    private func component(_ settings: String...) -> String {
        """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: statestore }
        spec:
          type: state.redis
          version: v1
          metadata:

        """ + settings.map { "  - \($0)\n" }.joined()
    }

    private func setting(
        _ line: String, environment: [String: String] = [:]
    ) -> String? {
        parse(component("{name: a, \(line)}"), environment: environment).components.first?
            .setting("a")
    }

    @Test func `a component as Dapr's documentation writes it`() throws {
        let result = parse(
            """
            # a comment
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata:
              name: statestore
              namespace: default
            spec:
              type: state.redis
              version: v2
              initTimeout: 3s
              ignoreErrors: true
              metadata:
              - name: redisHost
                value: localhost:6379
              - name: redisPassword
                value: ""
            scopes:
            - other
            - myapp
            auth:
              secretStore: vault
            """)
        let component = try #require(result.components.first)
        #expect(component.name == "statestore")
        #expect(component.type == "state.redis")
        #expect(component.category == "state")
        #expect(component.version == "v2")
        #expect(component.ignoresErrors)
        #expect(component.metadata == ["redisHost": "localhost:6379", "redisPassword": ""])
        #expect(component.origin?.span.start.line == 2)
        #expect(result.diagnostics.isEmpty)
    }

    @Test func `what is left out has its default`() throws {
        let result = parse(
            "{apiVersion: dapr.io/v1alpha1, kind: Component, metadata: {name: s}, "
                + "spec: {type: state.in-memory}}")
        let component = try #require(result.components.first)
        #expect(component.version == "v1")
        #expect(!component.ignoresErrors)
        #expect(component.metadata.isEmpty)
    }

    @Test(arguments: [
        ("value: text", "text"), ("value: '5'", "5"), ("value: 5", "5"), ("value: 1.50", "1.50"),
        ("value: true", "true"), ("value: [1, 'a', null]", #"[1,"a",null]"#),
        ("value: {b: 1, a: {c: [true]}}", #"{"b":1,"a":{"c":[true]}}"#), ("value: ''", ""),
        ("value: 'a<b>&'", "a<b>&"), ("VALUE: x", "x"),
    ])
    func `a value is its text, or its JSON`(line: String, value: String) {
        #expect(setting(line) == value)
    }

    @Test func `setting names compare without case`() throws {
        let component = try #require(
            parse(component("{name: RedisHost, value: h}")).components.first)
        #expect(component.setting("redishost") == "h")
        #expect(component.setting("REDISHOST") == "h")
        #expect(component.setting("redis") == nil)
    }

    @Test(arguments: [
        ("value: '{appID}-x-{appID}'", "myapp-x-myapp"), ("value: 'a{uuid}b'", "aU-U-I-Db"),
        ("value: '{namespace}'", "prod.myapp"), ("value: '{podName}'", "pod-0"),
        ("value: '{appid} {unknown} {'", "{appid} {unknown} {"), ("envRef: TEMPLATE", "myapp!"),
    ])
    func `templates are filled in`(line: String, value: String) {
        let environment = ["NAMESPACE": "prod", "POD_NAME": "pod-0", "TEMPLATE": "{appID}!"]
        #expect(setting(line, environment: environment) == value)
    }

    @Test func `a component that refers to a pod where there is none is skipped`() {
        let result = parse(component("{name: a, value: '{podName}'}"))
        #expect(result.components.isEmpty)
        #expect(
            result.diagnostics.map(\.rendered) == [
                """
                r.yaml:8:5: warning: skipped: the component statestore refers to {podName}, which is not set
                    - {name: a, value: '{podName}'}
                      ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~
                  hint: set the environment variable POD_NAME
                """
            ])
    }

    @Test(
        arguments: [
            ("envRef: HOST_NAME", "h"), ("envRef: MISSING", ""), ("{}", nil),
            ("value: v, envRef: HOST_NAME", "v"), ("value: null, envRef: HOST_NAME", "h"),
            ("value: '', envRef: HOST_NAME", ""),
        ] as [(String, String?)])
    func `an environment variable stands in for a value`(line: String, value: String?) {
        guard value != nil else { return }
        #expect(setting(line, environment: ["HOST_NAME": "h"]) == value)
    }

    @Test(arguments: ["APP_API_TOKEN", "app_api_token", "DAPR_API_TOKEN", "dapr_x", "A B"])
    func `variables of Dapr's own are refused`(variable: String) {
        let result = parse(
            component("{name: a, envRef: '\(variable)'}"), environment: [variable: "secret"])
        #expect(result.components.first?.setting("a") == "")
        #expect(
            result.diagnostics.map(\.message) == [
                "the environment variable \(variable) may not be used here"
            ])
    }

    @Test(
        arguments: [
            ("secretKeyRef: {name: s, key: k}", SecretReference(secret: "s", key: "k")),
            ("secretKeyRef: {name: s}", SecretReference(secret: "s", key: "s")),
            ("secretKeyRef: {key: k}", nil), ("value: v, secretKeyRef: {name: s}", nil),
            ("envRef: E, secretKeyRef: {name: s}", nil),
        ] as [(String, SecretReference?)])
    func `a secret is referred to where there is no value`(
        line: String, reference: SecretReference?
    ) {
        let result = parse(
            component("{name: a, \(line)}") + "auth: {secretStore: vault}\n")
        #expect(result.components.first?.secrets["a"] == reference)
        #expect(result.components.first?.secretStore == "vault")
        #expect(result.diagnostics.isEmpty)
    }

    // MARK: For whom

    @Test(arguments: [
        ("", true), ("scopes: []", true), ("scopes: [myapp]", true), ("scopes: [a, myapp]", true),
        ("scopes: [other]", false), ("scopes: [MyApp]", false), ("scopes:", true),
    ])
    func `scopes name the apps that see a component`(scopes: String, isSeen: Bool) {
        let result = parse(component() + scopes)
        #expect(result.components.isEmpty != isSeen)
        #expect(result.diagnostics.isEmpty)
    }

    @Test(
        arguments: [
            (nil, "prod", true), ("", "prod", true), ("prod", "prod", true), ("prod", "", true),
            ("prod", "test", false),
        ] as [(String?, String, Bool)])
    func `a namespace counts where the environment has one`(
        ours: String?, theirs: String, isSeen: Bool
    ) {
        let text = component().replacing(
            "{ name: statestore }", with: "{ name: statestore, namespace: '\(theirs)' }")
        let result = parse(text, environment: ours.map { ["NAMESPACE": $0] } ?? [:])
        #expect(result.components.isEmpty != isSeen)
    }

    // MARK: What is no component

    @Test(arguments: [
        ("a: 1", "not a Dapr resource: it has no kind"),
        ("[1]", "not a Dapr resource: expected a mapping, found a list"),
        ("text", "not a Dapr resource: expected a mapping, found a string"),
        (
            "{apiVersion: dapr.io/v1, kind: Component}",
            "skipped: Dapr takes components of apiVersion dapr.io/v1alpha1 only"
        ),
        (
            "{kind: Component, metadata: {name: s}, spec: {type: state.redis}}",
            "skipped: Dapr takes components of apiVersion dapr.io/v1alpha1 only"
        ),
        (
            "{apiVersion: dapr.io/v1alpha1, kind: component}",
            "skipped: resources of kind component are not supported yet"
        ),
        (
            "{apiVersion: dapr.io/v1alpha1, kind: MCPServer}",
            "skipped: resources of kind MCPServer are not supported yet"
        ),
        (
            "{apiVersion: dapr.io/v1alpha1, kind: Component, spec: {type: state.redis}}",
            "skipped: the component has no metadata.name"
        ),
        (
            "{apiVersion: dapr.io/v1alpha1, kind: Component, metadata: {name: s}}",
            "skipped: the component s has no spec.type"
        ),
        (
            "{apiVersion: dapr.io/v1alpha1, kind: Component, metadata: {name: s}, spec: {version: v1}}",
            "skipped: the component s has no spec.type"
        ),
    ])
    func `what cannot be used is skipped with a warning`(text: String, message: String) {
        let result = parse(text)
        #expect(result.components.isEmpty)
        #expect(result.diagnostics.map(\.message) == [message])
        #expect(result.diagnostics.allSatisfy { $0.severity == .warning })
    }

    @Test func `a setting without a name is left out, with a warning`() {
        let result = parse(component("{value: x}", "{name: b, value: y}"))
        #expect(result.components.first?.metadata == ["b": "y"])
        #expect(result.diagnostics.map(\.message) == ["a setting of statestore has no name"])
    }

    @Test func `settings that are no list are ignored, with a warning`() {
        let result = parse(
            "{apiVersion: dapr.io/v1alpha1, kind: Component, metadata: {name: s}, "
                + "spec: {type: state.redis, metadata: {redisHost: h}}}")
        #expect(result.components.first?.metadata.isEmpty == true)
        #expect(
            result.diagnostics.map(\.message) == [
                "the settings of s are ignored: expected a list of name and value, found a mapping"
            ])
    }

    @Test func `a broken document is shown with its place, and the others are read`() {
        let result = parse("kind: [x\n---\n\(component())---\nkind: Subscription\n")
        #expect(result.components.map(\.name) == ["statestore"])
        #expect(
            result.diagnostics.map(\.rendered) == [
                """
                r.yaml:1:7: warning: cannot read the list: expected `,` or `]`
                  kind: [x
                        ^
                  hint: every `[` needs its `]`
                """,
                """
                r.yaml:11:1: warning: skipped: resources of kind Subscription are not supported yet
                  kind: Subscription
                  ^~~~~~~~~~~~~~~~~~
                """,
            ])
    }

    // MARK: Configuration (runtime.md §7 and §9)

    private func configuration(_ spec: String) -> ConfigurationResource {
        parse("{apiVersion: dapr.io/v1alpha1, kind: Configuration, spec: \(spec)}").configuration
    }

    @Test(arguments: [
        ("{}", Tracing.unconfigured), ("{tracing: {}}", .unconfigured),
        ("{tracing: {samplingRate: '0'}}", .off), ("{tracing: {samplingRate: 0}}", .off),
        ("{tracing: {samplingRate: '1'}}", .sampling(1)),
        ("{tracing: {samplingRate: 0.25}}", .sampling(0.25)),
        ("{tracing: {samplingRate: '7'}}", .sampling(1)),
        ("{tracing: {samplingRate: 'x'}}", .unconfigured),
    ])
    func `a sampling rate sets the tracing`(spec: String, tracing: Tracing) {
        #expect(configuration(spec).tracing == tracing)
    }

    @Test(arguments: [
        ("v1", "state", false), ("v1.0", "state", false), ("v1alpha1", "state", true),
        ("v1.0-alpha1", "state", true), ("v1", "metadata", true),
    ])
    func `a denied API is denied in its version`(version: String, name: String, isAllowed: Bool) {
        let access = configuration("{api: {denied: [{name: \(name), version: \(version)}]}}").access
        #expect(access.permits(version: "v1", name: "state") == isAllowed)
        let isAlpha = version.contains("alpha")
        #expect(access.permits(version: "v1alpha1", name: "state") != isAlpha)
    }

    @Test func `an allow list excludes the rest, a denial comes first, gRPC's rules are not ours`()
    {
        let access = configuration(
            """
            {api: {allowed: [{name: state}, {name: metadata, version: v1}, {name: publish, protocol: grpc}],
                   denied: [{name: metadata, version: v1, protocol: http}]}}
            """
        ).access
        #expect(access.permits(version: "v1", name: "state"))
        #expect(!access.permits(version: "v1", name: "metadata"))
        #expect(!access.permits(version: "v1", name: "publish"))
        #expect(!access.permits(version: "v1", name: "shutdown"))
    }

    @Test func `of several configurations the later one wins, part by part`() {
        let result = parse(
            """
            {kind: Configuration, spec: {tracing: {samplingRate: '1'}, api: {denied: [{name: state}]}}}
            ---
            {kind: Configuration, spec: {tracing: {samplingRate: '0'}}}
            """)
        #expect(result.configuration.tracing == .off)
        #expect(!result.configuration.access.permits(version: "v1", name: "state"))
    }
}
