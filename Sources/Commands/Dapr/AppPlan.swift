internal import Blocks
internal import Transport

/// One application of `run`: its sidecar, and the command that it is started by.
struct AppPlan: Sendable {
    var sidecar: SidecarPlan
    var httpPort: UInt16
    var grpcPort: UInt16
    /// Told to the application; nobody listens there.
    var metricsPort: UInt16
    /// Empty for a sidecar alone.
    var command: [String]
    /// Where it works; nil for here.
    var folder: String?
    /// Variables of its own.
    var variables: [String: String] = [:]

    /// Where this user's sidecars are known.
    var registry: SidecarRegistry

    var appID: String { sidecar.appID }

    /// What others are told of it.
    func entry(_ address: SocketAddress) -> SidecarEntry {
        var entry = SidecarEntry(
            appID: appID, address: address.reachable, grpcPort: grpcPort, appPort: sidecar.appPort,
            token: sidecar.settings.apiToken)
        entry.command = command.joined(separator: " ")
        entry.socket = registry.socketPath
        return entry
    }

    /// All variables of the application: those of this process, what Dapr tells it, its own.
    func environment(_ inherited: [String: String]) -> [String: String] {
        let settings = sidecar.settings
        var told = [
            "APP_ID": appID, "APP_CHANNEL_ADDRESS": settings.appChannelAddress,
            "APP_PROTOCOL": settings.appProtocol, "DAPR_HTTP_PORT": String(httpPort),
            "DAPR_GRPC_PORT": String(grpcPort), "DAPR_METRICS_PORT": String(metricsPort),
        ]
        if let port = sidecar.appPort { told["APP_PORT"] = String(port) }
        // Dapr puts the ports last: an `env` of a run file cannot change them.
        return inherited.merging(variables) { $1 }.merging(told) { $1 }
    }

    /// The application as a program to be started.
    func program(_ inherited: [String: String]) throws(StartFailure) -> ProgramDescription {
        let environment = environment(inherited)
        let name = command.first ?? ""
        do throws(ProgramDescription.LookupError) {
            let path = try ProgramDescription.find(
                name, in: folder, search: environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin")
            return ProgramDescription(path, command, environment: environment, folder: folder)
        } catch {
            throw StartFailure(name, error)
        }
    }
}

/// Why an application was not started, in the words of Go's exec.
struct StartFailure: Error {
    let status: ExitStatus
    let text: String

    init(_ name: String, _ error: ProgramDescription.LookupError) {
        switch error {
        case .notFound:
            status = .notFound
            text =
                name.contains("/")
                ? "exec: \"\(name)\": stat \(name): no such file or directory"
                : "exec: \"\(name)\": executable file not found in $PATH"
        case .notExecutable:
            status = .notExecutable
            text = "exec: \"\(name)\": permission denied"
        }
    }

    init(_ program: ProgramDescription, _ error: SystemError) {
        status = .notExecutable
        let name = program.words.first ?? ""
        // execve says the same of a missing interpreter and of a missing folder.
        let place = program.folder.map { " in \($0)" } ?? ""
        text = "exec: \"\(name)\": \(error.reason)\(place)"
    }
}
