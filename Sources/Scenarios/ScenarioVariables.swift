internal import JSON
internal import Matching
internal import YAML

/// Which variables a scenario has a use for, told by its texts: those that no one mentions are slips.
extension Scenario {
    /// What a variable may be called here to be of any use: the matrix's, and all that stand in `${…}`.
    package var variableNames: Set<String> {
        var names = Set(matrix.variables.map(\.variable))
        names.formUnion(matrix.included.joined().map(\.name))
        // Which stores and brokers stand behind components that nobody has described.
        if sidecar.components == nil { names.formUnion(["store", "broker"]) }
        return names.union(mentioned)
    }

    /// The names in `${env.NAME}` wherever they stand in the files.
    var environmentNames: Set<String> {
        Set(mentioned.filter { $0.hasPrefix("env.") }.map { String($0.dropFirst("env.".count)) })
    }

    /// The names in `${…}` wherever they stand in the files.
    private var mentioned: Set<String> {
        var texts = [source.name: source]
        for step in leaves { texts[step.source.name] = step.source }
        var names = Set<String>()
        for text in texts.values { names.formUnion(Self.names(in: text)) }
        // A seed may lie in a file of its own.
        for case .request(let request) in leaves.map(\.action) {
            guard case .json(let value, _)? = request.body else { continue }
            names.formUnion(Self.names(in: SourceText(name: "", text: value.text)))
        }
        return names
    }

    private static func names(in text: SourceText) -> [String] {
        String(decoding: text.bytes, as: UTF8.self).split(separator: "${").dropFirst()
            .map { String($0.prefix { $0 != "}" && $0 != ":" }) }
    }
}
