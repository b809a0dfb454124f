package import YAML

/// A Dapr component as its resource describes it: a name, a type, settings.
package struct Component: Sendable {
    package var name: String
    /// `state.redis`
    package var type: String
    package var version: String
    /// Values as text; a value that is no string is its JSON.
    package var metadata: [String: String]
    /// Settings whose values lie in the secret store, by their names.
    package var secrets: [String: SecretReference] = [:]
    /// `auth.secretStore`; empty when there is none.
    package var secretStore = ""
    package var ignoresErrors: Bool
    /// How long what it stands on is waited for; nil when nothing was said.
    package var initTimeout: Duration?
    /// Where it was described; nil for one made from flags.
    package var origin: Origin?

    package struct Origin: Sendable {
        package let source: SourceText
        package let span: SourceSpan
        /// Where the settings are, by their names.
        package var settings: [String: SourceSpan] = [:]
        /// Where the type is.
        package var type: SourceSpan?

        /// The place of a setting, its name compared without case.
        package func place(of setting: String) -> SourceSpan? {
            let name = setting.lowercased()
            return settings.first { $0.key.lowercased() == name }?.value
        }
    }

    package init(
        name: String, type: String, version: String = "v1", metadata: [String: String] = [:],
        ignoresErrors: Bool = false, initTimeout: Duration? = nil, origin: Origin? = nil
    ) {
        self.name = name
        self.type = type
        self.version = version
        self.metadata = metadata
        self.ignoresErrors = ignoresErrors
        self.initTimeout = initTimeout
        self.origin = origin
    }

    /// A setting, its name compared without case, as Dapr's components do.
    package func setting(_ name: String) -> String? { metadata[ignoringCase: name] }

    /// Whether both are described alike, wherever that is.
    package func isSame(as other: Component) -> Bool {
        name == other.name && type == other.type && version == other.version
            && metadata == other.metadata && secrets == other.secrets
            && secretStore == other.secretStore && ignoresErrors == other.ignoresErrors
            && initTimeout == other.initTimeout
    }

    /// As daprd's log lines name it: `statestore (state.redis/v1)`.
    package var logName: String { "\(name) (\(type)/\(version))" }

    /// `state`, `pubsub`, ….
    package var category: String { String(type.prefix { $0 != "." }) }
}

/// Why a component cannot be used.
package struct ComponentFailure: Error, Sendable {
    package enum Cause: Sendable {
        /// Its description.
        case description
        /// What it stands on: a file, a server.
        case backend
    }

    package let component: String
    package let cause: Cause
    /// *what failed: why — how to mend*.
    package let message: String
    /// The setting that it is about, when there is one.
    package let setting: String?

    package init(
        _ component: String, _ cause: Cause, _ message: String, setting: String? = nil
    ) {
        self.setting = setting
        self.component = component
        self.cause = cause
        self.message = message
    }
}

/// Opens what components stand on. Commands has the one implementation, which knows the concrete back
/// ends.
package protocol ComponentOpener: Sendable {
    /// Opens a state store for `sidecar`; runs on its sandbox's loop.
    func openState(
        _ component: Component, for sidecar: Sidecar
    ) async throws(ComponentFailure) -> StateComponent

    /// Opens a pub/sub broker for `sidecar`; runs on its sandbox's loop.
    func openPubSub(
        _ component: Component, for sidecar: Sidecar
    ) async throws(ComponentFailure) -> PubSubComponent

    /// Opens a secret store; nil, and a warning, for one we do not have.
    func openSecrets(_ component: Component) throws(ComponentFailure) -> SecretComponent?
}
