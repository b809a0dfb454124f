internal import Bytes

/// How a `state.sqlite` component wants its database, read from its metadata.
package struct SQLiteSettings: Equatable, Sendable {
    /// Why a component's metadata is refused.
    package enum Problem: Error, Equatable {
        case missingConnectionString
        case badIdentifier(name: String, value: String)
        case badDuration(name: String, value: String)
        /// A pragma in the connection string, which Dapr's driver alone would obey.
        case forbiddenOption(String)
        case encryption(setting: String)

        /// What is wrong and how to mend it.
        package var text: String {
            switch self {
            case .missingConnectionString:
                "missing connection string: set the metadata `connectionString` to a file's path"
            case .badIdentifier(let name, let value):
                "invalid \(name) `\(value)`: only letters, digits and _ are allowed"
            case .badDuration(let name, let value):
                "invalid \(name) `\(value)`: write a duration such as `2s` or `500ms`"
            case .forbiddenOption(let option):
                "found forbidden option '\(option)' in the connection string: "
                    + "use the metadata `busyTimeout` and `disableWAL`"
            case .encryption(let setting):
                "the setting \(setting) is not supported by fakedapr, which stores values as they "
                    + "are: remove it, or map the type with --map"
            }
        }
    }

    /// The database as people know it: a path or the component's connection string.
    package private(set) var connectionString: String
    /// What `sqlite3_open_v2` is given.
    private(set) var uri: String
    package var tableName = "state"
    package var metadataTableName = "metadata"
    /// How long a request waits for another process that holds the database.
    package var busyTimeout = Duration.seconds(2)
    /// How often expired rows are removed; nil leaves them, as Dapr does by default.
    package var cleanupInterval: Duration?
    package var disablesWAL = false
    /// Whether the file is gone with its sandbox: then nothing is synced to the disk.
    package var isThrowaway = false

    /// - Parameter path: a file's, taken as it is.
    package init(path: String) {
        connectionString = path
        uri = "file:\(Self.escaped(path))"
    }

    /// - Parameter metadata: a component's; names compare without case.
    package init(metadata: [String: String]) throws(Problem) {
        let values = Dictionary(
            metadata.map { ($0.key.lowercased(), $0.value) }, uniquingKeysWith: { $1 })
        guard let string = values["connectionstring"] ?? values["url"], !string.isEmpty else {
            throw .missingConnectionString
        }
        for (name, value) in metadata where Self.encryption.contains(name.lowercased()) {
            if !value.isEmpty { throw .encryption(setting: name) }
        }
        connectionString = string
        uri = try Self.uri(of: string)
        tableName = try Self.identifier(values, "tableName") ?? tableName
        metadataTableName = try Self.identifier(values, "metadataTableName") ?? metadataTableName
        busyTimeout = try Self.duration(values, "busyTimeout") ?? busyTimeout
        // Asked for only to tell a mistake in it: no request here waits longer than busyTimeout.
        _ = try Self.duration(values, "timeout")
        let cleanup = try Self.duration(values, "cleanupInterval")
        cleanupInterval = cleanup.flatMap { $0 > .zero ? $0 : nil }
        disablesWAL = ["true", "1", "yes", "y", "on", "t"].contains(
            values["disablewal"]?.lowercased() ?? "")
    }

    private static func identifier(
        _ values: [String: String], _ name: String
    ) throws(Problem) -> String? {
        guard let value = values[name.lowercased()], !value.isEmpty else { return nil }
        let isName = value.utf8.allSatisfy {
            (0x30...0x39) ~= $0 || (0x41...0x5A) ~= $0 || (0x61...0x7A) ~= $0 || $0 == 0x5F
        }
        guard isName else { throw .badIdentifier(name: name, value: value) }
        return value
    }

    private static func duration(
        _ values: [String: String], _ name: String
    ) throws(Problem) -> Duration? {
        guard let value = values[name.lowercased()], !value.isEmpty else { return nil }
        // A bare number means seconds.
        guard let duration = Int64(value).map({ .seconds($0) }) ?? GoDuration.parse(value) else {
            throw .badDuration(name: name, value: value)
        }
        return duration
    }

    private static let encryption: Set = ["primaryencryptionkey", "secondaryencryptionkey"]

    /// As Dapr: `file:` is put before, and what follows a `?` are SQLite's URI parameters.
    private static func uri(of string: String) throws(Problem) -> String {
        let parameters = string.split(separator: "?", maxSplits: 1).dropFirst().first ?? ""
        for parameter in parameters.split(separator: "&") where parameter.hasPrefix("_pragma=") {
            throw .forbiddenOption(String(parameter.prefix { $0 != "(" }))
        }
        return string == ":memory:" || string.hasPrefix("file:") ? string : "file:\(string)"
    }

    /// The same for another file, taken as it is.
    package func with(path: String) -> SQLiteSettings {
        var settings = self
        settings.connectionString = path
        settings.uri = SQLiteSettings(path: path).uri
        return settings
    }

    /// Whether it is no file at all.
    package var isInMemory: Bool { uri.contains(":memory:") || uri.contains("mode=memory") }

    /// Whether the connection string wants nothing to be written.
    var isReadOnly: Bool {
        let parameters = uri.split(separator: "?", maxSplits: 1).dropFirst().first ?? ""
        return parameters.split(separator: "&").contains {
            ["mode=ro", "immutable=1"].contains($0.lowercased())
        }
    }

    private static func escaped(_ path: String) -> String {
        var escaped = ""
        for scalar in path.unicodeScalars {
            switch scalar {
            case "%": escaped += "%25"
            case "?": escaped += "%3f"
            case "#": escaped += "%23"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
