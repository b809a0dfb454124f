internal import Blocks
internal import Matching
internal import Transport
package import YAML

/// What the sidecars of a case are made of: components by type, resources by file.
extension ScenarioCase {
    /// The types a scenario may name; `memory` reads well in a matrix, Dapr's name is another.
    private static let types = [
        "state.memory", "state.in-memory", "state.sqlite", "state.redis",
        "pubsub.memory", "pubsub.in-memory", "pubsub.sqlite", "pubsub.redis",
        "secretstores.local.env", "secretstores.local.file",
    ]

    /// Refuses what can be known to be wrong before the case is run.
    package func checkComponents() throws(Diagnostic) {
        _ = try components(scenario.sidecar.components)
        for app in scenario.apps { _ = try components(app.components) }
    }

    /// The components of the scenario's own sidecar, or of an app that has its own.
    func components(
        _ described: [(name: String, type: Template)]?
    ) throws(Diagnostic) -> [Component] {
        guard let described = described ?? scenario.sidecar.components else {
            let store = Component(
                name: "statestore", type: Self.dapr("state.\(value(of: "store"))"))
            // Who describes no apps has nobody to send messages to.
            guard !scenario.apps.isEmpty else { return [store] }
            return [
                store, Component(name: "pubsub", type: Self.dapr("pubsub.\(value(of: "broker"))")),
            ]
        }
        var components: [Component] = []
        for (name, type) in described {
            let filled = type.filled(values).text ?? type.text
            guard Self.types.contains(filled) else {
                throw Diagnostic(
                    .error, "unknown component type `\(filled)`", at: type.span,
                    in: scenario.source,
                    hint: Suggestion.hint(for: filled, among: Self.types))
            }
            components.append(Component(name: name, type: Self.dapr(filled)))
        }
        return components
    }

    var values: [String: String] {
        given.merging(variables.map { ($0.name, $0.value) }) { $1 }
    }

    /// Whether it stands on a Redis, as far as its components tell.
    package var wantsRedis: Bool {
        if variables.contains(where: { $0.value == "redis" || $0.value == "state.redis" }) {
            return true
        }
        let described = [scenario.sidecar.components] + scenario.apps.map(\.components)
        return described.contains { components in
            (try? self.components(components))?.contains { $0.type.hasSuffix(".redis") } ?? false
        }
    }

    private func value(of variable: String) -> String { values[variable] ?? "in-memory" }

    private static func dapr(_ type: String) -> String {
        type.hasSuffix(".memory") ? type.dropLast("memory".count) + "in-memory" : type
    }
}
