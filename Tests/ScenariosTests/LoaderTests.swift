import Blocks
import JSON
import Matching
import Testing
import YAML

@testable import Scenarios

/// Scenario files: what they mean, and every mistake at its place.
@Suite struct LoaderTests {
    private static func load(_ text: String) throws(Diagnostic) -> Scenario {
        try ScenarioLoader.load(SourceText(name: "s.yaml", text: text), folder: "folder")
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let text: String
        let rendered: String

        init(_ name: String, _ text: String, _ rendered: String) {
            (testDescription, self.text, self.rendered) = (name, text, rendered)
        }

        /// A file with one step.
        init(_ name: String, step: String, _ rendered: String) {
            self.init(name, "version: 1\nsteps:\n  - \(step)\n", rendered)
        }
    }

    static let mistakes = [
        Row(
            "nothing", "",
            """
            s.yaml:1:1: error: the file holds no scenario
              hint: a scenario begins with `version: 1` and has `steps`
            """),
        Row(
            "two documents", "version: 1\nsteps: []\n---\na: 1\n",
            """
            s.yaml:4:1: error: more than one document
              a: 1
              ^~~~
              hint: a scenario begins with `version: 1` and has `steps`
            """),
        Row(
            "not YAML", "version: [",
            """
            s.yaml:1:11: error: cannot read the document: a value is missing
              version: [
                        ^
            """),
        Row(
            "a list", "- version: 1\n",
            """
            s.yaml:1:1: error: expected a mapping, found a list
              - version: 1
              ^~~~~~~~~~~~
            """),
        Row(
            "an unknown key", "version: 1\nstep: []\n",
            """
            s.yaml:2:1: error: unknown key `step`
              step: []
              ^~~~
              hint: did you mean `steps`?
            """),
        Row(
            "no version", "name: x\nsteps: []\n",
            """
            s.yaml:1:1: error: the key `version` is missing
              name: x
              ^~~~
            """),
        Row(
            "another version", "version: 2\nsteps: []\n",
            """
            s.yaml:1:10: error: `version` is to be 1
              version: 2
                       ^
            """),
        Row(
            "no steps", "version: 1\nname: x\n",
            """
            s.yaml:1:1: error: the key `steps` is missing
              version: 1
              ^~~~~~~
            """),
        Row(
            "steps that are no list", "version: 1\nsteps: {get: /}\n",
            """
            s.yaml:2:8: error: expected a list, found a mapping
              steps: {get: /}
                     ^~~~~~~~
            """),
        Row(
            "a name that is no text", "version: 1\nname: [a]\nsteps: []\n",
            """
            s.yaml:2:7: error: expected a text, found a list
              name: [a]
                    ^~~
            """),
        Row(
            "an empty matrix", "version: 1\nmatrix: {store: []}\nsteps: []\n",
            """
            s.yaml:2:17: error: an empty matrix runs nothing
              matrix: {store: []}
                              ^~
            """),
        Row(
            "a matrix value that is no text", "version: 1\nmatrix: {store: [{a: 1}]}\nsteps: []\n",
            """
            s.yaml:2:18: error: expected a text, found a mapping
              matrix: {store: [{a: 1}]}
                               ^~~~~~
            """),
        Row(
            "an exclusion by a variable that is not there",
            "version: 1\nmatrix: {exclude: [{stor: memory}], store: [memory, redis]}\nsteps: []\n",
            """
            s.yaml:2:21: error: the matrix has no variable `stor`
              matrix: {exclude: [{stor: memory}], store: [memory, redis]}
                                  ^~~~
              hint: did you mean `store`?
            """),
        Row(
            "exclusions that leave nothing",
            "version: 1\nmatrix: {store: [memory], exclude: [{store: memory}]}\nsteps: []\n",
            """
            s.yaml:2:36: error: `exclude` leaves no case of the matrix
              matrix: {store: [memory], exclude: [{store: memory}]}
                                                 ^~~~~~~~~~~~~~~~~
              hint: a row excludes every case that agrees with all of it
            """),
        Row(
            "an unknown sidecar key", "version: 1\nsidecar: {appID: x}\nsteps: []\n",
            """
            s.yaml:2:11: error: unknown key `appID`
              sidecar: {appID: x}
                        ^~~~~
              hint: did you mean `appId`?
            """),
        Row(
            "a component without a type", "version: 1\nsidecar: {components: {s: }}\nsteps: []\n",
            """
            s.yaml:2:27: error: expected a text, found nothing
              sidecar: {components: {s: }}
                                        ^
            """),
        Row(
            "a step that does nothing", step: "name: x",
            """
            s.yaml:3:5: error: a step has to say what it does
                - name: x
                  ^~~~~~~
              hint: one of: guest, verify, wait, put, publish, invoke, get, post, delete, patch, head, options, request, clock, fault, stub, reset, seed, snapshot, steps, parallel, include
            """),
        Row(
            "a step that is nearly something", step: "gest: x.wasm",
            """
            s.yaml:3:5: error: a step has to say what it does
                - gest: x.wasm
                  ^~~~~~~~~~~~
              hint: did you mean `guest`?
            """),
        Row(
            "a step that is no mapping", step: "get",
            """
            s.yaml:3:5: error: expected a mapping, found the string `get`
                - get
                  ^~~
            """),
        Row(
            "two actions", step: "{get: /, post: /}",
            """
            s.yaml:3:14: error: a step does one thing, and this one says `get` already
                - {get: /, post: /}
                           ^~~~
              hint: make it a step of its own
            """),
        Row(
            "a guest and a request", step: "{guest: a.wasm, get: /}",
            """
            s.yaml:3:21: error: a step does one thing, and this one says `guest` already
                - {guest: a.wasm, get: /}
                                  ^~~
              hint: make it a step of its own
            """),
        Row(
            "an unknown key of a request", step: "{get: /, expct: {}}",
            """
            s.yaml:3:14: error: unknown key `expct`
                - {get: /, expct: {}}
                           ^~~~~
              hint: did you mean `expect`?
            """),
        Row(
            "an unknown key of a guest", step: "{guest: a.wasm, arg: []}",
            """
            s.yaml:3:21: error: unknown key `arg`
                - {guest: a.wasm, arg: []}
                                  ^~~
              hint: did you mean `args`?
            """),
        Row(
            "an unknown part", step: "{get: /, expect: {staus: 200}}",
            """
            s.yaml:3:23: error: unknown key `staus`
                - {get: /, expect: {staus: 200}}
                                    ^~~~~
              hint: did you mean `status`?
            """),
        Row(
            "a request's part of a guest", step: "{guest: a.wasm, expect: {status: 200}}",
            """
            s.yaml:3:30: error: unknown key `status`
                - {guest: a.wasm, expect: {status: 200}}
                                           ^~~~~~
              hint: known here: `exit`, `end`, `stdout`, `stderr`, `calls`
            """),
        Row(
            "an unknown capture", step: "{get: /, capture: {a: header.etag}}",
            """
            s.yaml:3:27: error: nothing is called `header` here
                - {get: /, capture: {a: header.etag}}
                                        ^~~~~~~~~~~
              hint: did you mean `headers`?
            """),
        Row(
            "a capture that is no path", step: "{get: /, capture: {a: [b]}}",
            """
            s.yaml:3:27: error: expected a text, found a list
                - {get: /, capture: {a: [b]}}
                                        ^~~
            """),
        Row(
            "two bodies", step: "{post: /, body: a, json: 1}",
            """
            s.yaml:3:30: error: a request has one body: `body` or `json`
                - {post: /, body: a, json: 1}
                                           ^
            """),
        Row(
            "a timeout that is none", step: "{get: /, timeout: soon}",
            """
            s.yaml:3:23: error: not a duration
                - {get: /, timeout: soon}
                                    ^~~~
              hint: write `500ms` or `2s`
            """),
        Row(
            "a timeout of nothing", step: "{get: /, timeout: 0s}",
            """
            s.yaml:3:23: error: not a duration
                - {get: /, timeout: 0s}
                                    ^~
              hint: write `500ms` or `2s`
            """),
        Row(
            "a seed that is none", step: "{guest: a.wasm, seed: x}",
            """
            s.yaml:3:27: error: expected a whole number, found the string `x`
                - {guest: a.wasm, seed: x}
                                        ^
            """),
        Row(
            "an unknown type", step: "{get: /, expect: {json: {type: strin}}}",
            """
            s.yaml:3:36: error: unknown type `strin`
                - {get: /, expect: {json: {type: strin}}}
                                                 ^~~~~
              hint: did you mean `string`?
            """),
        Row(
            "a pattern that is none", step: "{get: /, expect: {body: {matches: '('}}}",
            """
            s.yaml:3:39: error: not a regular expression
                - {get: /, expect: {body: {matches: '('}}}
                                                    ^~~
            """),
        Row(
            "a bound that is no number", step: "{get: /, expect: {status: {gt: high}}}",
            """
            s.yaml:3:36: error: `gt` is to be a number, found a string
                - {get: /, expect: {status: {gt: high}}}
                                                 ^~~~
            """),
        Row(
            "absent with neither", step: "{get: /, expect: {json: {absent: maybe}}}",
            """
            s.yaml:3:38: error: expected a boolean, found the string `maybe`
                - {get: /, expect: {json: {absent: maybe}}}
                                                   ^~~~~
              hint: write `true` or `false`
            """),
        Row(
            "an operator misspelt", step: "{get: /, expect: {json: {typ: integer, gt: 1}}}",
            """
            s.yaml:3:30: error: unknown operator `typ`
                - {get: /, expect: {json: {typ: integer, gt: 1}}}
                                           ^~~
              hint: did you mean `type`? members of an object are compared by `exactly: {…}`
            """),
        Row(
            "verify without a count", step: "{verify: {api: state}}",
            """
            s.yaml:3:14: error: `verify` says not how often
                - {verify: {api: state}}
                           ^~~~~~~~~~~~
              hint: add `exactly: 1`, `atLeast: 1` or `atMost: 1`
            """),
        Row(
            "verify below zero", step: "{verify: {api: state, exactly: -1}}",
            """
            s.yaml:3:36: error: expected a whole number of at least 0, found -1
                - {verify: {api: state, exactly: -1}}
                                                 ^~
            """),
        Row(
            "an unknown field of verify", step: "{verify: {operaton: set, exactly: 1}}",
            """
            s.yaml:3:15: error: unknown key `operaton`
                - {verify: {operaton: set, exactly: 1}}
                            ^~~~~~~~
              hint: did you mean `operation`?
            """),
        Row(
            "verify with expectations", step: "{verify: {exactly: 1}, expect: {}}",
            """
            s.yaml:3:28: error: unknown key `expect`
                - {verify: {exactly: 1}, expect: {}}
                                         ^~~~~~
              hint: known here: `verify`, `name`, `foreach`
            """),
        Row(
            "put without a key", step: "{put: {store: s, value: 1}}",
            """
            s.yaml:3:12: error: the key `key` is missing
                - {put: {store: s, value: 1}}
                         ^~~~~
            """),
        Row(
            "put with an unknown key", step: "{put: {store: s, key: k, val: 1}}",
            """
            s.yaml:3:30: error: unknown key `val`
                - {put: {store: s, key: k, val: 1}}
                                           ^~~
              hint: did you mean `value`?
            """),
        Row(
            "a header that is no text", step: "{get: /, headers: {a: [1]}}",
            """
            s.yaml:3:27: error: expected a text, found a list
                - {get: /, headers: {a: [1]}}
                                        ^~~
            """),
    ]

