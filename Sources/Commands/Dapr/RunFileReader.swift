internal import YAML

/// Reads a `dapr.yaml` by the rules of go-yaml, as Dapr does: keys that are not known are told and
/// passed over.
struct RunFileReader {
    private let source: SourceText
    private var warnings: [Diagnostic] = []

    static func read(_ source: SourceText) throws(Diagnostic) -> RunFile {
        var reader = RunFileReader(source: source)
        return try reader.file()
    }

    private init(source: SourceText) { self.source = source }

    private mutating func file() throws(Diagnostic) -> RunFile {
        var told: [Diagnostic] = []
        let document = YAMLParser.resourceDocuments(of: source) { told.append($0) }.first
        var file = RunFile()
        warnings = told
        if let document {
            let node: YAMLNode
            switch document {
            case .success(let found): node = found
            case .failure(let problem): throw problem
            }
            let reader = try keyed(node, Self.fileKeys)
            file.name = try text("name", reader) ?? ""
            file.version = try reader.int("version") ?? 0
            if let common = reader["common"] { file.common = try settings(common, isApp: false) }
            for app in try reader.list("apps") ?? [] { file.apps.append(try self.app(app)) }
        }
        file.warnings = warnings
        return file
    }

    private mutating func app(_ node: YAMLNode) throws(Diagnostic) -> RunFile.App {
        var app = RunFile.App()
        app.settings = try settings(node, isApp: true)
        let reader = try KeyedReader(lenient: node, in: source)
        app.folder = try text("appDirPath", reader)
        app.id = try text("appID", reader)
        app.appPort = try port("appPort", reader)
        app.httpPort = try port("daprHTTPPort", reader)
        app.grpcPort = try port("daprGRPCPort", reader)
        app.metricsPort = try port("metricsPort", reader)
        app.command = try strings("command", reader)
        for dependency in try reader.list("dependsOn") ?? [] {
            app.dependencies.append(try self.dependency(dependency))
        }
        return app
    }

    /// `app: X` with a condition, or the app's id alone.
    private func dependency(_ node: YAMLNode) throws(Diagnostic) -> RunFile.Dependency {
        if let id = node.string {
            return RunFile.Dependency(app: id, condition: .started, node: node)
        }
        let reader = try KeyedReader(node, in: source, keys: ["app", "condition"])
        let app = try source.string(try reader.required("app"))
        guard let condition = reader["condition"] else {
            return RunFile.Dependency(app: app, condition: .started, node: node)
        }
        let word = try source.word(
            condition, of: RunFile.Dependency.Condition.allCases.map(\.rawValue))
        return RunFile.Dependency(
            app: app, condition: RunFile.Dependency.Condition(rawValue: word) ?? .started,
            node: node)
    }

    // MARK: What is shared

    private mutating func settings(
        _ node: YAMLNode, isApp: Bool
    ) throws(Diagnostic) -> RunFile.Settings {
        let known = Self.sharedKeys + Self.options.map(\.key) + (isApp ? Self.appKeys : [])
        let reader = try keyed(node, known)
        var settings = RunFile.Settings()
        for (key, option) in Self.options {
            guard let text = try text(key, reader), text != "0", text != "false" else { continue }
            settings.options[option] = text
        }
        settings.config = try text("configFilePath", reader)
        // The older key is the later one in Dapr's list.
        settings.resources =
            try strings("resourcesPaths", reader)
            + (try text("resourcesPath", reader).map { [$0] } ?? [])
        settings.runtimePath = try text("runtimePath", reader)
        for member in try reader.members("env") ?? [] {
            settings.variables[member.name] = try string(member.value)
        }
        settings.sidecarLog = try place("daprdLogDestination", reader)
        settings.appLog = try place("appLogDestination", reader)
        return settings
    }

    private func place(
        _ key: String, _ reader: KeyedReader
    ) throws(Diagnostic) -> RunFile.LogPlace? {
        guard let node = reader[key], node.text?.isEmpty == false else { return nil }
        return RunFile.LogPlace(
            rawValue: try source.word(node, of: RunFile.LogPlace.allCases.map(\.rawValue)))
    }

    /// go-yaml keeps the text of what is no string where a string is wanted: `yes` stays `yes`.
    private func string(_ node: YAMLNode) throws(Diagnostic) -> String {
        if node.isNull { return "" }
        guard let text = node.text else { throw source.unexpected(node, "a string") }
        return text
    }

    private func strings(_ key: String, _ reader: KeyedReader) throws(Diagnostic) -> [String] {
        var strings: [String] = []
        for node in try reader.list(key) ?? [] { strings.append(try string(node)) }
        return strings
    }

    private func text(_ key: String, _ reader: KeyedReader) throws(Diagnostic) -> String? {
        guard let node = reader[key] else { return nil }
        let text = try string(node)
        return text.isEmpty ? nil : text
    }

    /// nil when one is to be chosen.
    private func port(_ key: String, _ reader: KeyedReader) throws(Diagnostic) -> UInt16? {
        guard let number = try reader.int(key, in: -1...65_535), number > 0 else { return nil }
        return UInt16(number)
    }

    private mutating func keyed(
        _ node: YAMLNode, _ keys: [String]
    ) throws(Diagnostic) -> KeyedReader {
        for member in try source.members(node)
        where !keys.contains(where: { $0.lowercased() == member.name.lowercased() }) {
            warnings.append(
                Diagnostic(
                    .warning, "the key `\(member.name)` is not known and has no effect",
                    at: member.key.span, in: source,
                    hint: Suggestion.nearest(to: member.name, among: keys).map {
                        "did you mean `\($0)`?"
                    }))
        }
        return try KeyedReader(lenient: node, in: source)
    }

    private static let fileKeys = ["version", "name", "common", "apps"]

    private static let sharedKeys = [
        "configFilePath", "resourcesPath", "resourcesPaths", "runtimePath", "env",
        "daprdLogDestination", "appLogDestination", "enableProfiling", "placementHostAddress",
        "schedulerHostAddress", "appSSL",
    ]

    private static let appKeys = [
        "appDirPath", "appID", "appPort", "daprHTTPPort", "daprGRPCPort", "daprInternalGRPCPort",
        "profilePort", "metricsPort", "command", "containerImage", "containerImagePullPolicy",
        "createService", "dependsOn",
    ]

    /// Keys and the sidecar's options that they stand for. `dapr` shares the last two less widely.
    private static let options: [(key: String, option: String)] = [
        ("appProtocol", "app-protocol"), ("apiListenAddresses", "dapr-listen-addresses"),
        ("logLevel", "log-level"), ("appMaxConcurrency", "app-max-concurrency"),
        ("maxBodySize", "max-body-size"), ("readBufferSize", "read-buffer-size"),
        ("enableAppHealthCheck", "enable-app-health-check"),
        ("appHealthCheckPath", "app-health-check-path"),
        ("appHealthProbeInterval", "app-health-probe-interval"),
        ("appHealthProbeTimeout", "app-health-probe-timeout"),
        ("appHealthThreshold", "app-health-threshold"),
        ("enableApiLogging", "enable-api-logging"), ("appChannelAddress", "app-channel-address"),
        ("unixDomainSocket", "unix-domain-socket"),
    ]
}
