internal import Backends
internal import YAML

/// The policies of one sidecar: which apply to what, and the breakers that remember.
///
/// Confined to the sandbox's loop. Resources share one name space; a later one wins.
package final class Resiliency {
    /// The names of all resources, those that could not be read included.
    package let names: [String]
    /// Whether nothing is surrounded by anything, which spares each request the look-up.
    package let isEmpty: Bool
    private let sandbox: Sandbox
    private let log: (any SidecarLog)?
    private var timeouts: [String: Duration] = [:]
    private var retries: [String: RetryPolicy]
    private var templates: [String: BreakerSettings] = [:]
    private var apps: [String: ResiliencyResource.AppTarget] = [:]
    private var components: [String: ResiliencyResource.ComponentTarget] = [:]
    private var defaultNames: [String: ResiliencyResource.PolicyNames] = [:]
    private var appBreakers: [String: BreakerCache] = [:]
    private var componentBreakers: [String: CircuitBreaker] = [:]

    package init(
        _ resources: [ResiliencyResource], in sandbox: Sandbox, log: (any SidecarLog)? = nil
    ) {
        names = resources.map(\.name)
        isEmpty = resources.isEmpty
        retries = Dictionary(
            uniqueKeysWithValues: BuiltInPolicy.allCases.map { ($0.rawValue, $0.retry) })
        self.sandbox = sandbox
        self.log = log
        for resource in resources { take(resource) }
        warnAboutUnknownPolicies()
    }

    private func take(_ resource: ResiliencyResource) {
        log?.write(.info, "Loading Resiliency configuration: \(resource.name)")
        timeouts.merge(resource.timeouts) { $1 }
        for (name, retry) in resource.retries.sorted(by: { $0.key < $1.key }) {
            take(retry, named: name)
        }
        templates.merge(resource.breakers) { $1 }
        apps.merge(resource.apps) { $1 }
        components.merge(resource.components) { $1 }
        if let problem = resource.problem {
            log?.write(
                .error,
                "Could not read resiliency policy \(resource.name): \(problem) - in "
                    + resource.place)
        }
    }

    private func take(_ retry: RetryPolicy, named name: String) {
        var retry = retry
        switch BuiltInPolicy(rawValue: name) {
        case .actorNotFound:
            log?.write(
                .warn,
                "Attempted to override protected policy \(name) which is not allowed. Ignoring "
                    + "provided policy and using default.")
            return
        case .some where retry.maxRetries < 3:
            log?.write(
                .warn,
                "Attempted override of \(name) did not meet minimum retry count, resetting to 3.")
            retry.maxRetries = 3
        default: break
        }
        retries[name] = retry
    }

    /// daprd takes a name that no policy has for none, or, as a component's breaker, crashes on it.
    private func warnAboutUnknownPolicies() {
        for (app, target) in apps.sorted(by: { $0.key < $1.key }) {
            warnAboutUnknown(target.names, of: "apps.\(app)")
        }
        for (component, target) in components.sorted(by: { $0.key < $1.key }) {
            warnAboutUnknown(target.inbound, of: "components.\(component).inbound")
            warnAboutUnknown(target.outbound, of: "components.\(component).outbound")
        }
    }

    private func warnAboutUnknown(
        _ names: ResiliencyResource.PolicyNames, of target: String
    ) {
        func check<T>(_ name: String?, _ kind: String, in policies: [String: T]) {
            guard let name, policies[name] == nil else { return }
            let nearest = Suggestion.nearest(to: name, among: policies.keys.sorted())
            log?.write(
                .warn,
                "the target \(target) names the \(kind) \(name), which no Resiliency resource "
                    + "has: it goes without" + (nearest.map { "; did you mean \($0)?" } ?? ""))
        }
        check(names.timeout, "timeout", in: timeouts)
        check(names.retry, "retry", in: retries)
        check(names.breaker, "circuit breaker", in: templates)
    }

    // MARK: Which policy applies

    /// Round an invocation of `method` (its path, no query) of an app, as the caller names it.
    ///
    /// - Returns: nil when nothing surrounds it.
    package func app(_ id: String, method: String) -> ResiliencyPolicy? {
        guard !isEmpty else { return nil }
        return call(of: id, "\(id):\(method)")
    }

    /// Round a call of an HTTPEndpoint, whatever its method.
    package func endpoint(_ name: String, baseURL: String) -> ResiliencyPolicy? {
        guard !isEmpty else { return nil }
        return call(of: name, "\(name):\(baseURL)")
    }

    /// Round a call of a URL that is no resource.
    package func external(_ url: String, method: String) -> ResiliencyPolicy? {
        guard !isEmpty else { return nil }
        return call(of: url, "\(url)/\(method)")
    }

    /// - Parameter endpoint: what a breaker is for.
    private func call(of target: String, _ endpoint: String) -> ResiliencyPolicy? {
        let names = apps[target]?.names ?? defaults(["App"])
        return policy(names, "endpoint[\(target), \(endpoint)]") { settings in
            self.appBreaker(settings, of: target, endpoint)
        }
    }

    /// Round what is asked of a component.
    package func outbound(_ component: String, _ kind: ComponentKind) -> ResiliencyPolicy? {
        guard !isEmpty else { return nil }
        let names =
            components[component]?.outbound
            ?? defaults(["\(kind.rawValue)ComponentOutbound", "ComponentOutbound", "Component"])
        return policy(names, "component[\(component)] output") { settings in
            self.componentBreaker(settings, of: component)
        }
    }

    /// Round what a component hands to the application.
    package func inbound(_ component: String, _ kind: ComponentKind) -> ResiliencyPolicy? {
        guard !isEmpty else { return nil }
        let names =
            components[component]?.inbound
            ?? defaults(["\(kind.rawValue)ComponentInbound", "ComponentInbound", "Component"])
        return policy(names, "component[\(component)] input") { settings in
            self.componentBreaker(settings, of: component)
        }
    }

    /// One of Dapr's own retries.
    package func builtIn(_ policy: BuiltInPolicy) -> ResiliencyPolicy {
        ResiliencyPolicy(
            operation: policy.rawValue, timeout: nil,
            retry: retries[policy.rawValue] ?? policy.retry, breaker: nil, sandbox: sandbox,
            log: log)
    }

    /// Whether a target is there for the app: then Dapr's own retries between sidecars are off.
    package func hasTarget(app id: String) -> Bool { apps[id] != nil }

    /// Default-named policies, each kind looked up by itself, the narrowest name first. The same
    /// for all that share the first level.
    private func defaults(_ levels: [String]) -> ResiliencyResource.PolicyNames {
        if let known = defaultNames[levels[0]] { return known }
        func name<T>(_ kind: String, in policies: [String: T]) -> String? {
            (levels + [""]).map { "Default\($0)\(kind)Policy" }.first { policies[$0] != nil }
        }
        let names = ResiliencyResource.PolicyNames(
            timeout: name("Timeout", in: timeouts), retry: name("Retry", in: retries),
            breaker: name("CircuitBreaker", in: templates))
        defaultNames[levels[0]] = names
        return names
    }

    /// A name that no policy has counts for none.
    private func policy(
        _ names: ResiliencyResource.PolicyNames, _ operation: @autoclosure () -> String,
        breaker: (BreakerSettings) -> CircuitBreaker
    ) -> ResiliencyPolicy? {
        let timeout = names.timeout.flatMap { timeouts[$0] }.flatMap { $0 > .zero ? $0 : nil }
        let retry = names.retry.flatMap { retries[$0] }
        let template = names.breaker.flatMap { templates[$0] }
        guard timeout != nil || retry != nil || template != nil else { return nil }
        return ResiliencyPolicy(
            operation: operation(), timeout: timeout, retry: retry,
            breaker: template.map(breaker), sandbox: sandbox, log: log)
    }

    // MARK: Breakers

    /// Forgets what breakers remember: all are closed.
    package func closeBreakers() {
        appBreakers = [:]
        componentBreakers = [:]
    }

    private func appBreaker(
        _ settings: BreakerSettings, of app: String, _ key: String
    ) -> CircuitBreaker {
        let limit = apps[app]?.breakerCount ?? 100
        // Any name can be asked for, and each would be remembered.
        if appBreakers.count >= Self.appLimit, appBreakers[app] == nil { appBreakers = [:] }
        return appBreakers[app, default: BreakerCache(limit: limit)].breaker(key) {
            made(settings, named: key)
        }
    }

    private static let appLimit = 1000

    /// Inbound and outbound share one: the template that is used first wins.
    private func componentBreaker(
        _ settings: BreakerSettings, of component: String
    ) -> CircuitBreaker {
        if let known = componentBreakers[component] { return known }
        let breaker = made(settings, named: "\(settings.name)-\(component)")
        componentBreakers[component] = breaker
        return breaker
    }

    private func made(_ settings: BreakerSettings, named name: String) -> CircuitBreaker {
        CircuitBreaker(settings, clock: sandbox.clock) { [log] before, after in
            log?.write(
                .info,
                "Circuit breaker \"\(name)\" changed state from \(before.rawValue) to "
                    + after.rawValue)
        }
    }
}
