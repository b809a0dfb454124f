internal import Bytes

/// How a `state.sqlite` component wants its database, read from its metadata.
package struct SQLiteSettings: Equatable, Sendable {
    /// Why a component's metadata is refused.
    package enum Problem: Error, Equatable {
        case missingConnectionString
        case badIdentifier(name: String, value: String)
        case badDuration(name: String, value: String)

        /// What is wrong and how to mend it.
        package var text: String {
            switch self {
            case .missingConnectionString:
                "missing connection string: set the metadata `connectionString` to a file's path"
            case .badIdentifier(let name, let value):
                "invalid \(name) `\(value)`: only letters, digits and _ are allowed"
            case .badDuration(let name, let value):
                "invalid \(name) `\(value)`: write a duration such as `2s` or `500ms`"
            }
        }
    }

    /// What SQLite opens: a path, a `file:` URI or `:memory:`.
    package var connectionString: String
    package var tableName = "state"
    package var metadataTableName = "metadata"
    package var busyTimeout = Duration.seconds(2)
    /// How long a request waits for another process that holds the database.
    package var timeout = Duration.seconds(20)
    /// How often expired rows are removed; nil leaves them, as Dapr does by default.
    package var cleanupInterval: Duration?
    package var disablesWAL = false

    package init(connectionString: String) { self.connectionString = connectionString }

    /// - Parameter metadata: a component's; names compare without case.
    package init(metadata: [String: String]) throws(Problem) {
        let values = Dictionary(
            metadata.map { ($0.key.lowercased(), $0.value) }, uniquingKeysWith: { $1 })
        guard let string = values["connectionstring"] ?? values["url"], !string.isEmpty else {
            throw .missingConnectionString
        }
        connectionString = string
        tableName = try Self.identifier(values, "tableName") ?? tableName
        metadataTableName = try Self.identifier(values, "metadataTableName") ?? metadataTableName
        busyTimeout = try Self.duration(values, "busyTimeout") ?? busyTimeout
        timeout = max(.seconds(1), try Self.duration(values, "timeout") ?? timeout)
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
        guard let duration = GoDuration.parse(value) else {
            throw .badDuration(name: name, value: value)
        }
        return duration
    }

    /// What `sqlite3_open_v2` is given.
    var uri: String {
        if connectionString == ":memory:" || connectionString.hasPrefix("file:") {
            return connectionString
        }
        var escaped = ""
        for scalar in connectionString.unicodeScalars {
            switch scalar {
            case "%": escaped += "%25"
            case "?": escaped += "%3f"
            case "#": escaped += "%23"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return "file:\(escaped)"
    }
}
