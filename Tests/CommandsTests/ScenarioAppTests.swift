import Foundation
import TestSupport
import Testing

/// Scenarios with applications, as a user runs them.
@Suite(.timeLimit(.minutes(2))) struct ScenarioAppTests {
    let scenarios: ScenarioFolder

    init() throws { scenarios = try ScenarioFolder() }

    private static let worker = """
        version: 1
        name: n
        sidecar: { appId: shop }
        apps:
          worker:
            subscribe: [{ pubsubname: pubsub, topic: orders, route: /orders }]
            routes:
              - { when: { path: /orders, json: { data: { n: 2 } } }, reply: { status: 500 } }
              - { when: /orders, reply: { json: { status: SUCCESS } } }
              - { when: { path: /echo, query: { contains: "a=" } }, times: 1, reply: { body: first } }
              - { when: /echo, reply: { status: 202, headers: { X-Y: z }, body: "then ${who}" } }
        """

    @Test func `rules answer in their order, each as often as it may`() throws {
        let outcome = try scenarios.run(
            Self.worker.replacing("version: 1", with: "version: 1\nmatrix: { who: [me] }") + """

                steps:
                  - { get: "/v1.0/invoke/worker/method/echo?a=1", expect: { status: 200, body: first } }
                  - { get: "/v1.0/invoke/worker/method/echo?a=1", expect: { status: 202, body: then me, headers: { x-y: z } } }
                  - { get: /v1.0/invoke/worker/method/none, expect: { status: 404 } }
                  - { get: /v1.0/metadata, app: worker, expect: { json: { id: worker } } }
                  - { get: /v1.0/metadata, expect: { json: { id: shop } } }
                """)
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    }

    @Test(arguments: [
        ("exactly: 1", true), ("atLeast: 1, status: 200", true), ("exactly: 0, status: 500", true),
        ("atLeast: 2", false), ("exactly: 1, status: 500", false),
        ("exactly: 1, json: { data: { n: 7 } }", false),
    ])
    func `what a wait asks comes, or it fails when its time is over`(
        question: String, comes: Bool
    ) throws {
        let outcome = try scenarios.run(
            Self.worker + """

                steps:
                  - publish: { pubsub: pubsub, topic: orders, data: { n: 1 } }
                  - wait: { app: worker, api: deliver, timeout: \(comes ? "20s" : "300ms"), \(question) }
                """)
        #expect(outcome.status == (comes ? 0 : 4), "\(outcome.output)")
        if !comes { #expect(outcome.output.contains("error: wait: it was done ")) }
    }

    @Test(arguments: [
        (
            "[no-such-program]", "ended before it listened at its port (APP_PORT)",
            "no-such-program"
        ),
        (
            "[sh, -c, 'echo hello; exit 3']", "ended before it listened at its port (APP_PORT)",
            "hello"
        ),
        (
            "[sh, -c, 'echo slow; sleep 60']",
            "does not listen at its port (APP_PORT) after 0.3 seconds", "slow"
        ),
    ])
    func `an app that does not start is 3 with what it wrote`(
        command: String, message: String, wrote: String
    ) throws {
        let outcome = try scenarios.run(
            """
            version: 1
            apps:
              child: { command: \(command), startTimeout: 300ms }
            steps: []
            """)
        #expect(outcome.status == 3, "\(outcome.output)")
        #expect(
            outcome.output.contains("s.yaml:3:3: error: the app child \(message)\n"),
            "\(outcome.output)")
        #expect(outcome.output.contains("the app wrote\n"), "\(outcome.output)")
        #expect(outcome.output.contains(wrote), "\(outcome.output)")
    }

    @Test func `a child has its environment, and is gone with its case`() throws {
        try scenarios.folder.write(
            "child.py",
            """
            import os, time, urllib.request
            port = os.environ["DAPR_HTTP_PORT"]
            with open("told", "w") as file:
                print(os.environ["APP_ID"], os.environ["MODE"], port, os.getpid(), file=file)
            url = f"http://127.0.0.1:{port}/v1.0/metadata/told"
            urllib.request.urlopen(urllib.request.Request(url, b"yes", method="PUT"), timeout=20)
            time.sleep(600)
            """)
        let outcome = try scenarios.run(
            """
            version: 1
            apps:
              child: { command: [python3, child.py], env: { MODE: test }, port: false }
            steps:
              - wait: { app: child, api: metadata, method: PUT, exactly: 1, timeout: 30s }
              - { get: /v1.0/metadata, app: child, expect: { json: { id: child, extended: { told: "yes" } } } }
            """)
        #expect(outcome.status == 0, "\(outcome.output)")
        let told = try String(
            contentsOfFile: "\(scenarios.folder.path)/told", encoding: .utf8
        ).split(whereSeparator: \.isWhitespace)
        #expect(told.count == 4)
        #expect(told.prefix(2) == ["child", "test"])
        #expect(Int(told[2]) ?? 0 > 0)
        let id = try #require(Int32(told[3]))
        try Deadline.wait("the child to be gone") { kill(id, 0) != 0 }
    }

    @Test func `resources bring subscriptions, policies and components`() throws {
        try scenarios.folder.write(
            "r.yaml",
            """
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: { name: bus }
            spec: { type: pubsub.in-memory, version: v1 }
            ---
            apiVersion: dapr.io/v2alpha1
            kind: Subscription
            metadata: { name: s }
            spec: { pubsubname: bus, topic: t, routes: { default: /declared } }
            scopes: [worker]
            """)
        let outcome = try scenarios.run(
            """
            version: 1
            sidecar: { resources: r.yaml }
            apps:
              worker: { routes: [{ when: /declared }] }
            steps:
              - publish: { pubsub: bus, topic: t, text: hello }
              - wait: { app: worker, path: /declared, status: 200, json: { data: hello }, exactly: 1 }
            """)
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    }

    @Test(arguments: [
        ("nowhere", "there is no ", "hint: resources are relative to the scenario's file"),
        ("bad.yaml", "skipped: the component c has no spec.type", "bad.yaml:1:"),
    ])
    func `resources that are not right are 3 with their place`(
        path: String, message: String, more: String
    ) throws {
        try scenarios.folder.write(
            "bad.yaml",
            "{apiVersion: dapr.io/v1alpha1, kind: Component, metadata: {name: c}, spec: {}}\n")
        let outcome = try scenarios.run(
            "version: 1\nsidecar: { resources: \(path) }\nsteps: []\n")
        #expect(outcome.status == 3, "\(outcome.output)")
        #expect(outcome.output.contains(message), "\(outcome.output)")
        #expect(outcome.output.contains(more), "\(outcome.output)")
    }

    @Test func `an endpoint of somebody else takes no apps`() throws {
        let outcome = try scenarios.run(
            Self.worker + "\nsteps: []\n", ["--endpoint", "http://127.0.0.1:9"])
        #expect(outcome.status == 2)
        #expect(
            outcome.errors.hasPrefix("s.yaml:5:3: error: --endpoint cannot start the app `worker`"),
            "\(outcome.errors)")
    }
}
