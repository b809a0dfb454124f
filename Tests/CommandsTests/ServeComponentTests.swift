import Foundation
import TestSupport
import Testing
import Transport

/// Components from a team's own files, from flags, and from files that are not quite right.
@Suite struct ServeComponentTests {
    private static func refused(
        _ folder: TemporaryFolder, _ arguments: [String] = []
    ) throws -> Fakedapr.Outcome {
        try Fakedapr.run(
            ["serve", "--port", "0", "--resources-path", folder.path] + arguments,
            folder: folder.path)
    }

    private static let found = 204
    private static let missing = 400

    // MARK: Files that are right

    @Test func `components of every type come from their files, several in one`() throws {
        let folder = try TemporaryFolder()
        try folder.component(
            "red", "state.redis",
            [("RedisHost", "value: 127.0.0.1:\(RedisServer.shared.port)")])
        try folder.component(
            "lite", "state.sqlite", [("CONNECTIONSTRING", "value: lite.db")],
            file: "both.yml",
            top: """
                ---
                apiVersion: dapr.io/v1alpha1
                kind: Component
                metadata: { name: mem }
                spec: { type: state.in-memory, version: v1 }
                """)
        try folder.write("notes.txt", "no resource")
        try FileContents.makeFolder("\(folder.path)/folder.yaml")
        let serve = try ServeProcess(folder, ["--app-id", "types-\(UUID().uuidString)"])
        #expect(
            serve.process.output.contains(
                "lite (SQLite in lite.db)\n          mem (in memory)\n          "
                    + "red (Redis at 127.0.0.1:\(RedisServer.shared.port))"))
        for name in ["red", "lite", "mem"] {
            #expect(try serve.save("k", "\"\(name)\"", in: name) == 204)
            #expect(try serve.value("k", in: name) == "\"\(name)\"")
        }
        #expect(FileContents.exists("\(folder.path)/lite.db"))
        #expect(try serve.save("k", "1") == Self.missing)
        try serve.log("the file \(folder.path)/notes.txt is not read")
    }

    @Test func `settings come from the environment and from templates`() throws {
        let folder = try TemporaryFolder()
        try folder.component(
            "env", "state.sqlite", [("connectionString", "envRef: WHERE")])
        try folder.component(
            "template", "state.sqlite",
            [("connectionString", "value: 'of-{appID}-{namespace}.db'")])
        try folder.component(
            "random", "state.sqlite", [("connectionString", "value: 'r-{uuid}.db'")])
        let serve = try ServeProcess(
            folder, ["--app-id", "me"], environment: ["WHERE": "given.db", "NAMESPACE": "ns"])
        for name in ["env", "template", "random"] {
            #expect(try serve.save("k", "1", in: name) == 204)
        }
        let names = try #require(FileContents.names(in: folder.path))
        #expect(names.contains("given.db"))
        #expect(names.contains("of-me-ns.me.db"))
        #expect(names.contains { $0.hasPrefix("r-") && $0.hasSuffix(".db") && $0.count == 41 })
    }

    @Test func `scopes and namespaces choose who gets a component`() throws {
        let folder = try TemporaryFolder()
        try folder.component("ours", "state.in-memory", top: "scopes: [other, me]")
        try folder.component("theirs", "state.in-memory", top: "scopes: [other]")
        try folder.component("all", "state.in-memory", top: "scopes: []")
        let serve = try ServeProcess(folder, ["--app-id", "me"])
        #expect(try serve.save("k", "1", in: "ours") == Self.found)
        #expect(try serve.save("k", "1", in: "theirs") == Self.missing)
        #expect(try serve.save("k", "1", in: "all") == Self.found)
    }

    @Test func `keyPrefix says what stands before keys`() throws {
        let folder = try TemporaryFolder()
        let app = "prefix-\(UUID().uuidString)"
        for (name, prefix) in [("one", "name"), ("two", "Literal-\(app)"), ("three", "none")] {
            try folder.component(
                name, "state.redis",
                [
                    ("redisHost", "value: 127.0.0.1:\(RedisServer.shared.port)"),
                    ("KeyPrefix", "value: \(prefix)"),
                ])
        }
        let serve = try ServeProcess(folder, ["--app-id", app])
        for (name, key) in [
            ("one", "one||\(app)"), ("two", "literal-\(app.lowercased())||\(app)"),
            ("three", app),
        ] {
            #expect(try serve.save(app, "1", in: name) == 204)
            let redis = try WireClient(port: RedisServer.shared.port)
            try redis.send("EXISTS \(key)\r\nQUIT\r\n")
            #expect(try redis.readToEnd().hasPrefix(":1\r\n"))
        }
    }

    // MARK: Flags and mappings

    @Test func `a store of the command line wins over a file's of its name`() throws {
        let folder = try TemporaryFolder()
        try folder.component(
            "statestore", "state.redis", [("redisHost", "value: 127.0.0.1:1")])
        try folder.component("second", "state.in-memory")
        let serve = try ServeProcess(folder, ["--store", "memory"])
        #expect(
            serve.process.output.contains("statestore (in memory)\n          second (in memory)"))
        #expect(try serve.save("k", "1") == 204)
    }

    @Test(arguments: [
        ("state.redis=memory", "in memory"), ("state.*=sqlite", "SQLite in .fakedapr/orders.db"),
        ("state.*=state.in-memory", "in memory"),
    ])
    func `a mapping runs a team's file without its server`(mapping: String, place: String) throws {
        let folder = try TemporaryFolder()
        try folder.component(
            "orders", "state.redis",
            [("redisHost", "value: redis.prod:6379"), ("enableTLS", "value: true")])
        let serve = try ServeProcess(folder, ["--map", mapping])
        #expect(serve.process.output.contains("orders (\(place))"))
        #expect(try serve.save("k", "1", in: "orders") == 204)
        // To the application it is what its file says.
        #expect(
            try serve.request("GET", "/v1.0/metadata").text.contains(
                #""name":"orders","type":"state.redis""#))
    }

    @Test func `a state store that we do not have is kept in SQLite, with a warning`() throws {
        let folder = try TemporaryFolder()
        try folder.component(
            "orders", "state.azure.cosmosdb",
            [("url", "value: https://x"), ("masterKey", "value: s")])
        let serve = try ServeProcess(folder)
        #expect(serve.process.output.contains("orders (SQLite in .fakedapr/orders.db)"))
        #expect(try serve.save("k", "1", in: "orders") == 204)
        try serve.log(
            "the component orders is of type state.azure.cosmosdb, which fakedapr does not have: its "
                + "state is kept in SQLite; name another store with --map state.azure.cosmosdb=TYPE"
        )
    }

    @Test func `a component of another kind is left out with a warning`() throws {
        let folder = try TemporaryFolder()
        try folder.component("queue", "bindings.kafka", [("brokers", "value: localhost:9092")])
        let serve = try ServeProcess(folder)
        try serve.log(
            "the component queue of type bindings.kafka is skipped: fakedapr does not have its "
                + "building block yet")
        #expect(serve.process.output.contains("Stores  none"))
    }

    // MARK: Files that are not quite right

    private static let broken = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: broken
        spec:
          type: state.redis
           version: v1
        """

    @Test func `a broken document is shown where it breaks and skipped`() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("broken.yaml", Self.broken)
        try folder.component("whole", "state.in-memory")
        let serve = try ServeProcess(folder)
        #expect(try serve.save("k", "1", in: "whole") == 204)
        #expect(try serve.save("k", "1", in: "broken") == Self.missing)
        let errors = serve.process.errors
        #expect(errors.contains("\(file):7:"))
        #expect(errors.contains(": warning: "))
        #expect(errors.contains("\n     version: v1\n"))
        #expect(errors.contains("^"))
    }

    @Test func `with strict a broken document ends it with 2`() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("broken.yaml", Self.broken)
        let outcome = try Self.refused(folder, ["--strict"])
        #expect(outcome.status == 2)
        #expect(outcome.errors.contains("\(file):7:"))
        #expect(outcome.errors.hasSuffix("fakedapr: 1 resource(s) are not right (--strict)\n"))
    }

    @Test(arguments: [
        ("kind: Component", "not a Dapr resource", "metadata: { name: x }"),
        (
            "metadata.name", "the component has no metadata.name",
            """
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: {}
            spec: { type: state.in-memory, version: v1 }
            """
        ),
        (
            "spec.type", "the component x has no spec.type",
            """
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: { name: x }
            spec: { version: v1 }
            """
        ),
        (
            "apiVersion", "Dapr takes components of apiVersion dapr.io/v1alpha1 only",
            """
            apiVersion: dapr.io/v1
            kind: Component
            metadata: { name: x }
            spec: { type: state.in-memory, version: v1 }
            """
        ),
    ])
    func `a resource without what it needs is a warning`(
        what: String, text: String, document: String
    ) throws {
        let folder = try TemporaryFolder()
        try folder.write("x.yaml", document)
        let outcome = try Self.refused(folder, ["--strict"])
        #expect(outcome.status == 2, "\(what)")
        #expect(outcome.errors.contains("warning: "))
        #expect(outcome.errors.contains(text))
    }

    @Test func `two components of one name end it with 2, with both places`() throws {
        let folder = try TemporaryFolder()
        try folder.component("same", "state.in-memory", file: "a.yaml")
        try folder.component("same", "state.sqlite", file: "b.yaml")
        let outcome = try Self.refused(folder)
        #expect(outcome.status == 2)
        #expect(
            outcome.errors.hasPrefix(
                "\(folder.path)/b.yaml:1:1: error: duplicate definition of Component name same "
                    + "(state.sqlite/v1) with existing same (state.in-memory/v1)\n"))
        #expect(
            outcome.errors.contains(
                "hint: the first one is at \(folder.path)/a.yaml:1:1: rename one, or give each its "
                    + "scopes"))
    }

    @Test func `a folder that is not there ends it with 2`() throws {
        let outcome = try Fakedapr.run(["serve", "--port", "0", "--resources-path", "/nowhere"])
        #expect(outcome.status == 2)
        #expect(outcome.errors == "fakedapr: cannot read /nowhere: no such file or directory\n")
    }

    struct Unusable: CustomTestStringConvertible {
        let type: String
        let settings: [(String, String)]
        let text: String
        /// Where it is shown; a setting that is missing has no line.
        var place = "1:1"
        var testDescription: String { "\(type) \(settings.map(\.0))" }
    }

    static let unusables: [Unusable] = [
        Unusable(
            type: "state.redis",
            settings: [("redisHost", "value: h"), ("enableTLS", "value: true")],
            text: "the Redis setting enableTLS=true is not supported by fakedapr", place: "12:5"),
        Unusable(
            type: "state.redis",
            settings: [("redisHost", "value: h"), ("redisType", "value: cluster")],
            text: "the Redis setting redisType=cluster is not supported by fakedapr", place: "12:5"),
        Unusable(
            type: "state.redis", settings: [("redisPassword", "value: p")],
            text: "redis store error: missing host address: set redisHost"),
        Unusable(
            type: "state.sqlite", settings: [("tableName", "value: t")],
            text: "missing connection string: set the metadata `connectionString` to a file's path"),
        Unusable(
            type: "state.sqlite",
            settings: [("connectionString", "value: a.db"), ("primaryEncryptionKey", "value: k")],
            text: "the setting primaryEncryptionKey is not supported by fakedapr", place: "12:5"),
        Unusable(
            type: "state.in-memory", settings: [("primaryEncryptionKey", "value: k")],
            text: "the setting primaryEncryptionKey is not supported by fakedapr", place: "10:5"),
        Unusable(
            type: "state.in-memory", settings: [("keyPrefix", "value: 'a||b'")],
            text: "its keyPrefix `a||b` holds ||: choose another one", place: "10:5"),
    ]

    @Test(arguments: unusables)
    func `a setting that cannot be obeyed ends it with 2 and its place`(
        unusable: Unusable
    ) throws {
        let folder = try TemporaryFolder()
        let file = try folder.component("x", unusable.type, unusable.settings)
        let outcome = try Self.refused(folder)
        #expect(outcome.status == 2)
        #expect(
            outcome.errors.contains(
                "\(file):\(unusable.place): error: the component x cannot be used: "))
        #expect(outcome.errors.contains(unusable.text))
    }

    @Test func `a component that may fail is left out with a warning`() throws {
        let folder = try TemporaryFolder()
        try folder.component(
            "x", "state.sqlite", [("connectionString", "value: none/x.db")],
            spec: "  ignoreErrors: true")
        try folder.component("y", "state.in-memory")
        let serve = try ServeProcess(folder)
        try serve.log("(ignored: ignoreErrors)")
        #expect(try serve.save("k", "1", in: "x") == Self.missing)
        #expect(try serve.save("k", "1", in: "y") == Self.found)
    }

    @Test func `a variable of Dapr's own is not lent to a component`() throws {
        let folder = try TemporaryFolder()
        let file = try folder.component(
            "x", "state.sqlite", [("connectionString", "envRef: DAPR_API_TOKEN")])
        let outcome = try Self.refused(folder)
        #expect(outcome.status == 2)
        #expect(
            outcome.errors.contains(
                "\(file):10:5: warning: the environment variable DAPR_API_TOKEN may not be used here"
            ))
    }
}
