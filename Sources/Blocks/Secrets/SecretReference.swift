internal import YAML

/// A value that lies in a secret store: `secretKeyRef`.
package struct SecretReference: Equatable, Sendable {
    package let secret: String
    /// Which of the secret's values; its own name when nothing else was said.
    package let key: String

    package init(secret: String, key: String) {
        self.secret = secret
        self.key = key
    }

    /// nil without a secret's name, which Dapr passes over.
    init?(_ node: YAMLNode) {
        guard let secret = node.member(ignoringCase: "name")?.text, !secret.isEmpty else {
            return nil
        }
        let key = node.member(ignoringCase: "key")?.text ?? ""
        self.init(secret: secret, key: key.isEmpty ? secret : key)
    }
}

extension Sidecar {
    /// The component with its secrets in their places; nil while their store is not there, which is
    /// told. A secret that is missing is told, and leaves its setting empty.
    package func withSecrets(_ component: Component) -> Component? {
        guard !component.secrets.isEmpty else { return component }
        guard let store = store(component.secretStore, for: "Component \(component.name)") else {
            return nil
        }
        var filled = component
        for (setting, reference) in component.secrets.sorted(by: { $0.key < $1.key }) {
            filled.metadata[setting] = value(of: reference, in: store)
        }
        return filled
    }

    /// The same for the headers of an endpoint, which is there without them.
    package func withSecrets(_ endpoint: HTTPEndpoint) -> HTTPEndpoint {
        guard endpoint.headers.contains(where: { $0.reference != nil }),
            let store = store(endpoint.secretStore, for: "HTTPEndpoint \(endpoint.name)")
        else { return endpoint }
        var filled = endpoint
        for index in filled.headers.indices {
            guard let reference = filled.headers[index].reference else { continue }
            filled.headers[index].value = value(of: reference, in: store)
        }
        return filled
    }

    private func store(_ name: String, for resource: String) -> (any SecretStore)? {
        if let component = secretComponent(named: name) { return component.store }
        log?.write(
            .warn,
            name.isEmpty
                ? "\(resource) refers to a secret and names no secret store: "
                    + "add `auth.secretStore` to it"
                : "\(resource) references a secret store that isn't loaded: \(name)")
        return nil
    }

    private func value(of reference: SecretReference, in store: any SecretStore) -> String {
        guard let values = store.values(of: reference.secret) else {
            log?.write(.error, "Error getting secret: secret \(reference.secret) not found")
            return ""
        }
        if let value = values[reference.key] { return value }
        log?.write(
            .error, "Error getting secret: \(reference.secret) has no key \(reference.key)")
        return ""
    }
}
