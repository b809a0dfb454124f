import Foundation
import TestSupport
import Testing
import Transport

/// Resource files that change while the sidecar runs (runtime.md §14 of the specification).
@Suite struct HotReloadTests {
    private static func metadata(_ serve: ServeProcess) throws -> String {
        try serve.request("GET", "/v1.0/metadata").text
    }

    /// Waits until the metadata holds a text, or holds it no more.
    private static func wait(
        _ serve: ServeProcess, toHave text: String, _ has: Bool = true
    ) throws {
        try Deadline.wait("the metadata \(has ? "" : "not ")to have \(text)") {
            try metadata(serve).contains(text) == has
        }
    }

    @Test func `components come, change and go with their files`() throws {
        let folder = try TemporaryFolder()
        try folder.component("one", "state.in-memory")
        let serve = try ServeProcess(folder)
        #expect(try serve.save("k", "1", in: "one") == 204)

        try folder.component("two", "state.sqlite", [("connectionString", "value: two.db")])
        try Self.wait(serve, toHave: #""name":"two","type":"state.sqlite""#)
        #expect(try serve.save("k", "2", in: "two") == 204)
        try serve.log("Component updated: two (state.sqlite/v1)")

        try folder.component("two", "state.sqlite", [("connectionString", "value: other.db")])
        try Deadline.wait("the other database to be asked") {
            try serve.value("k", in: "two") == ""
        }
        try serve.log("Closing existing Component to reload: two (state.sqlite/v1)")

        FileContents.remove("\(folder.path)/two.yaml")
        try Self.wait(serve, toHave: #""name":"two""#, false)
        #expect(try serve.value("k", in: "one") == "1")
        #expect(try serve.save("k", "2", in: "two") == 400)
    }

    @Test func `a file that is moved into its place counts`() throws {
        let folder = try TemporaryFolder()
        try folder.component("one", "state.in-memory")
        let serve = try ServeProcess(folder)
        let text = try FileContents.read("\(folder.path)/one.yaml")
        let other = String(decoding: text, as: UTF8.self)
            .replacingOccurrences(of: "name: one", with: "name: moved")
        // Written under another name first, as editors do it.
        try FileContents.write(Array(other.utf8), to: "\(folder.path)/one.yaml")
        try Self.wait(serve, toHave: #""name":"moved""#)
        #expect(try !Self.metadata(serve).contains(#""name":"one""#))
    }

    @Test func `a component that does not change is left alone`() throws {
        let folder = try TemporaryFolder()
        try folder.component("one", "state.in-memory")
        let serve = try ServeProcess(folder)
        #expect(try serve.save("k", "1", in: "one") == 204)
        let text = try FileContents.read("\(folder.path)/one.yaml")
        try FileContents.write(Array("# a comment\n".utf8) + text, to: "\(folder.path)/one.yaml")
        try folder.component("two", "state.in-memory")
        try Self.wait(serve, toHave: #""name":"two""#)
        #expect(!serve.process.errors.contains("reload: one"))
    }

    @Test func `a store of the command line wins over files`() throws {
        let folder = try TemporaryFolder()
        let serve = try ServeProcess(folder, ["--store", "memory"])
        try folder.component("statestore", "state.sqlite")
        try folder.component("two", "state.in-memory")
        try Self.wait(serve, toHave: #""name":"two""#)
        #expect(try Self.metadata(serve).contains(#""name":"statestore","type":"state.in-memory""#))
    }

    @Test func `policies and endpoints follow their files`() throws {
        let folder = try TemporaryFolder()
        let serve = try ServeProcess(folder)
        try folder.write(
            "policies.yaml",
            """
            apiVersion: dapr.io/v1alpha1
            kind: Resiliency
            metadata: {name: policies}
            spec:
              policies: {retries: {DefaultAppRetryPolicy: {duration: 1ms, maxRetries: 1}}}
            """)
        try Self.wait(serve, toHave: #""resiliencies":[{"name":"policies"}]"#)
        #expect(try serve.request("GET", "/v1.0/invoke/nobody/method/m").status == 500)
        try serve.log("Error processing operation endpoint[nobody, nobody:m]. Retrying in 1ms…")
        try folder.write(
            "endpoint.yaml",
            """
            apiVersion: dapr.io/v1alpha1
            kind: HTTPEndpoint
            metadata: {name: outside}
            spec: {baseUrl: "http://127.0.0.1:1"}
            """)
        try Self.wait(serve, toHave: #""name":"outside""#)
    }

    @Test func `subscriptions follow their files`() throws {
        // An application that has no subscriptions of its own: another sidecar will do.
        let app = try ServeProcess(["--store", "memory"])
        let folder = try TemporaryFolder()
        try folder.component("ps", "pubsub.in-memory")
        let serve = try ServeProcess(folder, ["--app-port", String(app.port)])
        func subscription(_ topic: String) -> String {
            """
            apiVersion: dapr.io/v1alpha1
            kind: Subscription
            metadata: {name: s}
            spec: {pubsubname: ps, topic: \(topic), route: /r}
            """
        }
        try folder.write("s.yaml", subscription("first"))
        try Self.wait(serve, toHave: #""topic":"first""#)
        try folder.write("s.yaml", subscription("second"))
        try Self.wait(serve, toHave: #""topic":"second""#)
        #expect(try !Self.metadata(serve).contains(#""topic":"first""#))
        FileContents.remove("\(folder.path)/s.yaml")
        try Self.wait(serve, toHave: #""topic":"second""#, false)
    }

    @Test func `a changed component that cannot be opened ends the sidecar, as in Dapr`() throws {
        let folder = try TemporaryFolder()
        let serve = try ServeProcess(folder)
        try folder.component(
            "broken", "state.sqlite", [("connectionString", "value: /nowhere/at/all.db")])
        #expect(try serve.process.waitForExit() == 3)
        try serve.log("Error processing component, daprd will exit gracefully: process component")
    }

    @Test func `one whose errors are ignored does not`() throws {
        let folder = try TemporaryFolder()
        let serve = try ServeProcess(folder)
        try folder.component(
            "broken", "state.sqlite", [("connectionString", "value: /nowhere/at/all.db")],
            spec: "  ignoreErrors: true")
        try serve.log("Ignoring error processing component: process component broken error")
        #expect(try Self.metadata(serve).contains("runtimeVersion"))
    }

    @Test func `files that cannot be read leave what there is`() throws {
        let folder = try TemporaryFolder()
        try folder.component("one", "state.in-memory")
        let serve = try ServeProcess(folder)
        try folder.component("one", "state.sqlite", file: "again.yaml")
        try serve.log("duplicate definition of Component name one")
        #expect(try Self.metadata(serve).contains(#""name":"one","type":"state.in-memory""#))
    }
}
