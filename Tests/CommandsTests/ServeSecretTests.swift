import Foundation
import TestSupport
import Testing
import Transport

/// Secret stores on the wire, and what refers to them (others.md "Secrets", runtime.md §14 of the
/// specification).
@Suite struct ServeSecretTests {
    private static func withFile(_ settings: [(String, String)] = []) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try folder.write("secrets.json", #"{"db":{"host":"x","port":1},"key":"v<"}"#)
        try folder.component(
            "vault", "secretstores.local.file",
            [("SecretsFile", "value: secrets.json")] + settings)
        return folder
    }

    private static func error(_ code: String, _ message: String) -> String {
        #"{"errorCode":"\#(code)","message":"\#(message)"}"#
    }

    @Test func `a file's secrets are answered one by one and all together`() throws {
        let serve = try ServeProcess(try Self.withFile())
        for (target, text) in [
            ("vault/key", #"{"key":"v\u003c"}"#), ("vault/db%3Ahost", #"{"db:host":"x"}"#),
            ("vault/db:port", #"{"db:port":"%!s(float64=1)"}"#),
            (
                "vault/bulk",
                #"{"db:host":{"db:host":"x"},"db:port":{"db:port":"%!s(float64=1)"},"#
                    + #""key":{"key":"v\u003c"}}"#
            ),
        ] {
            let answer = try serve.request("GET", "/v1.0/secrets/\(target)")
            #expect(answer.status == 200)
            #expect(answer.text == "\(text)\n")
        }
        let missing = try serve.request("GET", "/v1.0/secrets/vault/none")
        #expect(missing.status == 500)
        #expect(
            missing.text
                == Self.error(
                    "ERR_SECRET_GET",
                    "failed getting secret with key none from secret store vault: "
                        + "secret none not found"))
        let unknown = try serve.request("GET", "/v1.0/secrets/other/key")
        #expect(unknown.status == 401)
        #expect(
            unknown.text
                == Self.error(
                    "ERR_SECRET_STORE_NOT_FOUND", "failed finding secret store with key other"))
        #expect(
            try serve.request("GET", "/v1.0/metadata").text.contains(
                #"{"name":"vault","type":"secretstores.local.file","version":"v1"}"#))
    }

    @Test func `a sidecar without a store says so`() throws {
        let serve = try ServeProcess(try TemporaryFolder())
        for target in ["vault/key", "vault/bulk"] {
            let answer = try serve.request("GET", "/v1.0/secrets/\(target)")
            #expect(answer.status == 500)
            #expect(
                answer.text
                    == Self.error(
                        "ERR_SECRET_STORES_NOT_CONFIGURED", "secret store is not configured"))
        }
    }

    @Test func `a store of several values tells its capability`() throws {
        let serve = try ServeProcess(try Self.withFile([("multiValued", "value: true")]))
        #expect(
            try serve.request("GET", "/v1.0/secrets/vault/db").text
                == "{\"host\":\"x\",\"port\":\"%!s(float64=1)\"}\n")
        #expect(
            try serve.request("GET", "/v1.0/metadata").text.contains(
                #""capabilities":["MULTIPLE_KEY_VALUES_PER_SECRET"]"#))
    }

    @Test func `a Configuration keeps secrets back`() throws {
        let folder = try Self.withFile()
        try folder.write(
            "config.yaml",
            """
            apiVersion: dapr.io/v1alpha1
            kind: Configuration
            metadata: { name: c }
            spec:
              secrets:
                scopes:
                - { storeName: vault, defaultAccess: deny, allowedSecrets: [key] }
            """)
        let serve = try ServeProcess(folder)
        let denied = try serve.request("GET", "/v1.0/secrets/vault/db:host")
        #expect(denied.status == 403)
        #expect(
            denied.text
                == Self.error(
                    "ERR_PERMISSION_DENIED",
                    #"access denied by policy to get \"db:host\" from \"vault\""#))
        #expect(
            try serve.request("GET", "/v1.0/secrets/vault/bulk").text
                == "{\"key\":{\"key\":\"v\\u003c\"}}\n")
    }

