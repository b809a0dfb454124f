internal import YAML

/// Which secrets of one store a Configuration lets through (`spec.secrets.scopes`).
package struct SecretScope: Equatable, Sendable {
    package var store: String
    package var deniesByDefault = false
    package var allowed: [String] = []
    package var denied: [String] = []

    package init(
        store: String, deniesByDefault: Bool = false, allowed: [String] = [], denied: [String] = []
    ) {
        self.store = store
        self.deniesByDefault = deniesByDefault
        self.allowed = allowed
        self.denied = denied
    }

    /// A list of allowed secrets excludes all others.
    package func permits(_ secret: String) -> Bool {
        guard allowed.isEmpty else { return allowed.contains(secret) }
        return !denied.contains(secret) && !deniesByDefault
    }
}

extension SecretScope {
    init?(_ node: YAMLNode) {
        guard let store = node.member(ignoringCase: "storeName")?.text else { return nil }
        self.init(
            store: store,
            deniesByDefault: node.member(ignoringCase: "defaultAccess")?.text?.lowercased()
                == "deny",
            allowed: Self.names(node.member(ignoringCase: "allowedSecrets")),
            denied: Self.names(node.member(ignoringCase: "deniedSecrets")))
    }

    private static func names(_ list: YAMLNode?) -> [String] {
        (list?.sequence ?? []).compactMap(\.text)
    }
}
