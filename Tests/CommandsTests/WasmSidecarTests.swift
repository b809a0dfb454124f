import Foundation
import TestSupport
import Testing

/// Guests against a live sidecar: ours, in C, and as AssemblyScript makes them.
@Suite struct WasmSidecarTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func `an AssemblyScript program runs unchanged against a live sidecar`() throws {
        let serve = try ServeProcess(["--store", "memory"])
        let base = "http://127.0.0.1:\(serve.port)"
        let file = try folder.write("optimized.wat", AssemblyScriptGuest.text(base: base))
        let outcome = try Fakedapr.run(["wasm", "run", "-a", base, file])
        #expect(outcome.output == AssemblyScriptGuest.output(base))
        #expect(outcome.errors == "")
        #expect(outcome.status == 0)
        let stored = try serve.client().request("GET", "/v1.0/state/statestore/planets")
        #expect(stored.text == AssemblyScriptGuest.planets)
    }

    @Test func `an AssemblyScript program with the conventional address runs in a scenario`() throws
    {
        try folder.write("optimized.wat", AssemblyScriptGuest.text())
        let stdout = AssemblyScriptGuest.output().split(
            separator: "\n", omittingEmptySubsequences: false
        )
        .map { "        \($0)" }.joined(separator: "\n")
        let file = try folder.write(
            "s.yaml",
            """
            version: 1
            steps:
              - guest: optimized.wat
                expect:
                  calls: { length: 4 }
                  stdout: |
            \(stdout)
            """)
        let outcome = try Fakedapr.run(["scenario", "run", file])
        #expect(outcome.status == 0, "\(outcome.output)")
    }

    @Test func `its method DELET goes out as it is`() throws {
        let serve = try ServeProcess(["--store", "memory"])
        let base = "http://127.0.0.1:\(serve.port)"
        let file = try folder.write("g.wat", AssemblyScriptGuest.text(base: base, method: "DELET"))
        let outcome = try Fakedapr.run(["wasm", "run", "-a", base, file])
        #expect(outcome.status == 0)
        #expect(outcome.output.hasSuffix("Test failed!\n"))
        // The sidecar knows no such method, as Dapr does not.
        let answer = try serve.client().request("DELET", "/v1.0/state/statestore")
        #expect(answer.status == 404)
    }

    @Test(arguments: [
        ([], "7"), (["-a", "http://localhost:3500"], "7"), (["-a", "127.0.0.1"], ":"),
        (["-c", "0", "-a", "insecure:allow-all"], "="),
    ])
    func `a guest that may not reach its host says so as the package does`(
        options: [String], code: String
    ) throws {
        let file = try folder.write("g.wat", AssemblyScriptGuest.text())
        let outcome = try Fakedapr.run(["wasm", "run"] + options + [file])
        #expect(outcome.status == 1)
        let lines = outcome.output.split(separator: "\n")
        // One digit, so that 10 is the character after 9 and 13 three further.
        #expect(lines.dropFirst(2) == ["ERROR CODE: \(code)", "ERROR MESSAGE: no such"])
        #expect(outcome.errors == ":0:0: error: \n")
    }

    @Test func `the port of an allowed host does not count, and proxies are ignored`() throws {
        let serve = try ServeProcess(["--store", "memory"])
        let base = "http://127.0.0.1:\(serve.port)"
        let file = try folder.write("g.wat", AssemblyScriptGuest.text(base: base))
        let nowhere = "http://127.0.0.1:1"
        let outcome = try Fakedapr.run(
            ["wasm", "run", "--allowed-host", "https://127.0.0.1:3500/x", file],
            environment: [
                "http_proxy": nowhere, "HTTP_PROXY": nowhere, "https_proxy": nowhere,
                "ALL_PROXY": nowhere,
            ])
        #expect(outcome.output == AssemblyScriptGuest.output(base))
    }

    @Test func `a guest's bound of open responses is the one given`() throws {
        let serve = try ServeProcess(["--store", "memory"])
        let base = "http://127.0.0.1:\(serve.port)"
        let file = try folder.write("g.wat", AssemblyScriptGuest.text(base: base))
        // Every response is closed before the next request.
        let outcome = try Fakedapr.run(["wasm", "run", "-a", base, "-c", "1", file])
        #expect(outcome.output == AssemblyScriptGuest.output(base))
    }

    // MARK: Built guests

    /// The toolchain that the committed guests were built with.
    static let toolchain = "6.3.1"
    static let hasToolchain: Bool = {
        let outcome = try? ShellProcess.run("swift --version 2>/dev/null", [])
        return outcome?.output.contains("Swift version \(toolchain) ") ?? false
    }()
    static let hasC = FileManager.default.fileExists(atPath: "/usr/include/wasm32-wasi")

    private func build() throws {
        let script = "\(Fakedapr.checkout)/Scenarios/guests/build.sh"
        let outcome = try ShellProcess.run(
            "\"$0\" \"$1\"", [script, folder.path], within: .seconds(240))
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    private static let guests = ["statestore", "etag"]

    @Test(.enabled(if: hasToolchain, "the committed guests are compared with Swift 6.3.1's"))
    func `the committed guests are what their sources make, byte for byte`() async throws {
        try await OffPool.run { [self] in
            try build()
            for name in Self.guests {
                let fresh = try Foundation.Data(
                    contentsOf: URL(fileURLWithPath: "\(folder.path)/\(name).wasm"))
                let kept = try Foundation.Data(
                    contentsOf: URL(
                        fileURLWithPath: "\(Fakedapr.checkout)/Scenarios/guests/\(name).wasm"))
                #expect(fresh == kept, "\(name).wasm: run make guests")
            }
            if Self.hasC { try runC() }
        }
    }

    /// The guests in C, which are built where wasi-libc is, do what those in Swift do.
    private func runC() throws {
        for name in Self.guests {
            let scenario = try String(
                contentsOfFile: "\(Fakedapr.checkout)/Scenarios/\(name).yaml", encoding: .utf8)
            #expect(scenario.contains("guests/\(name).wasm"))
            let inC = scenario.replacing("guests/\(name).wasm", with: "build/\(name)-c.wasm")
            let file = try folder.write("\(name).yaml", inC)
            let outcome = try Fakedapr.run(["scenario", "run", file])
            #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        }
    }
}
