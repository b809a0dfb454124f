internal import Backends
internal import Blocks
internal import JSON
internal import Transport

/// Log lines in daprd's form, on standard error unless a file was named.
struct Log: SidecarLog {
    let level: LogLevel
    let isJSON: Bool
    let appID: String
    /// Where lines go: standard error, the file of `--log-file`, or several places.
    var descriptors: [Int32] = [2]

    /// - Parameter fields: more names and values, behind daprd's own.
    func write(
        _ level: LogLevel, _ message: String, scope: String = "dapr.runtime",
        fields more: [(String, String)] = []
    ) {
        guard level >= self.level else { return }
        let fields =
            [
                ("time", RealClock().now.rfc3339),
                ("level", level == .warn ? "warning" : level.rawValue),
                ("msg", message), ("app_id", appID), ("instance", Self.host), ("scope", scope),
                ("type", "log"), ("ver", "fakedapr-\(Version.current)"),
            ] + more
        let line = isJSON ? json(fields) : text(fields)
        let bytes = Array("\(line)\n".utf8)
        for descriptor in descriptors { StandardStreams.write(bytes[...], to: descriptor) }
    }

    func write(_ level: LogLevel, _ message: String, scope: String) {
        write(level, message, scope: scope, fields: [])
    }

    private func json(_ fields: [(String, String)]) -> String {
        var writer = JSONWriter(escapesHTML: false)
        writer.beginObject()
        for (name, value) in fields { writer.member(name, value) }
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private func text(_ fields: [(String, String)]) -> String {
        fields.map { name, value in
            let isPlain = !value.isEmpty && value.utf8.allSatisfy { Self.plain.contains($0) }
            return isPlain ? "\(name)=\(value)" : "\(name)=\(quoted(value))"
        }.joined(separator: " ")
    }

    private func quoted(_ value: String) -> String {
        var writer = JSONWriter(escapesHTML: false)
        writer.string(value)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private static let plain = Set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/@^+".utf8)

    private static let host = ProcessEnvironment.hostName
}