    @Test func `a component takes its settings from a store that is described after it`() throws {
        let folder = try TemporaryFolder()
        try folder.component(
            "a", "state.sqlite", [("connectionString", "secretKeyRef: { name: WHERE }")],
            top: "auth: { secretStore: env }")
        try folder.component("env", "secretstores.local.env", [("prefix", "value: OF_")])
        let serve = try ServeProcess(folder, environment: ["OF_WHERE": "given.db"])
        #expect(try serve.save("k", "1", in: "a") == 204)
        #expect(FileContents.exists("\(folder.path)/given.db"))
    }

    @Test func `a component waits for a store that is not there, and opens when it comes`() throws {
        let folder = try TemporaryFolder()
        try folder.component(
            "a", "state.sqlite", [("connectionString", "secretKeyRef: { name: s, key: s }")],
            top: "auth: { secretStore: vault }")
        try folder.component("b", "state.in-memory")
        let serve = try ServeProcess(folder)
        try serve.log("Component a references a secret store that isn't loaded: vault")
        #expect(try serve.save("k", "1", in: "a") == 400)
        #expect(try serve.save("k", "1", in: "b") == 204)
        try folder.write("secrets.json", #"{"s":"late.db"}"#)
        try folder.component(
            "vault", "secretstores.local.file", [("secretsFile", "value: secrets.json")])
        try Deadline.wait("the component to be opened") {
            try serve.save("k", "1", in: "a") == 204
        }
        #expect(FileContents.exists("\(folder.path)/late.db"))
    }

    @Test func `a secret that is missing leaves its setting empty`() throws {
        let folder = try Self.withFile()
        try folder.component(
            "a", "state.in-memory", [("x", "secretKeyRef: { name: none, key: k }")],
            top: "auth: { secretStore: vault }")
        let serve = try ServeProcess(folder)
        try serve.log("Error getting secret: secret none not found")
        #expect(try serve.save("k", "1", in: "a") == 204)
    }

    @Test(arguments: [
        ("secretsFile", "value: none.json", "none.json: no such file or directory"),
        ("secretsFile", "value: vault.yaml", "vault.yaml: it is not a JSON object: "),
    ])
    func `a file that cannot be read ends it with 2 at its setting`(
        name: String, value: String, text: String
    ) throws {
        let folder = try TemporaryFolder()
        let file = try folder.component("vault", "secretstores.local.file", [(name, value)])
        let outcome = try Fakedapr.run(
            ["serve", "--port", "0", "--resources-path", folder.path], folder: folder.path)
        #expect(outcome.status == 2)
        #expect(
            outcome.errors.contains("\(file):10:5: error: the component vault cannot be used: "))
        #expect(outcome.errors.contains(text))
    }

    @Test(arguments: [
        ("state.reddis", "did you mean `state.redis`?"),
        ("pubsub.inmemory", "did you mean `pubsub.in-memory`?"),
        ("secretstores.local.fil", "did you mean `secretstores.local.file`?"),
        ("sate.redis", "did you mean `state.redis`?"),
        ("state.etcd", "name another store with --map state.etcd=TYPE"),
        ("secretstores.hashicorp.vault", "it is skipped; give its secrets by"),
    ])
    func `a type that is nearly one of ours is told`(type: String, text: String) throws {
        let folder = try TemporaryFolder()
        try folder.component("x", type)
        try ServeProcess(folder).log(text)
    }

    @Test func `a mapping of nothing is told, and so is a variable that is nearly known`() throws {
        let folder = try TemporaryFolder()
        try folder.component("x", "state.redis")
        let serve = try ServeProcess(
            folder, ["--map", "state.reddis=sqlite", "--map", "state.redis=memory"],
            environment: ["FAKEDAPR_APPP_ID": "me"])
        try serve.log("--map state.reddis stands for no component: did you mean `state.redis`?")
        #expect(!serve.process.errors.contains("--map state.redis stands"))
        try serve.log(
            "the environment variable FAKEDAPR_APPP_ID is no option's: did you mean "
                + "`FAKEDAPR_APP_ID`?")
    }
}
