internal import Blocks
internal import Transport
internal import YAML

/// One application of a run file: its plan, where its lines go, what it waits for.
struct FileAppPlan: Sendable {
    var app: AppPlan
    /// Where its log files lie.
    let logFolder: String
    let appLogFile: String?
    let sidecarLogFile: String?
    /// Where the lines of the application go, and those about it.
    let appLog: LineLog
    let sidecarLog: LineLog
    let dependencies: [(app: String, condition: RunFile.Dependency.Condition)]
}

/// All of a run file.
struct RunFilePlan: Sendable {
    let name: String
    /// Absolute.
    let path: String
    let apps: [FileAppPlan]
}

/// Makes plans of a run file: paths resolved and looked at, settings merged, log files opened.
struct RunFilePlanner {
    private let options: ParsedOptions
    private let console: Console
    /// Absolute; of `-` the name that it has in messages.
    private let path: String
    private let folder: String
    private let file: RunFile
    private let source: SourceText

    /// Reads the file that `--run-file` names: a file, a folder with a `dapr.yaml`, `-`.
    init(_ name: String, _ options: ParsedOptions, _ console: Console) throws(RunFileFailure) {
        self.options = options
        self.console = console
        let path = try Self.path(name)
        self.path = path
        folder = name == "-" ? Paths.current : Paths.parent(path)
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try FileContents.read(name == "-" ? "/dev/stdin" : path)
        } catch {
            throw .reading("cannot read \(path): \(error.reason)")
        }
        source = SourceText(name: name == "-" ? "stdin" : name, bytes: bytes)
        do throws(Diagnostic) { file = try RunFileReader.read(source) } catch {
            throw .diagnostic(error)
        }
    }

    private static func path(_ name: String) throws(RunFileFailure) -> String {
        if name == "-" { return name }
        let path = Paths.absolute(name, from: Paths.current)
        if FileContents.isFolder(path) { return "\(path)/dapr.yaml" }
        guard path.hasSuffix(".yaml") || path.hasSuffix(".yml") else {
            throw .path("file \"\(name)\" is not a YAML file")
        }
        return path
    }

    // MARK: Plans

    func plan() throws -> RunFilePlan {
        for warning in file.warnings { StandardError.write(warning.rendered) }
        guard file.version != 0 else {
            throw RunFileFailure.reading(
                "required field 'version' not found in the provided run template file")
        }
        guard !file.apps.isEmpty else { throw RunFileFailure.empty }
        try checkDependencies(file.apps.map(id))
        let common = try resolved(file.common, from: folder)
        var taken = Taken()
        var apps = try file.apps.map { try plan($0, common, &taken) }
        // With the last sidecar, when it is known which applications are there.
        if let file = options["stubs"] {
            apps[apps.count - 1].app.sidecar.stubs = try StubsFile(file)
        }
        return RunFilePlan(name: file.name, path: path, apps: apps)
    }

    /// Its own, or the name of its folder.
    private func id(_ app: RunFile.App) -> String {
        app.id ?? Paths.last(Paths.absolute(app.folder ?? "", from: folder))
    }

    /// Ports and app ids that applications before this one have.
    private struct Taken {
        var ids: Set<String> = []
        var http: Set<UInt16> = []
        var grpc: Set<UInt16> = []
        var app: Set<UInt16> = []
    }

    private func plan(
        _ described: RunFile.App, _ common: RunFile.Settings, _ taken: inout Taken
    ) throws -> FileAppPlan {
        guard let folder = described.folder else {
            throw RunFileFailure.reading(
                "required field 'appDirPath' not found in the provided app config file")
        }
        let appFolder = try existing(folder, from: self.folder)
        let id = id(described)
        if !taken.ids.insert(id).inserted {
            console.warning(
                "The app id \"\(id)\" is another app's already: calls reach the first one alone")
        }
        let own = try resolved(described.settings, from: appFolder)
        let logs = try AppLogs(
            appFolder, id, sidecar: own.sidecarLog ?? common.sidecarLog ?? .file,
            app: own.appLog ?? common.appLog ?? .fileAndConsole)
        var arguments = RunOptions.sidecarArguments(options.keeping(Self.ownOptions))
        arguments += options(own, common) + ["--rare=working-folder=\(appFolder)"]
        arguments += resources(own, common, appFolder).map { "--resources-path=\($0)" }
        arguments += config(own, common, appFolder).map { "--config=\($0)" }
        var app = try AppPlanner(options).plan(
            appID: id, appPort: described.appPort,
            httpPort: free(described.httpPort, in: &taken.http, "daprHTTPPort", id),
            grpcPort: free(described.grpcPort, in: &taken.grpc, "daprGRPCPort", id),
            metricsPort: described.metricsPort, arguments: arguments,
            logDescriptors: logs.sidecar.descriptors, command: described.command)
        if let port = described.appPort, !taken.app.insert(port).inserted {
            console.warning("The app \"\(id)\" has an appPort that another app has too: \(port)")
        }
        app.folder = appFolder
        app.variables = common.variables.merging(own.variables) { $1 }
        return FileAppPlan(
            app: app, logFolder: logs.folder, appLogFile: logs.appFile,
            sidecarLogFile: logs.sidecarFile, appLog: logs.app, sidecarLog: logs.sidecar,
            dependencies: described.dependencies.map { ($0.app, $0.condition) })
    }

    /// Of the command line's options those that a run file has no key for.
    private static let ownOptions = ["data-dir", "store", "redis-url", "values", "map", "strict"]

    private func options(_ own: RunFile.Settings, _ common: RunFile.Settings) -> [String] {
        common.options.merging(own.options) { $1 }.sorted { $0.key < $1.key }
            .map { "--\($0.key)=\($0.value)" }
    }

    /// A port that two applications name is an oversight that Dapr finds out late.
    private func free(
        _ port: UInt16?, in taken: inout Set<UInt16>, _ key: String, _ id: String
    ) -> UInt16? {
        guard let port, !taken.insert(port).inserted else { return port }
        console.warning(
            "The \(key) \(port) of the app \"\(id)\" is another app's already: a free one is taken")
        return nil
    }

    // MARK: Paths

    private func resolved(
        _ settings: RunFile.Settings, from base: String
    ) throws -> RunFile.Settings {
        var settings = settings
        settings.config = try settings.config.map { try existing($0, from: base) }
        settings.resources = try settings.resources.map { try existing($0, from: base) }
        settings.runtimePath = try settings.runtimePath.map { try existing($0, from: base) }
        return settings
    }

    private func existing(_ path: String, from base: String) throws -> String {
        let path = Paths.absolute(path, from: base)
        guard FileContents.exists(path) else {
            throw RunFileFailure.reading(
                "error in getting the file info for \(path): stat \(path): "
                    + "no such file or directory")
        }
        return path
    }

    private func resources(
        _ own: RunFile.Settings, _ common: RunFile.Settings, _ folder: String
    ) -> [String] {
        let local = "\(folder)/.dapr/resources"
        let dapr = "\(dapr(own, common))/components"
        if !own.resources.isEmpty { return own.resources }
        if FileContents.exists(local) { return [local] }
        if !common.resources.isEmpty { return common.resources }
        return FileContents.exists(dapr) ? [dapr] : []
    }

    private func config(
        _ own: RunFile.Settings, _ common: RunFile.Settings, _ folder: String
    ) -> [String] {
        let local = "\(folder)/.dapr/config.yaml"
        let dapr = "\(dapr(own, common))/config.yaml"
        if let config = own.config { return [config] }
        if FileContents.exists(local) { return [local] }
        if let config = common.config { return [config] }
        return FileContents.exists(dapr) ? [dapr] : []
    }

    private func dapr(_ own: RunFile.Settings, _ common: RunFile.Settings) -> String {
        UserFolders.dapr(own.runtimePath ?? common.runtimePath ?? options["runtime-path"])
    }

    // MARK: Order

    /// Refuses what would be waited for in vain.
    private func checkDependencies(_ ids: [String]) throws(RunFileFailure) {
        for (app, id) in zip(file.apps, ids) {
            for dependency in app.dependencies where !ids.contains(dependency.app) {
                throw .diagnostic(
                    source.error(
                        "`\(id)` depends on `\(dependency.app)`, and there is no such app",
                        at: dependency.node, hint: Suggestion.hint(for: dependency.app, among: ids))
                )
            }
        }
        var rest = Dictionary(
            zip(ids, file.apps.map { $0.dependencies.map(\.app) }), uniquingKeysWith: { $0 + $1 })
        while let next = rest.first(where: { $0.value.allSatisfy { rest[$0] == nil } }) {
            rest[next.key] = nil
        }
        guard let (app, id) = zip(file.apps, ids).first(where: { rest[$0.1] != nil }),
            let dependency = app.dependencies.first(where: { rest[$0.app] != nil })
        else { return }
        throw .diagnostic(
            source.error(
                "`\(id)` depends on itself, by way of `\(dependency.app)`", at: dependency.node))
    }
}
