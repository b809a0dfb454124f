internal import ArgumentParser
internal import Blocks
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
        help: ArgumentHelp("Bytes of a request body: 4Mi, 500k; 0 for no bound.", valueName: "size")
    )
    var maxBodySize = "4Mi"

    @Option(help: ArgumentHelp("Bytes of a request head: 4Ki.", valueName: "size"))
    var readBufferSize = "4Ki"

    @Option(
        help: ArgumentHelp(
            "Origins that web pages may call from, separated by commas; * for all.",
            valueName: "origins"))
    var allowedOrigins = ""

    @Option(
        name: [.customLong("app-port"), .customShort("p")],
        help: "The port of the application (told in the metadata).")
    var appPort: Int?

    @Option(help: .hidden) var appProtocol = "http"
    @Option(help: .hidden) var appChannelAddress = "127.0.0.1"
    @Option(help: .hidden) var appMaxConcurrency: Int = -1

    @Option(
        help: ArgumentHelp("Seconds that a stop may take.", valueName: "seconds"))
    var daprGracefulShutdownSeconds = 5

    @Option(help: "Which log lines are written: debug, info, warn, error, fatal.")
    var logLevel = LogLevel.info

    @Flag(help: "Write log lines as JSON.")
    var logAsJson = false

    @Flag(help: "Log every request.")
    var enableApiLogging = false

    @OptionGroup var ignored: IgnoredOptions

    /// `DAPR_API_TOKEN`, as daprd reads it.
    var apiToken: String? { ProcessEnvironment["DAPR_API_TOKEN"].flatMap { $0.isEmpty ? nil : $0 } }

    func settings(_ configuration: ConfigurationResource) throws -> SidecarSettings {
        SidecarSettings(
            maxBodySize: try bodyLimit(), apiToken: apiToken,
            allowedOrigins: allowedOrigins.split(separator: ",").map(String.init),
            tracing: configuration.tracing, access: configuration.access, appPort: appPort,
            appProtocol: appProtocol, appChannelAddress: appChannelAddress,
            appMaxConcurrency: appMaxConcurrency)
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

enum LogLevel: String, ExpressibleByArgument, CaseIterable, Comparable {
    case debug, info, warn, error, fatal

    static func < (a: LogLevel, b: LogLevel) -> Bool {
        (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
    }
}

/// daprd's options about things that fakedapr does not have: taken, so that a command line written
/// for daprd works as it is, and without effect.
struct IgnoredOptions: ParsableArguments {
    @Option(help: .hidden) var daprGrpcPort: String?
    @Option(help: .hidden) var daprInternalGrpcPort: String?
    @Option(help: .hidden) var daprInternalGrpcListenAddress: String?
    @Option(help: .hidden) var daprPublicPort: String?
    @Option(help: .hidden) var daprPublicListenAddress: String?
    @Option(help: .hidden) var placementHostAddress: String?
    @Option(help: .hidden) var schedulerHostAddress: String?
    @Option(help: .hidden) var schedulerJobStreams: String?
    @Option(help: .hidden) var actorsDisseminateTimeout: String?
    @Option(help: .hidden) var controlPlaneAddress: String?
    @Option(help: .hidden) var controlPlaneTrustDomain: String?
    @Option(help: .hidden) var controlPlaneNamespace: String?
    @Option(help: .hidden) var sentryAddress: String?
    @Option(help: .hidden) var mode: String?
    @Option(help: .hidden) var metricsPort: String?
    @Option(help: .hidden) var metricsListenAddress: String?
    @Option(help: .hidden) var profilePort: String?
    @Option(help: .hidden) var appHealthCheckPath: String?
    @Option(help: .hidden) var appHealthProbeInterval: String?
    @Option(help: .hidden) var appHealthProbeTimeout: String?
    @Option(help: .hidden) var appHealthThreshold: String?
    @Option(help: .hidden) var disableInitEndpoints: String?
    @Option(help: .hidden) var daprBlockShutdownDuration: String?
    @Option(help: .hidden) var hotReloadReconcileInterval: String?
    @Option(help: .hidden) var appBindingOptionsTimeout: String?
    @Option(help: .hidden) var logFile: String?
    @Flag(help: .hidden) var enableAppHealthCheck = false
    @Flag(help: .hidden) var enableMetrics = false
    @Flag(help: .hidden) var enableMtls = false
    @Flag(help: .hidden) var enableProfiling = false
    @Flag(help: .hidden) var appSsl = false
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
