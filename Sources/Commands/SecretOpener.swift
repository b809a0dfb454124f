internal import Blocks
internal import Transport
internal import YAML

extension StoreOpener {
    /// Opens the secret store that a component names; nil, and a warning, for one we do not have.
    func openSecrets(_ component: Component) throws(ComponentFailure) -> SecretComponent? {
        guard let store = try secretStore(component) else { return nil }
        return SecretComponent(
            name: component.name, type: component.type, version: component.version, store: store)
    }

    private func secretStore(
        _ component: Component
    ) throws(ComponentFailure) -> (any SecretStore)? {
        switch SecretStoreType(rawValue: component.type) {
        case .environment:
            return EnvironmentSecrets(
                ProcessEnvironment.all, prefix: component.setting("prefix") ?? "")
        case .file: return try fileSecrets(component)
        case nil:
            warn(
                "the component \(component.name) is of type \(component.type), which fakedapr does "
                    + "not have: it is skipped; "
                    + (ComponentTypes.suggestion(for: component.type)
                        ?? "give its secrets by a secretstores.local.file"))
            return nil
        }
    }

    private func fileSecrets(_ component: Component) throws(ComponentFailure) -> FileSecrets {
        guard let path = component.setting("secretsFile"), !path.isEmpty else {
            throw ComponentFailure(
                component.name, .description,
                "the component \(component.name) cannot be used: missing local secrets file in "
                    + "metadata: set secretsFile to a JSON file's path",
                setting: "secretsFile")
        }
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try FileContents.read(path) } catch {
            throw unusable(component, path, error.reason)
        }
        do throws(FileSecrets.Problem) {
            return try FileSecrets(
                bytes[...], separator: component.setting("nestedSeparator") ?? ":",
                isMultiValued: Self.isTrue(component.setting("multiValued")))
        } catch {
            throw unusable(component, path, "it is not a JSON object: \(error.text)")
        }
    }

    private func unusable(
        _ component: Component, _ path: String, _ why: String
    ) -> ComponentFailure {
        ComponentFailure(
            component.name, .description,
            "the component \(component.name) cannot be used: cannot read the secrets of "
                + "\(path): \(why)",
            setting: "secretsFile")
    }

    /// As Dapr's components read a truth value.
    private static func isTrue(_ text: String?) -> Bool {
        ["y", "yes", "true", "t", "on", "1"].contains(text?.lowercased() ?? "")
    }
}

/// The secret stores we have, by Dapr's names.
enum SecretStoreType: String, CaseIterable {
    case environment = "secretstores.local.env"
    case file = "secretstores.local.file"
}

/// All types we have.
enum ComponentTypes {
    static let all =
        StateType.allCases.map(\.rawValue) + BrokerType.allCases.map(\.rawValue)
        + SecretStoreType.allCases.map(\.rawValue)

    /// `did you mean …?` for a type that is nearly one of ours. Within a category only what follows
    /// its dot is compared: what they share says nothing.
    static func suggestion(for type: String) -> String? {
        let (category, rest) = parts(of: type)
        let siblings = all.filter { parts(of: $0).category == category }
        guard siblings.isEmpty else {
            return Suggestion.nearest(to: rest, among: siblings.map { parts(of: $0).rest })
                .map { "did you mean `\(category).\($0)`?" }
        }
        return Suggestion.nearest(to: type, among: all).map { "did you mean `\($0)`?" }
    }

    private static func parts(of type: String) -> (category: String, rest: String) {
        let category = String(type.prefix { $0 != "." })
        return (category, String(type.dropFirst(category.count + 1)))
    }
}

extension [Component] {
    /// Others may need what they hold.
    var secretStoresFirst: [Component] {
        filter { $0.category == "secretstores" } + filter { $0.category != "secretstores" }
    }
}

extension StoreOpener {
    /// A mapping that no component needs is likely one that was spelt wrongly.
    func warnAboutIdleMappings(_ components: [Component]) {
        let types = Set(
            components.filter { ["state", "pubsub"].contains($0.category) }.map(\.type)
        ).sorted()
        for mapping in mappings where !types.contains(where: mapping.matches) {
            let hint =
                Suggestion.hint(for: mapping.pattern, among: types)
                ?? "there is no state store and no broker in the resources"
            warn("--map \(mapping.pattern) stands for no component: \(hint)")
        }
    }
}
