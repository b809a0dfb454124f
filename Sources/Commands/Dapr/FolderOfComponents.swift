internal import Blocks

extension Component {
    /// The component with the files that it names found from a folder, which is where Dapr would have
    /// its sidecar work: one process has one folder, and many sidecars here.
    func located(in folder: String) -> Component {
        guard Self.withFiles.contains(type) else { return self }
        var located = self
        for (name, value) in metadata where Self.fileSettings.contains(name.lowercased()) {
            located.metadata[name] = Self.located(value, in: folder)
        }
        return located
    }

    private static let withFiles = ["state.sqlite", "pubsub.sqlite", "secretstores.local.file"]
    private static let fileSettings = ["connectionstring", "url", "secretsfile"]

    private static func located(_ path: String, in folder: String) -> String {
        let scheme = path.hasPrefix("file:") ? "file:" : ""
        let rest = path.dropFirst(scheme.count)
        guard !rest.isEmpty, !rest.hasPrefix("/"), !rest.hasPrefix(":memory:"),
            !rest.lowercased().hasPrefix("data source")
        else { return path }
        return "\(scheme)\(folder)/\(rest)"
    }
}
