internal import ArgumentParser
internal import Blocks
internal import Transport

/// Makes plans of applications from what `run` was told.
struct AppPlanner {
    private let options: ParsedOptions
    private let dapr: String

    init(_ options: ParsedOptions) {
        self.options = options
        dapr = UserFolders.dapr(options["runtime-path"])
    }

    /// The application of a single run.
    func single() throws -> AppPlan {
        let appID = options["app-id"] ?? AppIDs.random()
        let resources = options.all("resources-path") + options.all("components-path")
        var arguments = RunOptions.sidecarArguments(options)
        arguments += (resources.isEmpty ? Self.ifThere("\(dapr)/components") : resources)
            .map { "--resources-path=\($0)" }
        arguments += (options["config"].map { [$0] } ?? Self.ifThere("\(dapr)/config.yaml"))
            .map { "--config=\($0)" }
        return try plan(
            appID: appID, appPort: try options.port("app-port"),
            httpPort: try options.port("dapr-http-port"),
            grpcPort: try options.port("dapr-grpc-port"),
            metricsPort: try options.port("metrics-port"), arguments: arguments,
            logDescriptors: [1], command: options.words)
    }

    private static func ifThere(_ path: String) -> [String] {
        FileContents.exists(path) ? [path] : []
    }

    /// A plan by way of the sidecar's own command line: what daprd would have been started with.
    func plan(
        appID: String, appPort: UInt16?, httpPort: UInt16?, grpcPort: UInt16?,
        metricsPort: UInt16?, arguments: [String], logDescriptors: [Int32], command: [String]
    ) throws -> AppPlan {
        let httpPort = try httpPort ?? Self.freePort()
        let grpcPort = try grpcPort ?? Self.freePort()
        let dataFolder = Paths.absolute(
            options["data-dir"] ?? UserFolders.data, from: Paths.current)
        var words = ["--data-dir=\(dataFolder)"] + arguments
        words += [
            "--app-id=\(appID)", "--dapr-http-port=\(httpPort)", "--dapr-grpc-port=\(grpcPort)",
        ]
        words += logDescriptors.map { "--log-fd=\($0)" }
        if let appPort { words.append("--app-port=\(appPort)") }
        let serve = try ServeCommand.parse(IgnoredOptions.taken(from: words, environment: [:]))
        var sidecar = try serve.plan().sidecar
        // Ctrl-C ends all within two seconds, the application's own end included.
        sidecar.grace = .milliseconds(500)
        return AppPlan(
            sidecar: sidecar, httpPort: httpPort, grpcPort: grpcPort,
            metricsPort: try metricsPort ?? Self.freePort(), command: command,
            registry: SidecarRegistry(dataFolder: dataFolder))
    }

    private static func freePort() throws(Failure) -> UInt16 {
        do throws(SystemError) { return try FreePort.find() } catch {
            throw Failure(.runtime, "no port is free: \(error.reason)")
        }
    }
}
