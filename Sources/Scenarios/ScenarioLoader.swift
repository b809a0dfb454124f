internal import Bytes
internal import JSON
internal import Matching
package import YAML

/// Reads a scenario file; every mistake is an error with its place. Pure.
package struct ScenarioLoader {
    private let source: SourceText

    /// - Parameter folder: where the file lies.
    package static func load(
        _ source: SourceText, folder: String
    ) throws(Diagnostic) -> Scenario {
        let documents = try YAMLParser.documents(of: source)
        guard documents.count == 1, let root = documents.first else {
            throw Diagnostic(
                .error, documents.isEmpty ? "the file holds no scenario" : "more than one document",
                at: documents.last?.span ?? Self.start, in: source,
                hint: "a scenario begins with `version: 1` and has `steps`")
        }
        return try ScenarioLoader(source: source).scenario(root, folder: folder)
    }

    private func scenario(_ root: YAMLNode, folder: String) throws(Diagnostic) -> Scenario {
        let reader = try KeyedReader(
            root, in: source,
            keys: [
                "version", "name", "tags", "matrix", "sidecar", "apps", "setup", "steps", "always",
            ])
        let version = try reader.required("version")
        guard version.int == 1 else {
            throw source.refused("`version` is to be 1", version)
        }
        let steps = StepReader(source: source)
        return Scenario(
            name: try source.text(reader["name"]) ?? source.name,
            tags: try reader.strings("tags") ?? [], source: source, folder: folder,
            matrix: try matrix(reader["matrix"]), sidecar: try sidecar(reader["sidecar"]),
            apps: try AppReader(source: source).read(reader["apps"]),
            setup: try steps.read(reader["setup"]),
            steps: try steps.read(try reader.required("steps")),
            always: try steps.read(reader["always"]))
    }

    // MARK: Matrix and sidecar

    private func matrix(
        _ node: YAMLNode?
    ) throws(Diagnostic) -> [(variable: String, values: [String])] {
        guard let node else { return [] }
        var matrix: [(String, [String])] = []
        for member in try source.members(node) {
            var values: [String] = []
            for value in try source.list(member.value) {
                values.append(try source.text(of: value))
            }
            guard !values.isEmpty else {
                throw source.refused("an empty matrix runs nothing", member.value)
            }
            matrix.append((member.key.text ?? "", values))
        }
        return matrix
    }

    private func sidecar(_ node: YAMLNode?) throws(Diagnostic) -> SidecarDescription {
        var description = SidecarDescription()
        guard let node else { return description }
        let reader = try KeyedReader(node, in: source, keys: ["appId", "components", "resources"])
        description.appID = try source.text(reader["appId"]) ?? description.appID
        description.components = try source.components(reader["components"])
        description.resources = try source.templates(reader["resources"])
        return description
    }

    private static let start = SourceSpan(at: SourceMark(line: 1, column: 1, offset: 0))
}
