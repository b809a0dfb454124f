/// Why a secret is not answered.
package enum SecretProblem: Error, Equatable {
    /// The sidecar has no secret store at all.
    case notConfigured
    case storeNotFound(String)
    case denied(secret: String, store: String)
    case failed(String)
}

/// The secrets building block: reads secrets, within the scopes of the Configuration.
package struct SecretsBlock {
    let sidecar: Sidecar
    let caller: (any PolicyCaller)?

    /// The values of a secret.
    package func get(
        _ secret: String, from store: String
    ) async throws(SecretProblem) -> [String: String] {
        let component = try component(store)
        guard permits(secret, of: store) else {
            throw .denied(secret: secret, store: store)
        }
        return try await perform(on: component) {
            component.store.values(of: secret)
        } missing: {
            "secret \(secret) not found"
        }
    }

    /// All secrets that may be seen.
    package func all(from store: String) async throws(SecretProblem) -> [String: [String: String]] {
        let component = try component(store)
        let secrets = try await perform(on: component) {
            component.store.all()
        } missing: {
            "no secrets"
        }
        return secrets.filter { permits($0.key, of: store) }
    }

    private func component(_ name: String) throws(SecretProblem) -> SecretComponent {
        guard !sidecar.secretComponents.isEmpty else { throw .notConfigured }
        guard let component = sidecar.secretComponent(named: name) else {
            throw .storeNotFound(name)
        }
        return component
    }

    private func permits(_ secret: String, of store: String) -> Bool {
        sidecar.settings.secretScopes.last { $0.store == store }?.permits(secret) ?? true
    }

    /// Reads under the policy that surrounds the store.
    private func perform<Value>(
        on component: SecretComponent, _ read: @escaping () -> Value?, missing: () -> String
    ) async throws(SecretProblem) -> Value {
        var value: Value?
        if let policy = sidecar.resiliency.outbound(component.name, .secretStore) {
            let text = missing()
            do throws(PolicyError) {
                value = try await policy.run(for: caller) {
                    read()
                } judge: { value in
                    value == nil ? .failure(text) : .success
                }
            } catch {
                throw .failed(error.text)
            }
        } else {
            value = read()
        }
        guard let value else { throw .failed(missing()) }
        return value
    }
}
