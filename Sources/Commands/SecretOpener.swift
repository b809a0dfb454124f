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
