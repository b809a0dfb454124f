import Blocks
import HTTP
import JSON
import Matching
import Testing
import YAML

@testable import Scenarios

/// The `apps` of a scenario, and the steps that speak to them.
@Suite struct AppReaderTests {
    private static func load(_ text: String) throws(Diagnostic) -> Scenario {
        try ScenarioLoader.load(SourceText(name: "s.yaml", text: text), folder: "folder")
    }

    static let mistakes: [(String, String, String)] = [
        (
            "an unknown key", "a: { route: [] }",
            "s.yaml:3:8: error: unknown key `route`|hint: did you mean `routes`?"
        ),
        (
            "an app id with a dot", "a.b: {}",
            "s.yaml:3:3: error: an app id is not empty and holds no dot"
        ),
        (
            "a command and rules", "a: { command: [x], routes: [] }",
            "s.yaml:3:30: error: `routes` is for an app without a command"
        ),
        (
            "a command and subscriptions", "a: { command: [x], subscribe: [] }",
            "s.yaml:3:33: error: `subscribe` is for an app without a command"
        ),
        ("no command", "a: { command: [] }", "s.yaml:3:17: error: the command is empty"),
        (
            "a command that is no list", "a: { command: python3 }",
            "s.yaml:3:17: error: expected a list, found the string `python3`"
        ),
        (
            "an environment without a command", "a: { env: { A: b } }",
            "s.yaml:3:13: error: `env` is for an app with a command"
        ),
        (
            "a rule that says not when", "a: { routes: [{ reply: {} }] }",
            "s.yaml:3:19: error: the key `when` is missing"
        ),
        (
            "a condition on nothing", "a: { routes: [{ when: { paht: / } }] }",
            "s.yaml:3:27: error: unknown key `paht`|hint: did you mean `path`?"
        ),
        (
            "two bodies", "a: { routes: [{ when: /, reply: { body: x, json: 1 } }] }",
            "s.yaml:3:52: error: a reply has one body: `body` or `json`"
        ),
        (
            "a status that is none", "a: { routes: [{ when: /, reply: { status: 99 } }] }",
            "s.yaml:3:45: error: "
        ),
        (
            "never", "a: { routes: [{ when: /, times: 0 }] }", "s.yaml:3:35: error: "
        ),
        (
            "a delay that is none", "a: { routes: [{ when: /, reply: { delay: soon } }] }",
            "s.yaml:3:44: error: "
        ),
    ]

    @Test(arguments: mistakes)
    func `a mistake is told with its place`(name: String, app: String, rendered: String) {
        do throws(Diagnostic) {
            _ = try Self.load("version: 1\napps:\n  \(app)\nsteps: []\n")
            Issue.record("nothing was refused")
        } catch {
            for part in rendered.split(separator: "|") {
                #expect(error.rendered.contains(part), "\(error.rendered)")
            }
        }
    }

    @Test(arguments: [
        ("publish: { topic: t }", "the key `pubsub` is missing"),
        ("publish: { pubsub: p, topic: t, date: 1 }", "unknown key `date`"),
        ("wait: { path: /, since: -1 }", "expected a whole number of at least 0, found -1"),
        ("wait: { inOrder: [] }", "`inOrder` is empty"),
        ("wait: { inOrder: [{ path: / }], exactly: 1 }", "`exactly` beside `inOrder`"),
        ("verify: { inOrder: [{ pth: / }] }", "unknown key `pth`"),
        ("verify: { path: /, exactly: 1, timeout: 1s }", "unknown key `timeout`"),
    ])
    func `a step that is not right is told`(step: String, message: String) {
        do throws(Diagnostic) {
            _ = try Self.load("version: 1\nsteps:\n  - \(step)\n")
            Issue.record("nothing was refused")
        } catch {
            #expect(error.message == message)
        }
    }

    @Test func `an app id is given once`() throws {
        let scenario = try Self.load(
            "version: 1\nsidecar: { appId: a }\napps: { a: {} }\nsteps: []\n")
        do throws(Diagnostic) {
            try ScenarioCheck.check(scenario, given: [])
            Issue.record("nothing was refused")
        } catch {
            #expect(error.message == "`a` is the app id of the scenario's own sidecar")
            #expect(error.hint == "give one of them another id")
        }
    }

    private enum Wrong: Error { case kind }

    @Test func `apps are read whole`() throws {
        let scenario = try Self.load(
            """
            version: 1
            apps:
              scripted:
                components: { ps: "pubsub.${broker}" }
                resources: resources
                subscribe: [{ pubsubname: ps, topic: t, route: /t }]
                routes:
                  - when: { method: POST, path: { startsWith: /t }, headers: { X-A: b }, json: { data: 1 } }
                    times: 2
                    reply: { status: 503, headers: { Retry-After: 1 }, json: { a: "${b}" }, delay: 1s }
                  - when: /other
              child:
                command: [python3, "${app}.py"]
                env: { A: 1 }
                port: false
                startTimeout: 3s
                resources: [a, b]
            steps:
              - publish: { pubsub: ps, topic: "a/b", data: { n: 1 }, metadata: { ttlInSeconds: 5, "cloudevent.id": x } }
                app: scripted
              - publish: { pubsub: ps, topic: t, text: plain, contentType: text/xml }
              - get: /v1.0/healthz
                app: child
              - wait: { app: scripted, path: /t, atLeast: 2, timeout: 3s }
              - wait: { path: /t, exactly: 1 }
            """)
        #expect(scenario.apps.map(\.id) == ["scripted", "child"])
        #expect(scenario.apps[0].components?.map(\.name) == ["ps"])
        #expect(scenario.apps[0].resources.map(\.text) == ["resources"])
        #expect(scenario.apps[1].resources.map(\.text) == ["a", "b"])
        #expect(scenario.apps[1].components == nil)
        guard case .scripted(let app) = scenario.apps[0].kind,
            case .command(let command) = scenario.apps[1].kind
        else { throw Wrong.kind }
        #expect(app.stubs.map(\.times) == [2, nil])
        #expect(
            app.stubs[0].conditions.map(\.part) == ["method", "path", "headers.x-a", "json"])
        #expect(app.stubs[1].conditions.map(\.part) == ["path"])
        let reply = app.stubs[0].replies[0]
        #expect(reply.status == 503)
        #expect(reply.headers.map(\.name) == ["Retry-After", "Content-Type"])
        #expect(reply.delay == .seconds(1))
        #expect(command.words.map(\.text) == ["python3", "${app}.py"])
        #expect(command.environment.map(\.value.text) == ["1"])
        #expect(!command.listens)
        #expect(command.startTimeout == .seconds(3))

        let targets = scenario.steps.map { step -> String? in
            guard case .request(let request) = step.action else { return nil }
            return request.target.text
        }
        #expect(
            targets == [
                "/v1.0/publish/ps/a/b?metadata.ttlInSeconds=5&metadata.cloudevent.id=x",
                "/v1.0/publish/ps/t", "/v1.0/healthz", nil, nil,
            ])
        guard case .request(let xml) = scenario.steps[1].action,
            case .request(let health) = scenario.steps[2].action,
            case .verify(let wait) = scenario.steps[3].action,
            case .verify(let other) = scenario.steps[4].action
        else { throw Wrong.kind }
        #expect(xml.headers.map(\.value.text) == ["text/xml"])
        #expect(health.app?.id == "child")
        #expect(wait.question.patience == .seconds(3))
        #expect(other.question.patience == .seconds(10))
        #expect(scenario.steps[0].expectations.map(\.part) == ["status"])
    }
}
