import JSON
import TestSupport
import Testing
import Transport

/// What commands of the control API ask, seen by a server that repeats the request in its answer.
@Suite struct ControlRequestTests {
    /// A command line, and the request that it makes.
    struct Row: CustomTestStringConvertible, Sendable {
        let words: [String]
        let request: String
        var testDescription: String { words.joined(separator: " ") }
    }

    private static func row(_ words: String..., to request: String) -> Row {
        Row(words: words, request: request)
    }

    static let rows = [
        row("journal", to: "GET /journal"),
        row(
            "journal", "--app", "a", "--key", "a&b c", "--since", "7", "--limit=3",
            to: "GET /journal?app=a&key=a%26b%20c&since=7&limit=3"),
        row(
            "verify", "--api", "state", "--status", "200", "--exactly", "1",
            to: #"POST /verify {"api":"state","status":200,"exactly":1}"#),
        row(
            "verify", "--key=k", "--at-least=1", "--at-most", "2",
            to: #"POST /verify {"key":"k","atLeast":1,"atMost":2}"#),
        row("verify", "--outcome", "drop", to: #"POST /verify {"outcome":"drop","atLeast":1}"#),
        row("verify", #"{"key":"k"}"#, to: #"POST /verify {"key":"k"}"#),
        row(
            "wait", "--topic", "t", "--timeout", "2",
            to: #"POST /wait {"topic":"t","timeout":"2s"}"#),
        row("wait", "--topic", "t", to: #"POST /wait {"topic":"t","timeout":"5s"}"#),
        row("wait", #"{"topic":"t"}"#, to: #"POST /wait {"topic":"t"}"#),
        row("reset", to: "POST /reset {}"),
        row(
            "reset", "state", "topics,journal",
            to: #"POST /reset {"only":["state","topics","journal"]}"#),
        row("seed", #"{"state":{}}"#, to: #"POST /seed {"state":{}}"#),
        row("snapshot", "list", to: "GET /snapshots"),
        row("snapshot", "save", "a/b", to: "POST /snapshots/a%2Fb"),
        row("snapshot", "load", "a", to: "POST /snapshots/a/load"),
        row("snapshot", "show", "a", to: "GET /snapshots/a"),
        row("snapshot", "put", "a", "{}", to: "PUT /snapshots/a {}"),
        row("snapshot", "diff", "a", to: "GET /snapshots/a/diff"),
        row("snapshot", "diff", "a", "b", to: "GET /snapshots/a/diff?with=b"),
        row("snapshot", "delete", "a", to: "DELETE /snapshots/a"),
        row("clock", to: "GET /clock"),
        row("clock", "advance", "1h", to: #"POST /clock {"advance":"1h"}"#),
        row("clock", "real", to: #"POST /clock {"mode":"real"}"#),
        row("clock", "manual", to: #"POST /clock {"mode":"manual"}"#),
        row(
            "clock", "manual", "2026-01-01T00:00:00Z",
            to: #"POST /clock {"mode":"manual","at":"2026-01-01T00:00:00Z"}"#),
        row("clock", "accelerated", "60", to: #"POST /clock {"mode":"accelerated","rate":60}"#),
        row("fault", "list", to: "GET /faults"),
        row("fault", "add", #"{"kind":"reset"}"#, to: #"POST /faults {"kind":"reset"}"#),
        row("fault", "delete", "f1", to: "DELETE /faults/f1"),
        row("fault", "clear", to: "DELETE /faults"),
        row("stub", "list", to: "GET /stubs"),
        row("stub", "add", #"[{"app":"a"}]"#, to: #"POST /stubs [{"app":"a"}]"#),
        row("stub", "delete", "s1", to: "DELETE /stubs/s1"),
        row("stub", "clear", to: "DELETE /stubs"),
        row("sandbox", "list", to: "GET /sandboxes"),
        row("sandbox", "create", to: "POST /sandboxes {}"),
        row(
            "sandbox", "create", "x", "--port", "--idle", "5m", "--seed=7",
            to: #"POST /sandboxes {"id":"x","port":true,"idle":"5m","seed":7}"#),
        row("sandbox", "delete", "x", to: "DELETE /sandboxes/x"),
    ]

    @Test(arguments: rows)
    func `a command line makes a request`(_ row: Row) async throws {
        let answer = try await Self.answer(to: row.words)
        #expect(answer["asked"]?.string == row.request)
    }

    /// Runs a command against the repeating server.
    private static func answer(
        to words: [String], environment: [String: String] = [:], input: String? = nil
    ) async throws -> JSONValue {
        let server = try RepeatingServer.shared.get()
        let outcome = try await OffPool.run {
            try Fakedapr.run(
                words + ["--output", "json"],
                environment: ["FAKEDAPR_URL": server.url].merging(environment) { $1 },
                input: input)
        }
        #expect(outcome.status == 0, "\(outcome.errors)")
        return try JSONValue.parse(Array(outcome.output.utf8)[...])
    }

    @Test func `a document may be a file or standard input`() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("seed.yaml", "state: {}\n")
        #expect(
            try await Self.answer(to: ["seed", file])["asked"]?.string == "POST /seed state: {}\n")
        let piped = try await Self.answer(to: ["seed", "-"], input: "a: 1")
        #expect(piped["asked"]?.string == "POST /seed a: 1")
    }

    @Test func `a sandbox and a token are told`() async throws {
        let answer = try await Self.answer(
            to: ["journal", "--sandbox", "mine"], environment: ["DAPR_API_TOKEN": "secret"])
        #expect(answer["sandbox"]?.string == "mine")
        #expect(answer["token"]?.string == "secret")
        let given = try await Self.answer(
            to: ["journal"], environment: ["FAKEDAPR_SANDBOX": "other"])
        #expect(given["sandbox"]?.string == "other")
    }

    @Test func `the sidecar is found as an SDK finds it`() async throws {
        let server = try RepeatingServer.shared.get()
        let port = server.url.split(separator: ":").last.map(String.init) ?? ""
        for variables in [["DAPR_HTTP_ENDPOINT": server.url], ["DAPR_HTTP_PORT": port]] {
            let answer = try await Self.answer(
                to: ["clock"], environment: variables.merging(["FAKEDAPR_URL": ""]) { $1 })
            #expect(answer["asked"]?.string == "GET /clock")
        }
    }

    // MARK: Mistakes

    /// A command line, and how it is refused.
    @Test(arguments: [
        (
            ["snapshot"],
            "`snapshot` wants to know what to do: list, save, load, show, put, diff, delete"
        ),
        (["snapshot", "laod", "x"], "`snapshot` does not know `laod`: did you mean `load`?"),
        (["snapshot", "save"], "write `fakedapr snapshot save <name>`"),
        (["clock", "advance"], "write `fakedapr clock advance <duration>`"),
        (["clock", "accelerated", "fast"], "invalid rate `fast`: write a number such as 60"),
        (["stub", "delete"], "write `fakedapr stub delete <id> ...`"),
        (["verify"], "`verify` has no question: name a document, or options such as --api state"),
        (["verify", "{}", "--key", "k"], "`verify` takes a document or options, not both"),
        (["verify", "--exactly", "once"], "invalid --exactly `once`: write a number"),
        (["wait", "--key", "k", "--timeout", "soon"], "invalid --timeout `soon`"),
        (
            ["journal", "--stroe", "x"],
            "unknown option `--stroe` of `journal`: did you mean --store?"
        ),
        (["journal", "--url", "nowhere"], "invalid --url `nowhere`: write http://127.0.0.1:3500"),
    ])
    func `a command line that cannot be right ends with 1`(
        words: [String], message: String
    ) throws {
        let outcome = try Fakedapr.run(words)
        #expect(outcome.status == 1)
        #expect(outcome.errors.hasPrefix("fakedapr: \(message)"), "\(outcome.errors)")
    }

    @Test func `a sidecar that is not there ends with 3`() throws {
        let port = try FreePort.find()
        let outcome = try Fakedapr.run(["clock", "--url", "http://127.0.0.1:\(port)"])
        #expect(outcome.status == 3)
        #expect(
            outcome.errors
                == "fakedapr: no answer from http://127.0.0.1:\(port): connection refused: "
                + "is a sidecar running there? --url names another\n")
    }

    @Test func `a document that cannot be read ends with 2`() throws {
        let outcome = try Fakedapr.run(["seed", "missing.yaml"])
        #expect(outcome.status == 2)
        #expect(outcome.errors.hasPrefix("fakedapr: cannot read missing.yaml: "))
    }

    @Test func `a sidecar without a control API is told`() throws {
        let serve = try ServeProcess(["--store", "memory", "--no-control"])
        let url = "http://127.0.0.1:\(serve.port)"
        let outcome = try Fakedapr.run(["clock", "--url", url])
        #expect(outcome.status == 3)
        #expect(outcome.errors.hasPrefix("fakedapr: \(url) has no control API"))
    }

    @Test func `a mistake in a file is shown with its line`() throws {
        let serve = try ServeProcess(["--store", "memory"])
        let folder = try TemporaryFolder()
        try folder.write("stubs.yaml", "app: stock\nwhen: /a\nrepyl: { body: x }\n")
        let outcome = try Fakedapr.run(
            ["stub", "add", "stubs.yaml", "--url", "http://127.0.0.1:\(serve.port)"],
            folder: folder.path)
        #expect(outcome.status == 2)
        #expect(
            outcome.errors == """
                stubs.yaml:3:1: error: unknown key `repyl`
                  repyl: { body: x }
                  ^
                  hint: did you mean `reply`?

                """)
    }

    @Test func `stubs are added, listed and taken away`() throws {
        let serve = try ServeProcess(["--store", "memory"])
        func run(_ words: String...) throws -> Fakedapr.Outcome {
            try Fakedapr.run(words + ["--url", "http://127.0.0.1:\(serve.port)"])
        }
        let added = try run("stub", "add", #"{"app":"s","when":"/a","reply":{"body":"x"}}"#)
        #expect(added.output == "stub-1\n")
        #expect(try run("stub", "list").output.hasPrefix("id=stub-1  app=s  uses=0  when=/a"))
        #expect(try run("stub", "delete", "stub-1").output == "")
        #expect(try run("stub", "list").output == "")
        let missing = try run("stub", "delete", "stub-1")
        #expect(missing.status == 3)
        #expect(missing.errors.contains("there is no stub stub-1"))
    }
}

/// A server that answers every request with the request: method, what follows `/_fakedapr`, body.
private final class RepeatingServer: Sendable {
    static let shared = Result { try RepeatingServer() }

    let url: String
    private let child: Child

    private init() throws {
        let folder = try TemporaryFolder()
        let port = "\(folder.path)/port"
        child = try Child(
            ["/usr/bin/env", "python3", "-c", Self.program, port], folder: folder.path,
            output: "/dev/null", errors: "/dev/null")
        try Deadline.wait("the server to tell its port") { [child] in
            child.isRunning && FileContents.exists(port)
        }
        let bytes = try FileContents.read(port)
        url = "http://127.0.0.1:\(String(decoding: bytes, as: UTF8.self))"
    }

    private static let program = """
        import http.server, json, os, sys, threading, time
        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get('Content-Length') or 0)).decode()
                asked = f"{self.command} {self.path.removeprefix('/_fakedapr')} {body}".strip(' ')
                value = json.dumps({
                    'asked': asked, 'sandbox': self.headers.get('fakedapr-sandbox'),
                    'token': self.headers.get('dapr-api-token')}).encode()
                self.send_response(200)
                self.send_header('Content-Length', str(len(value)))
                self.end_headers()
                self.wfile.write(value)
            do_GET = do_POST = do_PUT = do_DELETE = answer
            def log_message(self, *_): pass
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        open(sys.argv[1] + '.new', 'w').write(str(server.server_port))
        os.rename(sys.argv[1] + '.new', sys.argv[1])
        threading.Thread(target=server.serve_forever, daemon=True).start()
        # It is shared by all tests and ends with them.
        parent = os.getppid()
        while os.getppid() == parent: time.sleep(0.2)
        """
}
