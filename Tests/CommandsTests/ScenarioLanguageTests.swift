import JSON
import TestSupport
import Testing
import Transport

/// What a scenario can say beyond one step after another, by real runs.
@Suite struct ScenarioLanguageTests {
    private let scenarios: ScenarioFolder

    init() throws { scenarios = try ScenarioFolder() }

    private func names(_ outcome: Fakedapr.Outcome) -> [String] {
        outcome.output.split(separator: "\n").compactMap { line in
            line.firstMatch(of: /^    (.+) \(\d+ ms\)$/).map { String($0.1) }
        }
    }

    // MARK: Groups

    @Test func `foreach does a step, or several, once for every value`() throws {
        let outcome = try scenarios.run(
            steps: """
                  - foreach: { key: [a, b], n: { from: 1, to: 2 } }
                    put: { store: statestore, key: "${key}${n}", value: "${n}" }
                  - name: look
                    foreach: { user: [{ key: a1, value: { of: "1" } }, { key: b2, value: { of: "2" } }] }
                    steps:
                      - get: /v1.0/state/statestore/${user.key}
                        expect: { status: 200, json: "${user.value.of}" }
                """, ["--timings"])
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        #expect(
            names(outcome) == [
                "put a1", "put a2", "put b1", "put b2",
                "look: GET /v1.0/state/statestore/a1", "look: GET /v1.0/state/statestore/b2",
            ])
    }

    @Test func `a round that fails is the last one`() throws {
        let outcome = try scenarios.run(
            steps: """
                  - foreach: { key: [a, b, c] }
                    steps:
                      - get: /v1.0/state/statestore/x
                        expect: { body: { not: { equals: "${key}" } }, status: 204 }
                      - put: { store: statestore, key: x, value: "b" }
                """, ["--timings"])
        #expect(outcome.status == 4)
        #expect(names(outcome).count == 3, "\(outcome.output)")
    }

    @Test func `steps in parallel are done at a time`() throws {
        try scenarios.folder.write(
            "p.yaml",
            """
            version: 1
            name: at a time
            apps:
              slow: { routes: [{ when: /x, reply: { delay: 2s, json: { n: 1 } } }] }
            steps:
              - parallel:
                  - invoke: { app: slow, path: /x }
                  - invoke: { app: slow, path: x, method: POST, json: {} }
                    capture: { n: json.n }
                  - steps:
                      - invoke: { app: slow, path: /x }
                      - put: { store: statestore, key: done, value: 1 }
                timeout: 30s
              - foreach: { n: { from: 1, to: 3 } }
                parallel: [{ invoke: { app: slow, path: /x } }]
              - verify: { api: invoke, exactly: 6 }
              - get: /v1.0/state/statestore/done
                expect: { json: "${n}" }
            """)
        let start = Reactor.monotonicNow()
        let outcome = try scenarios.run(["p.yaml"])
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        // One after the other they would take 12 s.
        #expect(Reactor.monotonicNow() - start < Duration.seconds(11).nanoseconds)
    }

    @Test func `all that fail in parallel are told`() throws {
        let outcome = try scenarios.run(
            steps: """
                  - parallel:
                      - get: /v1.0/state/statestore/a
                        expect: { status: 200 }
                      - get: /v1.0/state/statestore/b
                        expect: { status: 201 }
                """)
        #expect(outcome.status == 4)
        #expect(
            outcome.output.contains("expected: 200") && outcome.output.contains("expected: 201"))
    }

    @Test func `steps of another file are included, with variables of their own`() throws {
        try FileContents.makeFolder("\(scenarios.folder.path)/parts")
        try scenarios.folder.write("parts/quiet.wat", ScenarioFolder.guest("nop"))
        try scenarios.folder.write(
            "parts/keep.yaml",
            """
            version: 1
            steps:
              - guest: quiet.wat
              - put: { store: statestore, key: "${key}", value: "${value}" }
              - get: /v1.0/state/statestore/${key}
                expect: { json: "${value}" }
                capture: { last: json }
            """)
        let outcome = try scenarios.run(
            steps: """
                  - include: parts/keep.yaml
                    with: { key: a, value: "1" }
                  - foreach: { n: ["2", "3"] }
                    include: parts/keep.yaml
                    with: { key: "b${n}", value: "${n}" }
                  - get: /v1.0/state/statestore/b2
                    expect: { json: "2", body: { not: { contains: "${last}" } } }
                """)
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        let bad = try scenarios.run(steps: "  - include: parts/keep.yaml\n    with: { key: a }\n")
        #expect(bad.status == 2)
        #expect(
            bad.errors.contains("parts/keep.yaml:4:52: error: no value for ${value}")
                || bad.errors.contains("parts/keep.yaml:4:10: error: no value for ${value}"),
            "\(bad.errors)")
    }

    @Test func `what fails in an included file is told at its place there`() throws {
        try scenarios.folder.write(
            "part.yaml", "version: 1\nsteps:\n  - get: /v1.0/healthz\n    expect: { status: 500 }\n"
        )
        let outcome = try scenarios.run(steps: "  - include: part.yaml\n    name: health")
        #expect(outcome.status == 4)
        #expect(outcome.output.contains("in step: health: GET /v1.0/healthz"))
        #expect(outcome.output.contains("part.yaml:4:23: error: status is not what was expected"))
    }

    // MARK: Time

    @Test func `a step is done again until what it expects is so`() throws {
        let outcome = try scenarios.run(
            """
            version: 1
            apps:
              flaky:
                routes:
                  - { when: /x, times: 3, reply: { status: 503 } }
                  - { when: /x, reply: { json: { ready: true } } }
            steps:
              - invoke: { app: flaky, path: /x }
                retry: { for: 10s, every: 5ms }
                expect: { status: 200, json: { ready: true } }
              - verify: { api: invoke, exactly: 4 }
            """)
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    }

    @Test func `a step that never gets there is told with how often it was tried`() throws {
        let outcome = try scenarios.run(
            steps: """
                  - get: /v1.0/state/statestore/x
                    retry: { for: 10s, every: 1ms, times: 5 }
                    expect: { status: 200 }
                """)
        #expect(outcome.status == 4)
        #expect(outcome.output.contains("in step: GET /v1.0/state/statestore/x (tried 5 times)"))
        let patient = try scenarios.run(
            steps: """
                  - get: /v1.0/state/statestore/x
                    retry: 50ms
                    expect: { status: 200 }
                """)
        #expect(patient.status == 4)
    }

    @Test func `a scenario and a group may take only so long, and what is always done is done`()
        throws
    {
        let slow = """
            version: 1
            apps: { slow: { routes: [{ when: /x, reply: { delay: 60s } }] } }
            """
        let start = Reactor.monotonicNow()
        let whole = try scenarios.run(
            """
            \(slow)
            timeout: 200ms
            steps:
              - invoke: { app: slow, path: /x }
            always:
              - put: { store: statestore, key: a, value: 1 }
            """, ["--timings"])
        #expect(whole.status == 4)
        #expect(
            whole.output.contains("s.yaml:5:5: error: the scenario took longer than 0.2 seconds"))
        #expect(names(whole).contains("put a"))
        let group = try scenarios.run(
            """
            \(slow)
            steps:
              - timeout: 200ms
                parallel:
                  - invoke: { app: slow, path: /x }
                  - wait: { api: deliver, exactly: 1, timeout: 60s }
            always:
              - put: { store: statestore, key: a, value: 1 }
            """, ["--timings"])
        #expect(group.status == 4)
        #expect(group.output.contains("s.yaml:6:9: error: the steps took longer than 0.2 seconds"))
        #expect(group.output.contains("s.yaml:7:9: error: the steps took longer than 0.2 seconds"))
        #expect(names(group).contains("put a"))
        #expect(Reactor.monotonicNow() - start < Duration.seconds(45).nanoseconds)
    }

    // MARK: Values

    @Test func `a variable stands for a number where a number is, and in patterns`() throws {
        let outcome = try scenarios.run(
            steps: """
                  - put: { store: statestore, key: n, value: { count: 42, word: abc } }
                  - get: /v1.0/state/statestore/n
                    capture: { count: json.count, word: json.word }
                  - get: /v1.0/state/statestore/n
                    expect:
                      json: { count: "${count}", word: { matches: "^${word}$" } }
                      body: { contains: "${unknown:-abc}", not: { contains: "${word:-x}d" } }
                """)
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    }

    @Test func `invoke has to succeed unless the step says otherwise`() throws {
        let outcome = try scenarios.run(steps: "  - invoke: { app: nobody, path: /x }")
        #expect(outcome.status == 4)
        #expect(outcome.output.contains("error: `invoke` is to succeed"))
        #expect(outcome.output.contains("expected: >= 200\n") == false)
        let expected = try scenarios.run(
            steps: "  - invoke: { app: nobody, path: /x }\n    expect: { status: 500 }")
        #expect(expected.status == 0)
    }

    /// The same reply wherever a scenario has stubs, scenario variables beside the request's.
    @Test(arguments: [
        "stubs: [{ app: echo, STUB }]\nsteps:",
        "seed: { stubs: [{ app: echo, STUB }] }\nsteps:",
        "steps:\n  - stub: { app: echo, STUB }", "apps: { echo: { routes: [{ STUB }] } }\nsteps:",
    ])
    func `a stub takes from the request in a scenario too`(place: String) throws {
        let stub = """
            when: { path: { startsWith: "/${kind}/" } }, reply: { headers: { X-Use: "${use}" }, \
            json: { id: "${request.json.id}", part: "${request.segments[1]}", kind: "${kind}", \
            itself: "$${request.json.id}" } }
            """
        let outcome = try scenarios.run(
            """
            version: 1
            name: n
            matrix: { kind: [items] }
            \(place.replacing("STUB", with: stub))
              - invoke: { app: echo, path: /items/7, json: { id: 5 } }
                expect:
                  headers: { X-Use: "1" }
                  json: { id: 5, part: "7", kind: items, itself: "$${request.json.id}" }
            """)
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    }

    @Test func `a name in a stub that nobody knows is told with its place`() throws {
        let outcome = try scenarios.run(
            "version: 1\nstubs: [{ app: a, when: /, reply: { body: '${nam}' } }]\nsteps: []\n")
        #expect(outcome.status == 2)
        #expect(outcome.errors.contains("s.yaml:2:9: error: no value for ${nam}"))
    }

    // MARK: Matrix

    @Test func `cases are taken out of a matrix and put into it`() throws {
        try scenarios.folder.write(
            "m.yaml",
            """
            version: 1
            name: m
            matrix:
              store: [memory, sqlite]
              broker: [memory, redis]
              exclude: [{ store: sqlite, broker: redis }]
              include: [{ store: redis, broker: sqlite }]
            steps: []
            """)
        let outcome = try Fakedapr.run(
            ["scenario", "list", "m.yaml"], folder: scenarios.folder.path)
        #expect(
            outcome.output == """
                m.yaml
                  m [store=memory, broker=memory]
                  m [store=memory, broker=redis]
                  m [store=sqlite, broker=memory]
                  m [store=redis, broker=sqlite]

                """)
    }
}
