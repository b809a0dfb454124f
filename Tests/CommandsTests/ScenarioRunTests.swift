import Foundation
import TestSupport
import Testing

/// `fakedapr scenario run`, as a child: what it runs, how it reports, how it ends.
@Suite struct ScenarioRunTests {
    private let scenarios: ScenarioFolder

    init() throws { scenarios = try ScenarioFolder() }

    // MARK: Reports

    @Test func `a scenario that passes is a line, and 0`() throws {
        let outcome = try scenarios.run(
            """
            version: 1
            name: keeps a value
            matrix: { store: [memory, sqlite], key: [a] }
            sidecar: { components: { statestore: "state.${store}" } }
            steps:
              - put: { store: statestore, key: "${key}", value: 1 }
              - get: /v1.0/state/statestore/${key}
                expect: { status: 200, json: 1 }
            """, ["--jobs", "1"])
        #expect(
            outcome.report == """
                ✓ keeps a value [store=memory, key=a] (N ms)
                ✓ keeps a value [store=sqlite, key=a] (N ms)
                2 cases: 2 passed, 0 failed (N ms)

                """)
        #expect(outcome.errors == "")
        #expect(outcome.status == 0)
    }

    @Test func `an expectation that fails is told with expected against actual, and 4`() throws {
        let outcome = try scenarios.run(
            """
            version: 1
            name: a planet
            setup:
              - put: { store: statestore, key: planets, value: { name: Tatooine, moons: [1, 2] } }
            steps:
              - name: its moons
                get: /v1.0/state/statestore/planets
                expect:
                  status: 200
                  json: { name: Tatooine, moons: [1, 3] }
            """)
        #expect(
            outcome.report == """
                ✗ a planet (N ms)

                    in step: its moons
                    s.yaml:10:42: error: json.moons[1] is not what was expected
                            json: { name: Tatooine, moons: [1, 3] }
                                                               ^
                      expected: 3
                      actual:   2
                    the answer's body was
                    {"name":"Tatooine","moons":[1,2]}

                1 case: 0 passed, 1 failed (N ms)

                """)
        #expect(outcome.status == 4)
    }

    @Test func `every expectation of a step that fails is told`() throws {
        let outcome = try scenarios.run(
            steps: "  - get: /v1.0/state/statestore/a\n    expect: { status: 200, body: x }")
        #expect(outcome.output.contains("expected: 200\n      actual:   204"))
        #expect(outcome.output.contains("expected: \"x\"\n      actual:   \"\""))
    }

    @Test func `timings list every step, guests with their parts`() throws {
        let outcome = try scenarios.run(
            steps: "  - guest: quiet.wat\n  - get: /v1.0/healthz", ["--timings"])
        #expect(outcome.status == 0)
        #expect(
            outcome.output.contains(
                /\ +guest quiet.wat \(\d+ ms: load [\d.]+ ms, compile [\d.]+ ms, instantiate [\d.]+ ms, run [\d.]+ ms\)\n +GET \/v1.0\/healthz \(\d+ ms\)\n/
            ), "\(outcome.output)")
    }

    @Test(arguments: ["winch", "cranelift"])
    func `guests are compiled by the compiler that is asked for`(compiler: String) throws {
        let outcome = try scenarios.run(
            steps: "  - guest: exit.wat\n    expect: { exit: 3 }", ["--compiler", compiler])
        #expect(outcome.status == 0)
    }

    // MARK: Guests

    @Test(arguments: [
        (
            "exit.wat", "a guest is to exit with 0",
            "expected: 0\n      actual:   3\n    the guest exited with 3"
        ),
        (
            "trap.wat", "a guest is to exit with 0",
            "actual:   nothing\n    the guest trapped: wasm `unreachable` instruction executed"
        ),
        (
            "endless.wat\n    timeout: 100ms", "a guest is to exit with 0",
            "the guest stopped: it ran longer than 0.1 seconds"
        ),
        (
            "quiet.wat\n    invoke: absent", "a guest is to exit with 0",
            "the guest cannot be run: the module has no function export `absent`"
        ),
        (
            "quiet.wat\n    expect: { stdout: x }", "stdout is not what was expected",
            "expected: \"x\"\n      actual:   \"\""
        ),
        (
            "quiet.wat\n    expect: { calls: { length: 1 } }",
            "calls.length is not what was expected", "expected: 1\n      actual:   0"
        ),
    ])
    func `a guest that ends otherwise than expected fails its step`(
        guest: String, message: String, detail: String
    ) throws {
        let outcome = try scenarios.run(steps: "  - guest: \(guest)")
        #expect(outcome.status == 4)
        #expect(outcome.output.contains(message))
        #expect(outcome.output.contains(detail), "\(outcome.output)")
    }

    @Test func `a guest's end may be what is expected`() throws {
        let outcome = try scenarios.run(
            steps: """
                  - guest: exit.wat
                    expect: { exit: { gt: 2 } }
                  - guest: trap.wat
                    expect: { end: { startsWith: "trapped: " } }
                  - guest: endless.wat
                    timeout: 50ms
                    expect: { end: { contains: ran longer }, exit: { absent: true } }
                  - guest: quiet.wat
                    invoke: other
                    expect: { exit: 9 }
                """)
        #expect(outcome.status == 0, "\(outcome.output)")
    }

    @Test func `arguments, environment and input reach the guest, variables filled in`() throws {
        let outcome = try scenarios.run(
            """
            version: 1
            matrix: { word: ["it's \\"so\\""] }
            steps:
              - guest: echo.wat
                args: [one, "${word}", 3]
                env: { WORD: "${word}" }
                stdin: "in: ${word}"
                expect:
                  stdout: "echo.wat\\0one\\0${word}\\03\\0WORD=${word}\\0in: ${word}"
            """)
        #expect(outcome.status == 0, "\(outcome.output)")
    }

    // MARK: Variables

    @Test func `what is captured is filled in, whatever it holds`() throws {
        let outcome = try scenarios.run(
            """
            version: 1
            setup:
              - put: { store: statestore, key: a, value: { text: "\\"}]\\\\\\n", list: [{ id: 7 }] } }
            steps:
              - get: /v1.0/state/statestore/a
                capture: { text: json.text, id: "json.list[0].id", etag: headers.etag, all: body, status: status }
              - post: /v1.0/state/statestore
                json: [{ key: "b-${id}", value: { text: "${text}", etag: "${etag}", status: "${status}" } }]
                expect: { status: 204 }
              - get: /v1.0/state/statestore/b-${id}
                expect: { json: { exactly: { text: "${text}", etag: "${etag}", status: "200" } } }
              - get: /v1.0/state/statestore/a
                expect: { body: "${all}" }
            """)
        #expect(outcome.status == 0, "\(outcome.output)")
    }

    @Test func `a capture of what is not there fails its step`() throws {
        let outcome = try scenarios.run(
            "version: 1\nsteps:\n  - { get: /, capture: { x: json.a } }\n")
        #expect(outcome.status == 4)
        #expect(outcome.output.contains("error: nothing to capture at `json.a`\n"))
    }

    // MARK: Requests

    @Test func `requests go out as they are written`() throws {
        let outcome = try scenarios.run(
            steps: """
                  - put: /v1.0/state/statestore
                    body: '[{"key":"a","value":1}]'
                    expect: { status: 204 }
                  - head: /v1.0/state/statestore/a
                    expect: { status: 404, body: "" }
                  - options: /v1.0/healthz
                    expect: { status: { type: integer } }
                  - patch: /v1.0/healthz
                    expect: { status: 404, json: { errorCode: ERR_DIRECT_INVOKE } }
                  - request: /v1.0/state/statestore/a
                    method: DELETE
                    headers: { If-Match: "99" }
                    expect: { status: 409 }
                  - get: /v1.0/state/statestore/a
                    capture: { etag: headers.etag }
                  - delete: /v1.0/state/statestore/a
                    headers: { if-match: "${etag}" }
                    expect: { status: 204 }
                  - request: /v1.0/healthz?appid=app
                    expect: { status: 204, headers: { etag: { absent: true } } }
                """)
        #expect(outcome.status == 0, "\(outcome.output)")
    }

    // MARK: verify

    @Test(arguments: [
        ("api: state, exactly: 4", true), ("api: state, exactly: 3", false),
        ("api: healthz, exactly: 1", true), ("api: metadata, exactly: 0", true),
        ("method: GET, exactly: 3", true), ("method: { not: GET }, exactly: 3", true),
        ("status: 204, atLeast: 2", true), ("status: { gte: 400 }, exactly: 3", true),
        ("path: { startsWith: /v1.0/state/ }, atLeast: 4", true),
        ("path: { contains: nostore }, atMost: 0", false),
        ("operation: set, exactly: 2", true), ("operation: get, key: a, exactly: 1", true),
        ("store: statestore, atLeast: 3, atMost: 3", true), ("key: b, atLeast: 2", false),
        ("key: { matches: '^[ab]$' }, operation: set, exactly: 2", true),
        ("store: other, exactly: 0", true),
    ])
    func `the journal is asked by count`(question: String, holds: Bool) throws {
        let outcome = try scenarios.run(
            steps: """
                  - post: /v1.0/state/statestore
                    json: [{ key: a, value: 1 }, { key: b, value: 2 }]
                  - get: /v1.0/state/statestore/a
                  - get: /v1.0/state/nostore/a
                  - get: /v1.0/healthz
                  - delete: /v1.0/invoke
                  - delete: /v1.0/state/nostore/x
                  - verify: { \(question) }
                """)
        #expect(outcome.status == (holds ? 0 : 4), "\(outcome.output)")
        if !holds { #expect(outcome.output.contains("error: verify: it was done ")) }
    }

    // MARK: always

    @Test(
        arguments: [
            ("get: /v1.0/healthz\n    expect: { status: 1 }", 4),
            ("guest: endless.wat\n    timeout: 50ms", 4), ("guest: trap.wat", 4),
            ("get: /v1.0/healthz", 0),
        ] as [(String, Int32)])
    func `what is always to be done is done, whatever came before`(
        step: String, status: Int32
    ) throws {
        let outcome = try scenarios.run(
            """
            version: 1
            steps:
              - \(step)
              - { name: the step after, get: /v1.0/healthz }
            always:
              - { name: first, get: /v1.0/healthz }
              - { name: second, delete: /v1.0/state/statestore/a }
            """, ["--timings"])
        #expect(outcome.status == status)
        #expect(outcome.output.contains("    first ("))
        #expect(outcome.output.contains("    second ("))
        #expect(outcome.output.contains("    the step after (") == (status == 0))
    }

    @Test func `what is always to be done can fail too, and the rest of it is done`() throws {
        let outcome = try scenarios.run(
            """
            version: 1
            steps: []
            always:
              - { name: first, get: /v1.0/healthz, expect: { status: 1 } }
              - { name: second, get: /v1.0/healthz }
            """, ["--timings"])
        #expect(outcome.status == 4)
        #expect(outcome.output.contains("    second ("))
    }

    // MARK: What is run

    @Test func `a bare name is looked up here and in Scenarios`() throws {
        let text = "version: 1\nname: found\nsteps: []\n"
        let folder = scenarios.folder
        _ = try ShellProcess.run("mkdir \"$0/Scenarios\" \"$0/empty\"", [folder.path])
        try folder.write("Scenarios/hidden.yaml", text)
        try folder.write("here.yml", text)
        for name in [
            "hidden", "hidden.yaml", "Scenarios/hidden.yaml", "Scenarios", "here.yml", ".",
        ] {
            let outcome = try scenarios.run([name])
            #expect(outcome.status == 0, "\(name): \(outcome.errors)")
            #expect(outcome.output.hasPrefix("✓ found ("))
        }
        let missing = try scenarios.run(["nowhere"])
        #expect(missing.status == 2)
        #expect(
            missing.errors
                == "fakedapr: there is no scenario nowhere, neither here nor in ./Scenarios\n")
        let empty = try scenarios.run(["empty"])
        #expect(empty.status == 2)
        #expect(empty.errors == "fakedapr: no .yaml files in empty\n")
    }

    @Test func `several files are one run`() throws {
        try scenarios.folder.write("a.yaml", "version: 1\nname: a\nsteps: []\n")
        try scenarios.folder.write(
            "b.yaml", "version: 1\nname: b\nsteps: [{ get: /, expect: { status: 1 } }]\n")
        let outcome = try scenarios.run(["a", "b.yaml", "--jobs", "1"])
        #expect(outcome.output.contains("✓ a ("))
        #expect(outcome.output.contains("✗ b ("))
        #expect(outcome.output.contains("2 cases: 1 passed, 1 failed"))
        #expect(outcome.status == 4)
    }

    @Test(arguments: ["memory", "sqlite", "redis"])
    func `the store is chosen by a flag, with a matrix or without`(store: String) throws {
        let keeps = """
            version: 1
            name: n
            steps:
              - put: { store: statestore, key: a, value: 1 }
              - get: /v1.0/metadata
                expect: { json: { components: [{ name: statestore, type: "state.\(store == "memory" ? "in-memory" : store)" }] } }
            """
        let alone = try scenarios.run(
            keeps, ["--store", store])
        #expect(alone.status == 0, "\(alone.output)\(alone.errors)")
        #expect(alone.output.hasPrefix("✓ n [store=\(store)] ("))
        let matrix = """
            version: 1
            name: n
            matrix: { store: [memory, sqlite, redis] }
            sidecar: { components: { statestore: "state.${store}" } }
            steps: []
            """
        let chosen = try scenarios.run(matrix, ["--store", store])
        #expect(chosen.report == "✓ n [store=\(store)] (N ms)\n1 case: 1 passed, 0 failed (N ms)\n")
    }

    @Test(arguments: ["1", "5"])
    func `cases run side by side, each in a world of its own`(jobs: String) throws {
        let outcome = try scenarios.run(
            """
            version: 1
            name: n
            matrix: { store: [memory, sqlite, redis], value: ["1", "2", "3", "4"] }
            sidecar: { components: { statestore: "state.${store}" } }
            steps:
              - get: /v1.0/state/statestore/a
                expect: { status: 204 }
              - put: { store: statestore, key: a, value: "${value}" }
              - get: /v1.0/state/statestore/a
                expect: { json: "${value}" }
              - verify: { operation: set, exactly: 1 }
            """, ["--jobs", jobs])
        #expect(outcome.status == 0, "\(outcome.output)")
        #expect(outcome.output.contains("12 cases: 12 passed, 0 failed"))
    }

    @Test func `a Redis that is named is used, and left as it was`() throws {
        let server = try RedisServer()
        let redis = try WireClient(port: server.port)
        try redis.send("SET a mine\r\n")
        let text = """
            version: 1
            matrix: { store: [redis] }
            sidecar: { components: { statestore: "state.${store}" } }
            steps:
              - get: /v1.0/state/statestore/a
                expect: { status: 204 }
              - put: { store: statestore, key: a, value: 1 }
            """
        for _ in 0..<2 {
            let outcome = try scenarios.run(
                text, ["--redis-url", "redis://127.0.0.1:\(server.port)"],
                environment: ["PATH": "/nowhere"])
            #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        }
        try redis.send("KEYS *\r\nINFO commandstats\r\nQUIT\r\n")
        let answers = try redis.readToEnd()
        #expect(answers.hasPrefix("+OK\r\n*1\r\n$1\r\na\r\n"))
        #expect(answers.contains("cmdstat_hgetall:calls=2"))
    }

    // MARK: An endpoint of somebody else

    @Test func `the same scenario runs against any Dapr endpoint`() throws {
        let serve = try ServeProcess(["--store", "memory"])
        for host in ["127.0.0.1", "localhost"] {
            let outcome = try scenarios.run([
                "\(Fakedapr.checkout)/Scenarios/statestore.yaml", "--endpoint",
                "http://\(host):\(serve.port)",
            ])
            #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
            #expect(outcome.output.contains("[store=endpoint]"))
            #expect(
                outcome.output.contains(
                    ": it asks the journal, which an endpoint of somebody else does not have"))
        }
        #expect(try serve.client().request("GET", "/v1.0/state/statestore/weapon").status == 200)
    }

    @Test func `an endpoint where nobody listens is 3`() throws {
        let outcome = try scenarios.run(
            "version: 1\nsteps: [{ get: /v1.0/healthz }]\n", ["--endpoint", "http://127.0.0.1:1"])
        #expect(outcome.status == 3)
        #expect(
            outcome.output.contains(
                "GET /v1.0/healthz: no answer: cannot connect: connection refused"))
    }

    @Test func `an answer that does not come in time fails its step`() throws {
        // Stopped, a server's kernel takes connections and nobody answers.
        let serve = try ServeProcess(["--store", "memory"])
        serve.process.signal(SIGSTOP)
        let outcome = try scenarios.run(
            "version: 1\nsteps: [{ get: /v1.0/healthz, timeout: 100ms }]\n",
            ["--endpoint", "http://127.0.0.1:\(serve.port)"])
        serve.process.signal(SIGCONT)
        #expect(outcome.status == 4)
        #expect(outcome.output.contains("GET /v1.0/healthz: no answer: it took too long"))
    }

    // MARK: How it fails

    @Test(arguments: [
        (["--jobs", "0"], "invalid --jobs: write 1 or more"),
        (["--jobs", "many"], "many"), (["--store", "mongo"], "mongo"),
        (["--endpoint", "127.0.0.1:3500"], "write http://127.0.0.1:3500"),
        (["--endpoint", "http://127.0.0.1:x"], "write http://127.0.0.1:3500"),
        (["--endpoint", "http://127.0.0.1:1/v1.0"], "write http://127.0.0.1:3500"),
        (["--compiler", "gcc"], "gcc"), (["--tmings"], "timings"),
    ])
    func `a wrong flag is 1`(options: [String], text: String) throws {
        let outcome = try scenarios.run("version: 1\nsteps: []\n", options)
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains(text), "\(outcome.errors)")
    }

    @Test func `no scenario at all is 1`() throws {
        #expect(try scenarios.run([String]()).status == 1)
    }

    @Test func `a file that is wrong is 2 with its place, and nothing is run`() throws {
        try scenarios.folder.write("good.yaml", "version: 1\nsteps: []\n")
        try scenarios.folder.write(
            "bad.yaml", "version: 1\nsteps:\n  - get: /\n    expcet: { status: 200 }\n")
        let outcome = try scenarios.run(["good.yaml", "bad.yaml"])
        #expect(outcome.status == 2)
        #expect(outcome.output == "")
        #expect(
            outcome.errors == """
                bad.yaml:4:5: error: unknown key `expcet`
                      expcet: { status: 200 }
                      ^~~~~~
                  hint: did you mean `expect`?

                """)
    }

    @Test func `a guest that is not there is 2 with its place`() throws {
        let outcome = try scenarios.run(steps: "  - guest: nowhere.wasm")
        #expect(outcome.status == 2)
        #expect(
            outcome.errors == """
                s.yaml:4:12: error: there is no guest ./nowhere.wasm
                    - guest: nowhere.wasm
                             ^~~~~~~~~~~~
                  hint: a guest's path is relative to the scenario's file

                """)
    }

    @Test func `a guest that is no module is 3`() throws {
        try scenarios.folder.write("bad.wasm", "nonsense")
        let outcome = try scenarios.run(steps: "  - guest: bad.wasm")
        #expect(outcome.status == 3)
        #expect(outcome.output.contains("error: the guest is no WASM module that can be run: "))
    }

    @Test func `a component of an unknown type is 2 with its place, before anything is run`() throws
    {
        let outcome = try scenarios.run(
            "version: 1\nsidecar: { components: { s: state.rediss } }\nsteps: []\n")
        #expect(outcome.status == 2)
        #expect(outcome.output == "")
        #expect(
            outcome.errors == """
                s.yaml:2:29: error: unknown component type `state.rediss`
                  sidecar: { components: { s: state.rediss } }
                                              ^~~~~~~~~~~~
                  hint: did you mean `state.redis`?

                """, "\(outcome.errors)")
    }

    @Test(
        arguments: [
            ("{ get: '/${nam}' }", "no value for ${nam}", "did you mean `name`?"),
            ("{ get: /, expect: { body: '${later}' } }", "no value for ${later}", nil),
            ("{ post: /, json: { a: ['${x}'] } }", "no value for ${x}", nil),
            ("{ verify: { path: '${x}', exactly: 1 } }", "no value for ${x}", nil),
            ("{ guest: quiet.wat, args: ['${x}'] }", "no value for ${x}", nil),
            ("{ get: /, app: worker }", "there is no app `worker`", nil),
        ] as [(String, String, String?)])
    func `what has no value is 2 with its place, before anything is run`(
        step: String, message: String, hint: String?
    ) throws {
        let outcome = try scenarios.run(
            """
            version: 1
            matrix: { name: [a] }
            steps:
              - \(step)
              - { get: /, capture: { later: body } }
            """)
        #expect(outcome.status == 2)
        #expect(outcome.output == "")
        #expect(outcome.errors.hasPrefix("s.yaml:4:"), "\(outcome.errors)")
        #expect(outcome.errors.contains("error: \(message)\n"), "\(outcome.errors)")
        if let hint { #expect(outcome.errors.contains(hint)) }
    }

    @Test func `without a redis-server in PATH it is 3 and says what to do`() throws {
        let outcome = try scenarios.run(
            "version: 1\nmatrix: { store: [memory, redis] }\nsteps: []\n",
            environment: ["PATH": "/nowhere"])
        #expect(outcome.status == 3)
        #expect(outcome.output == "")
        #expect(
            outcome.errors
                == "fakedapr: scenarios want a Redis, and there is no redis-server in PATH: "
                + "install one (apt-get install redis-server), name a running one with "
                + "--redis-url, or leave Redis out with --store sqlite\n")
    }

    @Test func `without libwasmtime guests are 3, and scenarios without guests run`() throws {
        let environment = ["FAKEDAPR_WASMTIME": "/nowhere/libwasmtime.so"]
        let guest = try scenarios.run(
            "version: 1\nsteps: [{ guest: quiet.wat }]\n", environment: environment)
        #expect(guest.status == 3)
        #expect(guest.output.contains("error: no libwasmtime to run guests with"))
        let none = try scenarios.run(
            "version: 1\nsteps: [{ get: /v1.0/healthz }]\n", environment: environment)
        #expect(none.status == 0)
    }

    // MARK: Signals

    @Test(arguments: [SIGINT, SIGTERM])
    func `a signal ends the run in moments, and nothing of it is left`(signal: Int32) throws {
        let temporary = try TemporaryFolder()
        try scenarios.folder.write(
            "s.yaml",
            """
            version: 1
            name: n
            matrix: { store: [memory, redis], guest: [quiet.wat, endless.wat] }
            sidecar: { components: { statestore: "state.${store}" } }
            steps:
              - put: { store: statestore, key: a, value: 1 }
              - guest: ${guest}
                timeout: 60s
            """)
        let process = try FakedaprProcess(
            ["scenario", "run", "s.yaml", "--jobs", "1"],
            environment: ["TMPDIR": temporary.path], folder: scenarios.folder.path)
        try Deadline.wait("the first case to end") { process.output.contains("✓ n ") }
        process.signal(signal)
        #expect(try process.waitForExit() == 130)
        #expect(process.errors == "fakedapr: interrupted: 1 of 4 cases ran\n")
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.path).isEmpty)
    }
}
