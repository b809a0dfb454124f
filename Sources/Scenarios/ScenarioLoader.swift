internal import Bytes
internal import JSON
internal import Matching
package import YAML

/// Reads a scenario file; every mistake is an error with its place. Pure but for what `read` does.
package struct ScenarioLoader {
    private let source: SourceText
    private let read: StepReader.Read

    /// - Parameters:
    ///   - folder: where the file lies.
    ///   - read: gives the text of a file that is included, nil when there is none.
    package static func load(
        _ source: SourceText, folder: String,
        read: @escaping (String) -> SourceText? = { _ in nil }
    ) throws(Diagnostic) -> Scenario {
        let documents = try YAMLParser.documents(of: source)
        guard documents.count == 1, let root = documents.first else {
            throw Diagnostic(
                .error, documents.isEmpty ? "the file holds no scenario" : "more than one document",
                at: documents.last?.span ?? Self.start, in: source,
                hint: "a scenario begins with `version: 1` and has `steps`")
        }
        return try ScenarioLoader(source: source, read: read).scenario(root, folder: folder)
    }

    private func scenario(_ root: YAMLNode, folder: String) throws(Diagnostic) -> Scenario {
        let reader = try KeyedReader(
            root, in: source,
            keys: [
                "version", "name", "tags", "timeout", "matrix", "sidecar", "apps", "setup", "steps",
                "always", "clock", "random", "seed", "stubs", "faults",
            ])
        let version = try reader.required("version")
        guard version.int == 1 else {
            throw source.refused("`version` is to be 1", version)
        }
        let steps = StepReader(source: source, folder: folder, readFile: read)
        return Scenario(
            name: try source.text(reader["name"]) ?? source.name,
            tags: try reader.strings("tags") ?? [], source: source, folder: folder,
            matrix: try matrix(reader["matrix"]), sidecar: try sidecar(reader["sidecar"]),
            apps: try AppReader(source: source).read(reader["apps"]),
            setup: try steps.beginning(reader) + steps.read(reader["setup"]),
            steps: try steps.read(try reader.required("steps")),
            always: try steps.read(reader["always"]),
            timeout: try source.duration(reader["timeout"]),
            random: try reader.int("random").map { UInt64(bitPattern: Int64($0)) })
    }

    // MARK: Matrix and sidecar

    private func matrix(_ node: YAMLNode?) throws(Diagnostic) -> Matrix {
        guard let node else { return Matrix() }
        var matrix = Matrix()
        for member in try source.members(node) {
            // Lists of mappings are no values: they are about combinations.
            if Matrix.combinations.contains(member.name), Self.holdsMappings(member.value) {
                let rows = try self.rows(member.value)
                if member.name == "exclude" {
                    matrix.excluded = rows
                } else {
                    matrix.included = rows
                }
                continue
            }
            var values: [String] = []
            for value in try source.list(member.value) {
                values.append(try source.text(of: value))
            }
            guard !values.isEmpty else {
                throw source.refused("an empty matrix runs nothing", member.value)
            }
            matrix.variables.append((member.name, values))
        }
        try check(matrix, node)
        return matrix
    }

    /// An exclusion by a variable that is not there excludes nothing, which nobody means.
    private func check(_ matrix: Matrix, _ node: YAMLNode) throws(Diagnostic) {
        guard !matrix.excluded.isEmpty, let exclude = node["exclude"] else { return }
        let names = matrix.variables.map(\.variable)
        for row in exclude.sequence ?? [] {
            for member in try source.members(row) where !names.contains(member.name) {
                throw source.refused(
                    "the matrix has no variable `\(member.name)`", member.key,
                    hint: Suggestion.hint(for: member.name, among: names))
            }
        }
        guard matrix.combinations(fixed: [:]).isEmpty else { return }
        throw source.refused(
            "`exclude` leaves no case of the matrix", exclude,
            hint: "a row excludes every case that agrees with all of it")
    }

    private static func holdsMappings(_ node: YAMLNode) -> Bool {
        node.sequence?.first?.mapping != nil
    }

    private func rows(_ node: YAMLNode) throws(Diagnostic) -> [Matrix.Combination] {
        var rows: [Matrix.Combination] = []
        for item in try source.list(node) {
            var row: Matrix.Combination = []
            for member in try source.members(item) {
                row.append((member.name, try source.text(of: member.value)))
            }
            rows.append(row)
        }
        return rows
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
