/// Where secrets are read from.
package protocol SecretStore: Sendable {
    /// Whether one secret may hold several values.
    var isMultiValued: Bool { get }

    /// The values of a secret by their names; nil when there is no such secret.
    func values(of secret: String) -> [String: String]?

    /// All secrets.
    func all() -> [String: [String: String]]
}

/// A secret store as a sidecar names it.
package struct SecretComponent: Sendable {
    package let name: String
    package let type: String
    package let version: String
    package let store: any SecretStore

    package init(name: String, type: String, version: String, store: any SecretStore) {
        self.name = name
        self.type = type
        self.version = version
        self.store = store
    }
}

/// The process's environment as a store (`secretstores.local.env`): a variable that is not there is
/// an empty secret, and Dapr's own variables are hidden.
package struct EnvironmentSecrets: SecretStore {
    private let environment: [String: String]
    private let prefix: String

    package init(_ environment: [String: String], prefix: String = "") {
        self.environment = environment
        self.prefix = prefix
    }

    package var isMultiValued: Bool { false }

    package func values(of secret: String) -> [String: String]? {
        let name = prefix + secret
        return [secret: Self.isHidden(name) ? "" : environment[name] ?? ""]
    }

    package func all() -> [String: [String: String]] {
        var secrets: [String: [String: String]] = [:]
        for (variable, value) in environment where !Self.isHidden(variable) {
            guard prefix.isEmpty || variable.hasPrefix(prefix) && variable != prefix else {
                continue
            }
            let name = String(variable.dropFirst(prefix.count))
            secrets[name] = [name: value]
        }
        return secrets
    }

    private static func isHidden(_ variable: String) -> Bool {
        let upper = variable.uppercased()
        return upper == "APP_API_TOKEN" || upper.hasPrefix("DAPR_")
    }
}
