internal import YAML

/// A `dapr.yaml` as it was written: nothing looked up, no path resolved. Pure.
struct RunFile {
    /// What an application has of its own, or in common with others.
    struct Settings {
        /// By the names of the options that they stand for; what is empty, zero or false is not set.
        var options: [String: String] = [:]
        var config: String?
        var resources: [String] = []
        var runtimePath: String?
        var variables: [String: String] = [:]
        var sidecarLog: LogPlace?
        var appLog: LogPlace?
    }

    enum LogPlace: String, CaseIterable {
        case console, file, fileAndConsole

        var hasConsole: Bool { self != .file }
        var hasFile: Bool { self != .console }
    }

    /// What another application has to have reached before this one is started.
    struct Dependency {
        enum Condition: String, CaseIterable {
            /// Its process runs.
            case started
            /// It accepts connections, and is well where that is checked.
            case healthy
            /// Besides, its subscriptions deliver.
            case subscribed
        }

        let app: String
        let condition: Condition
        let node: YAMLNode
    }

    struct App {
        var settings = Settings()
        var folder: String?
        var id: String?
        var appPort: UInt16?
        var httpPort: UInt16?
        var grpcPort: UInt16?
        var metricsPort: UInt16?
        var command: [String] = []
        var dependencies: [Dependency] = []
    }

    var name = ""
    var version = 0
    var common = Settings()
    var apps: [App] = []
    /// What Dapr passes over in silence.
    var warnings: [Diagnostic] = []
}
