/// One app id in a sandbox, with its components. Another app id is remote, even in one process.
package final class Sidecar {
    package let appID: String
    package let sandbox: Sandbox
    package let settings: SidecarSettings
    package private(set) var stateComponents: [StateComponent] = []
    package private(set) var pubSubComponents: [PubSubComponent] = []
    package private(set) var secretComponents: [SecretComponent] = []
    package var httpEndpoints: [HTTPEndpoint] = []
    /// Components that are described and not there, and why.
    package var absent: [AbsentComponent] = []
    /// What the application is subscribed to; nil before anybody has asked.
    package var subscriptions: Subscriptions?
    /// The way to the application; nil for a sidecar without one.
    package var appChannel: (any AppChannel)?
    /// Where its parts write log lines; nil where nobody reads any.
    package var log: (any SidecarLog)?
    /// The policies round what goes out of it and comes in.
    package var resiliency: Resiliency
    /// What `PUT /v1.0/metadata/{key}` has set, in the order of the first setting.
    package private(set) var extended: [(key: String, value: String)] = []
    /// Set when components are loaded and the API is served.
    package var isOutboundReady = false
    /// Set when, besides, the app can be reached (or there is none).
    package var isReady = false

    package init(appID: String, settings: SidecarSettings, in sandbox: Sandbox) {
        self.appID = appID
        self.settings = settings
        self.sandbox = sandbox
        resiliency = Resiliency([], in: sandbox)
        sandbox.add(self)
    }

    package func add(_ component: StateComponent) { stateComponents.append(component) }

    package func add(_ component: PubSubComponent) { pubSubComponents.append(component) }

    package func add(_ component: SecretComponent) { secretComponents.append(component) }

    package func secretComponent(named name: String) -> SecretComponent? {
        secretComponents.first { $0.name == name }
    }

    /// Takes a component out; what it stands on stays, because others may share it.
    package func removeComponent(named name: String) {
        stateComponents.removeAll { $0.name == name }
        pubSubComponents.removeAll { $0.name == name }
        secretComponents.removeAll { $0.name == name }
    }

    /// Lets go of the parts that hold it themselves: its sandbox is closed.
    func letGo() {
        subscriptions = nil
        appChannel = nil
    }

    /// Sets one entry of the metadata's `extended`.
    package func setExtended(_ key: String, to value: String) {
        if let index = extended.firstIndex(where: { $0.key == key }) {
            extended[index].value = value
        } else {
            extended.append((key, value))
        }
    }

    /// The invocation building block.
    ///
    /// - Parameter peer: the app id and the namespace of a caller whose sidecar sent the call here,
    ///   with a blank between; nil for one's own application.
    package func invocation(from peer: String?) -> InvokeBlock {
        let words = peer?.split(separator: " ").map(String.init) ?? []
        return InvokeBlock(
            sidecar: self,
            caller: .init(
                appID: words.first ?? appID, namespace: words.dropFirst().first ?? namespace,
                isRemote: peer != nil))
    }

    /// The pub/sub building block, publishing.
    package func pubSub(for caller: (any PolicyCaller)?) -> PubSubBlock {
        PubSubBlock(sidecar: self, caller: caller)
    }

    /// The secrets building block.
    package func secrets(for caller: (any PolicyCaller)?) -> SecretsBlock {
        SecretsBlock(sidecar: self, caller: caller)
    }

    /// The environment's NAMESPACE.
    package var namespace: String { settings.namespace ?? "default" }

    /// The state building block.
    package var state: StateBlock { state(for: nil) }

    /// The same for one caller, whose end ends retries.
    package func state(for caller: (any PolicyCaller)?) -> StateBlock {
        StateBlock(sidecar: self, caller: caller)
    }
}

/// What a sidecar was started with, as far as its APIs obey it.
package struct SidecarSettings: Sendable {
    /// Bytes of a request body at most; nil for no bound.
    package var maxBodySize: Int?
    /// What callers must send in `dapr-api-token`; nil when anyone may call.
    package var apiToken: String?
    /// Origins that browsers may call from; empty switches CORS off, as daprd does by default.
    package var allowedOrigins: [String]
    package var tracing: Tracing
    package var values: ValueMode
    /// The APIs that a Configuration resource lets through.
    package var access: APIAccess
    /// Which secrets a Configuration resource lets through.
    package var secretScopes: [SecretScope] = []
    package var appPort: Int?
    package var appProtocol: String
    package var appChannelAddress: String
    package var appMaxConcurrency: Int?
    /// nil when health is not checked.
    package var appHealthCheck: AppHealthCheck?
    /// Whether `GET /dapr/config` is asked (`--disable-init-endpoints config`).
    package var asksForConfig = true
    /// Whether `GET /dapr/subscribe` is asked (`--disable-init-endpoints subscribe`).
    package var asksForSubscriptions = true
    /// The environment's NAMESPACE; nil when it has none.
    package var namespace: String?
    /// What the application wants in `dapr-api-token` (APP_API_TOKEN).
    package var appToken: String?
    /// Whether `/_fakedapr` is served (`--no-control`).
    package var servesControl = true

    package init(
        maxBodySize: Int? = 4 << 20, apiToken: String? = nil, allowedOrigins: [String] = [],
        tracing: Tracing = .unconfigured, values: ValueMode = .exact, access: APIAccess = .all,
        appPort: Int? = nil, appProtocol: String = "http", appChannelAddress: String = "127.0.0.1",
        appMaxConcurrency: Int? = nil
    ) {
        self.maxBodySize = maxBodySize
        self.apiToken = apiToken
        self.allowedOrigins = allowedOrigins
        self.tracing = tracing
        self.values = values
        self.access = access
        self.appPort = appPort
        self.appProtocol = appProtocol
        self.appChannelAddress = appChannelAddress
        self.appMaxConcurrency = appMaxConcurrency
    }
}

/// How values are stored.
package enum ValueMode: String, Sendable, CaseIterable {
    /// The bytes that were sent.
    case exact
    /// Re-serialised as Dapr's stores do it, rounding included.
    case dapr
}

/// What tracing does to `traceparent` (runtime.md §9 of the specification).
package enum Tracing: Equatable, Sendable {
    /// No configuration: a header passes unchanged, an absent one is answered as all zeros.
    case unconfigured
    /// `samplingRate: "0"`: nothing is added and nothing echoed.
    case off
    /// A new span per request, sampled at this rate between 0 and 1.
    case sampling(Double)
}

/// Which APIs a Configuration resource allows (`spec.api`): denials first; a non-empty list of
/// allowances excludes everything else.
package struct APIAccess: Equatable, Sendable {
    package struct Rule: Equatable, Sendable {
        package let version: String
        package let name: String

        package init(version: String, name: String) {
            self.version = version
            self.name = name
        }
    }

    package var allowed: [Rule]
    package var denied: [Rule]

    package static let all = APIAccess(allowed: [], denied: [])

    package init(allowed: [Rule], denied: [Rule]) {
        self.allowed = allowed
        self.denied = denied
    }

    /// Whether the API `name` of `version` (`v1`, `v1alpha1`) may be called.
    package func permits(version: String, name: String) -> Bool {
        let rule = Rule(version: version, name: name)
        return !denied.contains(rule) && (allowed.isEmpty || allowed.contains(rule))
    }
}
