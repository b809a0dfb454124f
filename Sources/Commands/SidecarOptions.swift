internal import ArgumentParser
internal import Blocks
internal import Bytes
internal import Transport

/// daprd's options, as far as a sidecar here obeys them.
struct SidecarOptions: ParsableArguments {
    @Option(name: [.customLong("app-id"), .customShort("a")], help: "The sidecar's app id.")
    var appID = "app"

    @Option(
        name: [.customLong("dapr-http-port"), .customLong("port"), .customShort("H")],
        help: "The HTTP port; 0 takes a free one and tells which.")
    var port: UInt16 = 3500

    @Option(
        name: .customLong("dapr-listen-addresses"),
        help: ArgumentHelp("Where to listen, separated by commas.", valueName: "addresses"))
    var listenAddresses = "127.0.0.1,[::1]"

    @Option(
        name: .customLong("unix-domain-socket"),
        help: ArgumentHelp("Listen on a socket in this folder instead of a port.", valueName: "dir")
    )
    var unixDomainSocket: String?

    @Option(
        name: [.customLong("resources-path"), .customLong("components-path"), .customShort("d")],
        help: ArgumentHelp("A folder of Dapr resource files; repeatable.", valueName: "dir"))
    var resourcesPaths: [String] = []

    @Option(
        name: [.customLong("config"), .customShort("c")],
        help: ArgumentHelp("A Dapr Configuration file; repeatable.", valueName: "file"))
    var configs: [String] = []

    @Option(
        name: .customLong("max-body-size"),
        help: ArgumentHelp("Bytes of a request body: 4Mi, 500k; 0 for no bound.", valueName: "size")
    )
    var maxBodySize = "4Mi"

    @Option(
        name: .customLong("read-buffer-size"),
        help: ArgumentHelp("Bytes of a request head: 4Ki.", valueName: "size"))
    var readBufferSize = "4Ki"

    @Option(
        name: .customLong("allowed-origins"),
        help: ArgumentHelp(
            "Origins that web pages may call from, separated by commas; * for all.",
            valueName: "origins"))
    var allowedOrigins = ""

    @Option(
        name: [.customLong("app-port"), .customShort("p")],
        help: "The application's port; healthz waits until it accepts connections.")
    var appPortText = ""

    @Option(name: .customLong("app-protocol"), help: .hidden) var appProtocol = "http"
    @Option(name: .customLong("app-channel-address"), help: .hidden) var appChannelAddress =
        "127.0.0.1"
    @Option(name: .customLong("app-max-concurrency"), help: .hidden) var appMaxConcurrency: Int = -1

    @Option(
        name: .customLong("dapr-graceful-shutdown-seconds"),
        help: ArgumentHelp("Seconds that a stop may take; 0 for no bound.", valueName: "seconds"))
    var daprGracefulShutdownSeconds = 5

    @Option(
        name: .customLong("dapr-block-shutdown-duration"),
        help: ArgumentHelp(
            "How long requests are still taken after a signal: 5s.", valueName: "duration"))
    var daprBlockShutdownDuration: String?

    @Option(
        name: .customLong("log-level"),
        help: "Which log lines are written: debug, info, warn, error, fatal.")
    var logLevel = LogLevel.info

    @Flag(name: .customLong("log-as-json"), help: "Write log lines as JSON.")
    var logAsJson = false

    @Option(
        name: .customLong("log-file"),
        help: ArgumentHelp("Write log lines to this file.", valueName: "file"))
    var logFile: String?

    @Flag(name: .customLong("enable-api-logging"), help: "Log every request.")
    var enableApiLogging = false

    /// Where log lines go besides, for `run`.
    @Option(name: .customLong("log-fd"), help: .hidden) var logDescriptors: [Int32] = []

    /// Names of `IgnoredOptions` that were given.
    @Option(name: .customLong("ignored"), help: .hidden) var ignored: [String] = []

    /// `NAME=VALUE` of those of `IgnoredOptions` that have an effect.
    @Option(name: .customLong("rare"), help: .hidden) var rare: [String] = []

    /// `DAPR_API_TOKEN`, as daprd reads it.
    var apiToken: String? { ProcessEnvironment["DAPR_API_TOKEN"].flatMap { $0.isEmpty ? nil : $0 } }

