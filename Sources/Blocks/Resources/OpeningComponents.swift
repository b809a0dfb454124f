extension Sidecar {
    /// What came of opening a component.
    package enum Opening {
        case opened
        /// A secret store that we do not have; the opener has warned.
        case skipped
        /// One of a building block that we do not have.
        case unknown
    }

    /// Opens what a component, its secrets filled in, stands on, and adds it.
    package func open(
        _ component: Component, by opener: any ComponentOpener
    ) async throws(ComponentFailure) -> Opening {
        switch component.category {
        case "secretstores":
            guard let store = try opener.openSecrets(component) else { return .skipped }
            add(store)
        case "state": add(try await opener.openState(component, for: self))
        case "pubsub": add(try await opener.openPubSub(component, for: self))
        default: return .unknown
        }
        return .opened
    }
}

extension [Component] {
    /// Others may need what they hold.
    package var secretStoresFirst: [Component] {
        filter { $0.category == "secretstores" } + filter { $0.category != "secretstores" }
    }
}
