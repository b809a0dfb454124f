import Foundation
import TestSupport
import Testing
import Transport

/// What stands in Sources/Clients: the pytest plugin, run by a real pytest, and the shell recipe, run by
/// a real shell.
@Suite struct ClientTests {
    private static let clients = "\(Fakedapr.checkout)/Sources/Clients"
    private static let python = "\(Fakedapr.checkout)/.python/bin/python"

    /// Runs pytest with the plugin on a folder of tests.
    private static func pytest(
        _ arguments: [String], in folder: String, _ environment: String = ""
    ) async throws -> Fakedapr.Outcome {
        let words = arguments.map { "'\($0)'" }.joined(separator: " ")
        return try await OffPool.run {
            try ShellProcess.run(
                "PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=\(clients)/python "
                    + "FAKEDAPR_PROGRAM=\(Fakedapr.path) \(environment) "
                    + "\(python) -m pytest -q -p fakedapr.pytest_plugin -p no:cacheprovider "
                    + "--rootdir . \(words)",
                ["pytest"], folder: folder, within: .seconds(120))
        }
    }

    // MARK: pytest

    @Test(arguments: [[], ["-o", "fakedapr_sandbox=header"], ["-n", "2"]])
    func `the plugin's own tests pass`(arguments: [String]) async throws {
        let outcome = try await Self.pytest(
            arguments + ["\(Self.clients)/python/tests"], in: Self.clients)
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.contains(" passed"))
    }

    @Test func `test runs share the fakedapr that FAKEDAPR_URL names`() async throws {
        let serve = try ServeProcess(["--store", "memory"])
        let folder = try TemporaryFolder()
        try folder.write(
            "test_it.py",
            """
            def test_it(fakedapr, fakedapr_process):
                assert fakedapr_process.port == \(serve.port)
                assert fakedapr.port != \(serve.port)
            """)
        let outcome = try await Self.pytest(
            [], in: folder.path, "FAKEDAPR_URL=http://127.0.0.1:\(serve.port)")
        #expect(outcome.status == 0, "\(outcome.output)")
    }

    @Test func `a test that fails shows what its sidecar did`() async throws {
        let folder = try TemporaryFolder()
        try folder.write(
            "test_it.py",
            """
            def test_it(fakedapr):
                fakedapr.state["a"] = 1
                fakedapr.verify(key="b", exactly=1)
            """)
        let outcome = try await Self.pytest([], in: folder.path)
        #expect(outcome.status == 1)
        #expect(outcome.output.contains("fakedapr journal"))
        #expect(outcome.output.contains("set statestore/a"))
    }

    @Test func `a fakedapr that cannot be started is told with its reason`() async throws {
        let folder = try TemporaryFolder()
        try folder.write("test_it.py", "def test_it(fakedapr): pass\n")
        let outcome = try await Self.pytest(["--fakedapr-args=--stoer memory"], in: folder.path)
        #expect(outcome.status == 1)
        #expect(outcome.output.contains("--stoer"))
    }

    @Test func `no fakedapr is left when the test run is killed`() async throws {
        let folder = try TemporaryFolder()
        try folder.write(
            "test_it.py",
            """
            import os, signal
            def test_it(fakedapr, fakedapr_process):
                print(fakedapr_process.url, file=open("url", "w"), flush=True)
                os.kill(os.getpid(), signal.SIGKILL)
            """)
        _ = try await Self.pytest([], in: folder.path)
        let url = String(decoding: try FileContents.read("\(folder.path)/url"), as: UTF8.self)
        let outcome = try await OffPool.run {
            try ShellProcess.run(
                "for i in $(seq 200); do curl -s -o /dev/null $0 || exit 0; sleep 0.05; done; exit 1",
                [url.trimmingCharacters(in: .newlines) + "/v1.0/healthz"], within: .seconds(30))
        }
        #expect(outcome.status == 0)
    }

    // MARK: Recipes

    @Test func `the shell recipe runs as it stands`() async throws {
        let text = String(
            decoding: try FileContents.read("\(Self.clients)/recipes/shell.md"), as: UTF8.self)
        let script = try #require(
            text.split(separator: "```sh\n").dropFirst().first?
                .components(separatedBy: "```").first)
        let folder = URL(fileURLWithPath: Fakedapr.path).deletingLastPathComponent().path
        let outcome = try await OffPool.run {
            try ShellProcess.run(
                "PATH=\(folder):$PATH\n\(script)", ["sh"], within: .seconds(60))
        }
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.contains(#"{"name":"lamp"}"#))
    }
}
