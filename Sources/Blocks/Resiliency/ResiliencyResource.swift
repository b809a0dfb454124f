package import YAML

/// A `kind: Resiliency` as its file describes it: policies by name, and what they are for.
///
/// Read as Dapr reads it: what stands before the first mistake counts, policies before targets.
package struct ResiliencyResource: Sendable {
    package let name: String
    package internal(set) var timeouts: [String: Duration] = [:]
    package internal(set) var retries: [String: RetryPolicy] = [:]
    package internal(set) var breakers: [String: BreakerSettings] = [:]
    package internal(set) var apps: [String: AppTarget] = [:]
    package internal(set) var components: [String: ComponentTarget] = [:]
    /// Why the rest was not read, in Dapr's words; nil when all was.
    package internal(set) var problem: String?
    /// Where it is described.
    package let place: String
    /// The whole of it, as it was written.
    package let document: YAMLNode

    /// The policies that a target names; nil for none of a kind.
    package struct PolicyNames: Equatable, Sendable {
        package var timeout: String?
        package var retry: String?
        package var breaker: String?

        package init(timeout: String? = nil, retry: String? = nil, breaker: String? = nil) {
            self.timeout = timeout
            self.retry = retry
            self.breaker = breaker
        }
    }

    package struct AppTarget: Equatable, Sendable {
        package var names: PolicyNames
        /// How many breakers, one per method, are remembered.
        package var breakerCount = 100
    }

    package struct ComponentTarget: Equatable, Sendable {
        package var inbound = PolicyNames()
        package var outbound = PolicyNames()
    }

    /// - Parameter document: the whole of it; its scopes are looked at already.
    package init(_ document: YAMLNode, in source: SourceText) {
        name = document.member(ignoringCase: "metadata")?.member(ignoringCase: "name")?.text ?? ""
        self.document = document
        place = Diagnostic(.error, "", at: document.span, in: source).place
        let spec = document.member(ignoringCase: "spec")
        do throws(ResiliencyProblem) {
            try takePolicies(spec?.member(ignoringCase: "policies"))
            try takeTargets(spec?.member(ignoringCase: "targets"))
        } catch {
            problem = error.text
        }
    }

    // MARK: Policies

    private mutating func takePolicies(_ policies: YAMLNode?) throws(ResiliencyProblem) {
        for member in Self.members("timeouts", of: policies) {
            let text = member.value.text ?? ""
            guard let duration = ResiliencyReader.duration(text) else {
                throw ResiliencyProblem(
                    "invalid duration \"\(member.name)\", \(text): "
                        + ResiliencyReader.durationProblem(text))
            }
            timeouts[member.name] = duration
        }
        for member in Self.members("retries", of: policies) {
            retries[member.name] = try ResiliencyReader(member).retry()
        }
        for member in Self.members("circuitBreakers", of: policies) {
            breakers[member.name] = try ResiliencyReader(member).breaker()
        }
    }

    private static func members(_ name: String, of node: YAMLNode?) -> [YAMLNode.Member] {
        node?.member(ignoringCase: name)?.mapping ?? []
    }

    // MARK: Targets

    private mutating func takeTargets(_ targets: YAMLNode?) throws(ResiliencyProblem) {
        for member in Self.members("apps", of: targets) {
            var target = AppTarget(names: Self.names(member.value))
            let count = member.value.member(ignoringCase: "circuitBreakerCacheSize")?.int ?? 0
            guard count >= 0 else { throw ResiliencyProblem("must provide a positive size") }
            if count > 0 { target.breakerCount = count }
            apps[member.name] = target
        }
        for member in Self.members("actors", of: targets) { try Self.checkActor(member.value) }
        for member in Self.members("components", of: targets) {
            components[member.name] = ComponentTarget(
                inbound: Self.names(member.value.member(ignoringCase: "inbound")),
                outbound: Self.names(member.value.member(ignoringCase: "outbound")))
        }
    }

    private static func names(_ node: YAMLNode?) -> PolicyNames {
        func name(_ member: String) -> String? {
            node?.member(ignoringCase: member)?.text.flatMap { $0.isEmpty ? nil : $0 }
        }
        return PolicyNames(
            timeout: name("timeout"), retry: name("retry"), breaker: name("circuitBreaker"))
    }

    /// There are no actors here, but a mistake in their policies is one all the same.
    private static func checkActor(_ target: YAMLNode) throws(ResiliencyProblem) {
        guard names(target).breaker != nil else { return }
        let scope = target.member(ignoringCase: "circuitBreakerScope")?.text ?? ""
        guard !scope.isEmpty else {
            throw ResiliencyProblem("actor circuit breakers must include scope")
        }
        guard ["type", "id", "both"].contains(scope) else {
            throw ResiliencyProblem("unknown circuit breaker scope \"\(scope)\"")
        }
    }
}

/// Why a Resiliency resource is not read to its end.
struct ResiliencyProblem: Error {
    let text: String

    init(_ text: String) { self.text = text }
}
