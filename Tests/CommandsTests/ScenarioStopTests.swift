import Foundation
import TestSupport
import Testing

/// How a run is broken off, and one that goes on with every change.
@Suite struct ScenarioStopTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func `what is always to be done is done after a Ctrl-C in the middle of a step`() throws {
        let serve = try ServeProcess(["--store", "memory"])
        try folder.write(
            "s.yaml",
            """
            version: 1
            name: broken off
            steps:
              - put: { store: statestore, key: begun, value: 1 }
              - get: /v1.0/state/statestore/never
                retry: 60s
                expect: { status: 200 }
              - put: { store: statestore, key: later, value: 1 }
            always:
              - put: { store: statestore, key: always, value: 1 }
            """)
        let run = try FakedaprProcess(
            ["scenario", "run", "s.yaml", "--endpoint", "http://127.0.0.1:\(serve.port)"],
            folder: folder.path)
        try Deadline.wait("the first step to be done") { try serve.value("begun") == "1" }
        run.signal(SIGINT)
        #expect(try run.waitForExit() == 130)
        #expect(run.errors.contains("interrupted: 0 of 1 cases ran"))
        #expect(try serve.value("always") == "1")
        #expect(try serve.value("later") == "")
    }

    @Test func `watch runs again whenever a file changes, and ends with what came last`() throws {
        let text = "version: 1\nname: watched\nsteps:\n  - get: /v1.0/healthz\n"
        try folder.write("s.yaml", text)
        let run = try FakedaprProcess(
            ["scenario", "run", "s.yaml", "--watch"], folder: folder.path)
        try Deadline.wait("the first run") { run.errors.contains("watching ., Ctrl-C ends it") }
        #expect(run.output.contains("✓ watched"))
        // Broken, which is told and no end, then mended to something that fails.
        try folder.write("s.yaml", "version: 1\nstep: []\n")
        try Deadline.wait("the mistake to be told") { run.errors.contains("did you mean `steps`?") }
        try folder.write("s.yaml", text + "    expect: { status: 500 }\n")
        // Told whole: a run that Ctrl-C breaks off has another status.
        try Deadline.wait("the failure to be told") {
            run.output.contains("0 passed, 1 failed")
                && run.errors.components(separatedBy: "watching .").count > 3
        }
        run.signal(SIGINT)
        #expect(try run.waitForExit() == 4)
    }
}