    @Test(arguments: mistakes)
    func `a mistake is told with its place and how to mend it`(row: Row) {
        do throws(Diagnostic) {
            _ = try Self.load(row.text)
            Issue.record("nothing was refused")
        } catch {
            #expect(error.rendered == row.rendered)
        }
    }

    // MARK: What files mean

    @Test func `a whole file is read`() throws {
        let scenario = try Self.load(
            """
            version: 1
            name: all of it
            matrix: { store: [memory, redis], size: [1, 2.0, true] }
            sidecar: { appId: me, components: { s: "state.${store}", t: state.sqlite } }
            setup:
              - put: { store: s, key: k, value: { a: [1, "${x}"] }, etag: "1", metadata: { ttlInSeconds: "5" } }
            steps:
              - name: a guest
                guest: g.wasm
                args: [a, 1, true]
                env: { A: "1", B: x }
                stdin: in
                invoke: main
                timeout: 1m30s
                seed: 7
                expect: { exit: 3, stdout: out }
              - request: /x
                method: PROPFIND
                headers: { A: b }
                body: text
              - patch: /y
                json: [1]
            always:
              - verify: { api: state, operation: { not: get }, atLeast: 1, atMost: 3 }
            """)
        #expect(scenario.name == "all of it")
        #expect(scenario.folder == "folder")
        #expect(scenario.matrix.variables.map(\.variable) == ["store", "size"])
        #expect(
            scenario.matrix.variables.map(\.values) == [
                ["memory", "redis"], ["1", "2.0", "true"],
            ])
        #expect(scenario.sidecar.appID == "me")
        #expect(scenario.sidecar.components?.map(\.name) == ["s", "t"])
        #expect(
            scenario.sidecar.components?.map(\.type.text) == ["state.${store}", "state.sqlite"])
        #expect(scenario.setup.map(\.name) == ["put k"])
        #expect(scenario.steps.map(\.name) == ["a guest", "PROPFIND /x", "PATCH /y"])
        #expect(scenario.always.map(\.name) == ["verify"])

        guard case .request(let put) = scenario.setup[0].action else { throw Wrong.action }
        #expect(put.method == "POST")
        #expect(put.target.text == "/v1.0/state/s")
        guard case .json(let body, _) = put.body else { throw Wrong.action }
        #expect(
            body.filled(["x": "\"q\""]).value.text
                == #"[{"key":"k","value":{"a":[1,"\"q\""]},"etag":"1","metadata":{"ttlInSeconds":"5"}}]"#
        )
        #expect(scenario.setup[0].expectations.map(\.part) == ["status"])

        guard case .guest(let guest) = scenario.steps[0].action else { throw Wrong.action }
        #expect(guest.arguments.map(\.text) == ["a", "1", "true"])
        #expect(guest.environment.map(\.name) == ["A", "B"])
        #expect(guest.input?.text == "in")
        #expect(guest.export == "main")
        #expect(guest.timeout == .seconds(90))
        #expect(guest.seed == 7)
        #expect(scenario.steps[0].expectations.map(\.part) == ["exit", "stdout"])

        guard case .request(let patch) = scenario.steps[2].action else { throw Wrong.action }
        #expect(patch.headers.map(\.name) == ["Content-Type"])

        guard case .verify(let verify) = scenario.always[0].action,
            case .count(let query, let bounds) = verify.question.form
        else { throw Wrong.action }
        #expect(query.expectations.map(\.part) == ["api", "operation"])
        #expect(bounds == JournalBounds(atLeast: 1, atMost: 3))
    }

    private enum Wrong: Error { case action }

    @Test func `a scenario without a sidecar gets a state store`() throws {
        let scenario = try Self.load("version: 1\nsteps: []\n")
        #expect(scenario.name == "s.yaml")
        #expect(scenario.sidecar.appID == "app")
        #expect(scenario.sidecar.components == nil)
        #expect(scenario.setup.isEmpty && scenario.steps.isEmpty && scenario.always.isEmpty)
    }

    @Test(arguments: [
        ("{guest: g}", ["exit"]), ("{guest: g, expect: {stdout: x}}", ["exit", "stdout"]),
        ("{guest: g, expect: {exit: 1}}", ["exit"]), ("{guest: g, expect: {end: x}}", ["end"]),
        ("{get: /}", []), ("{put: {store: s, key: k}}", ["status"]),
        ("{put: {store: s, key: k}, expect: {status: 400}}", ["status"]),
        ("{get: /, expect: {headers: {ETag: x, B: y}}}", ["headers.etag", "headers.b"]),
    ])
    func `what goes without saying is expected`(step: String, parts: [String]) throws {
        let scenario = try Self.load("version: 1\nsteps:\n  - \(step)\n")
        #expect(scenario.steps[0].expectations.map(\.part) == parts)
    }

    @Test(arguments: [
        (
            "json: {a: 1.5, b: '1', c: [true, null], d: x}",
            #"{"a":1.5,"b":"1","c":[true,null],"d":"x"}"#
        ),
        ("json: 12345678901234", "12345678901234"), ("json: ''", "\"\""), ("json: []", "[]"),
    ])
    func `YAML values become JSON`(body: String, json: String) throws {
        let scenario = try Self.load("version: 1\nsteps:\n  - post: /\n    \(body)\n")
        guard case .request(let request) = scenario.steps[0].action,
            case .json(let value, _) = request.body
        else { throw Wrong.action }
        #expect(value.text == json)
    }
}