    func settings(_ configuration: ConfigurationResource) throws -> SidecarSettings {
        var settings = SidecarSettings(
            maxBodySize: try bodyLimit(), apiToken: apiToken,
            allowedOrigins: allowedOrigins.split(separator: ",").map(String.init),
            tracing: configuration.tracing, access: configuration.access,
            appPort: try appPort().map(Int.init),
            appProtocol: appProtocol, appChannelAddress: appChannelAddress,
            appMaxConcurrency: appMaxConcurrency > 0 ? appMaxConcurrency : nil)
        settings.secretScopes = configuration.secretScopes
        settings.namespace = ProcessEnvironment["NAMESPACE"].flatMap { $0.isEmpty ? nil : $0 }
        settings.appToken = ProcessEnvironment["APP_API_TOKEN"].flatMap { $0.isEmpty ? nil : $0 }
        settings.appHealthCheck = try AppHealthOptions(rare).check()
        let disabled = rare.value(of: "disable-init-endpoints")?.split(separator: ",") ?? []
        settings.asksForConfig = !disabled.contains("config")
        settings.asksForSubscriptions = !disabled.contains("subscribe")
        settings.servesControl = rare.value(of: "no-control") != "true"
        return settings
    }

    /// nil when there is no application: Go's flag takes an empty text and 0 for that.
    func appPort() throws(Failure) -> UInt16? {
        if appPortText.isEmpty || appPortText == "0" { return nil }
        guard let number = UInt16(appPortText) else {
            throw Failure(
                .usage, "invalid --app-port `\(appPortText)`: write a number up to 65535")
        }
        guard number != port else {
            throw Failure(
                .usage,
                "the 'dapr-http-port' argument value \(port) conflicts with 'app-port': "
                    + "the application and the sidecar need a port each")
        }
        return number
    }

    /// nil when none was named, or 0.
    func grpcPort() throws(Failure) -> UInt16? {
        guard let text = rare.value(of: "dapr-grpc-port"), text != "0", text != "" else {
            return nil
        }
        guard let number = UInt16(text) else {
            throw Failure(
                .usage, "invalid --dapr-grpc-port `\(text)`: write a number up to 65535")
        }
        return number
    }

    /// As daprd: 0 is no bound, below zero the default.
    var grace: Duration {
        switch daprGracefulShutdownSeconds {
        case 0: .seconds(1_000_000_000)
        case ..<0: .seconds(5)
        default: .seconds(daprGracefulShutdownSeconds)
        }
    }

    func blockShutdown() throws(Failure) -> Duration {
        guard let text = daprBlockShutdownDuration, !text.isEmpty else { return .zero }
        guard let duration = GoDuration.parse(text), duration >= .zero else {
            throw Failure(.usage, "invalid --dapr-block-shutdown-duration `\(text)`: write 5s")
        }
        return duration
    }

    func log() throws(Failure) -> Log {
        var log = Log(level: logLevel, isJSON: logAsJson, appID: appID)
        if !logDescriptors.isEmpty { log.descriptors = logDescriptors }
        guard let logFile, !logFile.isEmpty else { return log }
        do throws(SystemError) {
            log.descriptors = [try FileContents.openForAppending(logFile)]
        } catch {
            throw Failure(.file, "cannot write the log file \(logFile): \(error.reason)")
        }
        return log
    }

    /// As daprd: -1 is the default, 0 switches the bound off.
    private func bodyLimit() throws -> Int? {
        if maxBodySize == "-1" { return 4 << 20 }
        guard let bytes = Quantity.bytes(maxBodySize) else {
            throw Failure(.usage, "invalid --max-body-size `\(maxBodySize)`: write 4Mi or 500k")
        }
        return bytes == 0 ? nil : bytes
    }

    func headLimit() throws -> Int {
        guard let bytes = Quantity.bytes(readBufferSize), bytes > 0 else {
            throw Failure(.usage, "invalid --read-buffer-size `\(readBufferSize)`: write 4Ki")
        }
        return bytes
    }
}

extension LogLevel: ExpressibleByArgument {
    /// `dapr run` names two of its levels differently.
    package init?(argument: String) {
        switch argument.lowercased() {
        case "warning": self = .warn
        case "panic": self = .fatal
        case let word: self.init(rawValue: word)
        }
    }
}

/// Kubernetes quantities of bytes: `4Mi`, `500k`, `1024`.
enum Quantity {
    static func bytes(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int(digits), number >= 0 else { return nil }
        let scale: Int
        switch text[digits.endIndex...] {
        case "": scale = 1
        case "k": scale = 1000
        case "M": scale = 1_000_000
        case "G": scale = 1_000_000_000
        case "Ki": scale = 1 << 10
        case "Mi": scale = 1 << 20
        case "Gi": scale = 1 << 30
        default: return nil
        }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: scale)
        return overflow ? nil : bytes
    }
}
