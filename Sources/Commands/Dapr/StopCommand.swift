internal import ArgumentParser
internal import Glibc
internal import JSON
internal import Transport

/// `fakedapr stop`: ends what `run` has started.
struct StopCommand: TableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Stop applications and their sidecars.")
    static let table = OptionTable.dapr(
        "stop",
        [
            .option("app-id", "a", "id", "The app id; several may also be given as words."),
            .option("run-file", "f", "file", "All applications of this run file."),
        ])
    static let discussion = """
        EXAMPLES
          fakedapr stop cart
          fakedapr stop -f dapr.yaml
        """

    @Argument(parsing: .captureForPassthrough) var words: [String] = []

    func run(_ options: ParsedOptions, _ console: Console) async throws -> Int32 {
        if let file = options["run-file"] {
            return stop(runFile: file, options.registry, console)
        }
        var ends: [JSONValue] = []
        for id in options.all("app-id") + options.words {
            let isStopped = try await stop(id, options.registry, console)
            ends.append(.members(["appId": .string(id), "stopped": .bool(isStopped)]))
        }
        console.result?.set(.array(ends))
        // As `dapr stop`: what was not there is told, and no failure.
        return 0
    }

    private func stop(
        _ id: String, _ registry: SidecarRegistry, _ console: Console
    ) async throws -> Bool {
        let found = registry.entries.filter { $0.appID == id }
        guard !found.isEmpty else {
            console.failure("failed to stop app id \(id): couldn't find app id \(id)")
            return false
        }
        for entry in found {
            if entry.shares > 1 {
                // The process has others too: this one is asked to go.
                _ = try? await SidecarCall(to: entry).send("POST", "/v1.0/shutdown")
            } else {
                kill(entry.processID, SIGTERM)
            }
        }
        wait(registry) { $0.appID == id }
        console.success("app stopped successfully: \(id)")
        return true
    }

    private func stop(
        runFile name: String, _ registry: SidecarRegistry, _ console: Console
    ) -> Int32 {
        var path = Paths.absolute(name, from: Paths.current)
        if FileContents.isFolder(path) { path += "/dapr.yaml" }
        guard path.hasSuffix(".yaml") || path.hasSuffix(".yml") else {
            console.failure("Failed to get run file path: file \"\(name)\" is not a YAML file")
            return ExitStatus.usage.rawValue
        }
        let processes = Set(registry.entries.filter { $0.runFile == path }.map(\.processID))
        guard !processes.isEmpty else {
            console.failure(
                "Failed to stop Dapr and app processes: couldn't find apps with run file "
                    + "\"\(path)\"")
            return 0
        }
        for process in processes { kill(process, SIGTERM) }
        wait(registry) { $0.runFile == path }
        console.success("Dapr and app processes stopped successfully")
        return 0
    }

    /// Until they are gone, so that what is started next meets nothing of them.
    private func wait(_ registry: SidecarRegistry, _ isMeant: (SidecarEntry) -> Bool) {
        let deadline = Reactor.monotonicNow() + Duration.seconds(5).nanoseconds
        while registry.entries.contains(where: isMeant), Reactor.monotonicNow() < deadline {
            BlockingPause.sleep(for: .milliseconds(10))
        }
    }
}
