internal import ArgumentParser

/// `fakedapr`: the command line. The one place that knows concrete back ends and puts parts together.
struct FakedaprCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fakedapr",
        abstract: "A Dapr sidecar for development and tests, in one native binary.",
        discussion: """
            Every option is also an environment variable: --dapr-http-port is \
            FAKEDAPR_DAPR_HTTP_PORT. A list takes its values separated by commas.

            EXAMPLES
              fakedapr serve                         state in SQLite, port 3500
              fakedapr serve --store redis           state in Redis, port 6379
              fakedapr run -a api -p 8000 -- python3 app.py
              fakedapr run -f dapr.yaml              all apps of a file
              fakedapr scenario run statestore.yaml  a scenario on every store
              fakedapr verify --topic orders --exactly 1
              fakedapr clock advance 1h              or reset, seed, fault, stub, …
              fakedapr wasm run -a http://127.0.0.1:3500 guest.wasm

            EXIT STATUS
              0 ok, 1 usage, 2 file or parse error, 3 runtime or infrastructure,
              4 an expectation failed, 124 timeout, 130 interrupted.
              `run` and `wasm run` hand on the app's and the guest's own status.
            """,
        version: Version.current,
        subcommands: [
            ServeCommand.self, RunCommand.self, StopCommand.self, ListCommand.self,
            InvokeCommand.self, PublishCommand.self, LogsCommand.self, StatusCommand.self,
            InitCommand.self, UninstallCommand.self, VersionCommand.self, WaitCommand.self,
            JournalCommand.self, TailCommand.self, VerifyCommand.self, ResetCommand.self,
            SeedCommand.self,
            SnapshotCommand.self, ClockCommand.self, FaultCommand.self, StubCommand.self,
            SandboxCommand.self, DoctorCommand.self, ScenarioCommand.self, WasmCommand.self,
        ])

}

/// What this program calls itself.
enum Version {
    static let current = "0.1.0"
    /// The Dapr whose behaviour this is.
    static let dapr = "1.18.3"
}
