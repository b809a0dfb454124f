internal import Blocks
internal import JSON
internal import Transport
internal import YAML

/// What is found in resource files: each by itself, then against each other.
struct Examination {
    private(set) var findings: [Finding] = []
    private var files: ResourceFiles
    private let isForOneApp: Bool

    /// - Parameter appID: nil for all apps.
    init(appID: String?) {
        files = ResourceFiles(appID: appID ?? "", ignoresScopes: appID == nil, goesOn: true)
        isForOneApp = appID != nil
    }

    /// Reads a folder or a file.
    mutating func read(_ path: String) {
        do throws(Failure) { try files.read(path) } catch {
            findings.append(Finding(severity: .error, message: error.message))
        }
    }

    /// Looks at what was read as a whole.
    mutating func compare() {
        for diagnostic in files.diagnostics { add(diagnostic) }
        for file in files.others where !Self.isDocumentation(file) {
            findings.append(
                Finding(
                    severity: .warning, message: "the file \(file) is not read",
                    hint: "resources are .yaml or .yml files"))
        }
        duplicates()
        for component in files.components {
            type(of: component)
            secrets(of: component)
        }
        for endpoint in files.httpEndpoints { check(endpoint) }
        for subscription in files.subscriptions { check(subscription) }
        for resiliency in files.resiliencies { check(resiliency) }
        if isForOneApp { strangers() }
        if files.isEmpty, findings.isEmpty {
            findings.append(
                Finding(
                    severity: .warning, message: "there are no resources",
                    hint: "is this the folder of --resources-path?"))
        }
    }

    /// What lies beside resources without harm.
    private static func isDocumentation(_ file: String) -> Bool {
        ["md", "txt", "json", "env"].contains { file.lowercased().hasSuffix(".\($0)") }
            || file.split(separator: "/").last?.hasPrefix(".") == true
    }

    // MARK: Components

    private mutating func duplicates() {
        do throws(Failure) { try files.checkDuplicates() } catch {
            findings.append(Finding(severity: .error, message: error.message))
        }
    }

    private mutating func type(of component: Component) {
        guard !ComponentTypes.all.contains(component.type) else { return }
        let suggestion = ComponentTypes.suggestion(for: component.type)
        let fallback =
            switch component.category {
            case "state", "pubsub": "it would be kept in SQLite; --map chooses another"
            case "secretstores": "it would be skipped: secrets come from a file or the environment"
            default: "it would be skipped: fakedapr does not have its building block yet"
            }
        warn(
            "fakedapr does not have the type \(component.type) of \(component.name)",
            component.origin, at: component.origin?.type, hint: suggestion ?? fallback)
    }

    private mutating func secrets(of component: Component) {
        let stores = files.components.filter { $0.category == "secretstores" }.map(\.name)
        guard !component.secrets.isEmpty else { return }
        guard !component.secretStore.isEmpty else {
            return warn(
                "\(component.name) names secrets and no secret store", component.origin,
                hint: "add `auth: { secretStore: … }` beside spec")
        }
        guard !stores.contains(component.secretStore) else { return }
        warn(
            "\(component.name) waits for the secret store \(component.secretStore), which is not "
                + "there", component.origin,
            hint: Suggestion.hint(for: component.secretStore, among: stores)
                ?? "add a Component of type secretstores.local.file")
    }

    /// Of another app, where one app was asked about.
    private mutating func strangers() {
        for absent in files.absent {
            findings.append(
                Finding(
                    severity: .warning, message: "\(absent.name) is not there: \(absent.reason)"))
        }
    }

    private mutating func check(_ endpoint: HTTPEndpoint) {
        guard !endpoint.baseURL.lowercased().hasPrefix("http://") else { return }
        findings.append(
            Finding(
                severity: .warning,
                message:
                    "the HTTPEndpoint \(endpoint.name) is at \(endpoint.baseURL), which cannot be "
                    + "called",
                hint: "fakedapr speaks plain http only: put a server that ends TLS before it"))
    }

    // MARK: Subscriptions and policies

    private mutating func check(_ subscription: Subscription) {
        let brokers = files.components.filter { $0.category == "pubsub" }.map(\.name)
        let about = "the Subscription \(subscription.name)"
        if !brokers.contains(subscription.pubsub) {
            warn(
                "\(about) is to the pub/sub component \(subscription.pubsub), which is not there",
                subscription.origin,
                hint: Suggestion.hint(for: subscription.pubsub, among: brokers)
                    ?? "add a Component of type pubsub.…")
        }
        if subscription.rules.isEmpty {
            warn(
                "\(about) has no route: every message is dropped", subscription.origin,
                hint: "add `routes: { default: /path }`")
        }
        let letters = subscription.deadLetterTopic
        let isHeard = files.subscriptions.contains {
            $0.pubsub == subscription.pubsub && $0.topic == letters
        }
        if letters == subscription.topic {
            warn(
                "\(about) sends its dead letters to its own topic: they would go round for ever",
                subscription.origin, hint: "name another deadLetterTopic")
        } else if !letters.isEmpty, !isHeard {
            warn(
                "nobody is subscribed to \(letters), where \(about) sends its dead letters",
                subscription.origin, hint: "an application may be, with /dapr/subscribe")
        }
    }

    private mutating func check(_ resiliency: ResiliencyResource) {
        let about = "the Resiliency \(resiliency.name)"
        if let problem = resiliency.problem {
            findings.append(
                Finding(
                    severity: .error,
                    message: "\(resiliency.place): \(about) is read up to its mistake: \(problem)"))
        }
        let names = files.components.map(\.name)
        for (target, policies) in resiliency.components.sorted(by: { $0.key < $1.key }) {
            if !names.contains(target) {
                findings.append(
                    Finding(
                        severity: .warning,
                        message: "\(resiliency.place): \(about) is for the component \(target), "
                            + "which is not there",
                        hint: Suggestion.hint(for: target, among: names)))
            }
            unknown([policies.inbound, policies.outbound], resiliency, about)
        }
        for (_, target) in resiliency.apps.sorted(by: { $0.key < $1.key }) {
            unknown([target.names], resiliency, about)
        }
    }

    /// Policies that a target names and that are not there.
    private mutating func unknown(
        _ named: [ResiliencyResource.PolicyNames], _ resiliency: ResiliencyResource,
        _ about: String
    ) {
        let known = [
            "timeout": Array(resiliency.timeouts.keys), "retry": Array(resiliency.retries.keys),
            "circuit breaker": Array(resiliency.breakers.keys),
        ]
        for names in named {
            let all = [
                ("timeout", names.timeout), ("retry", names.retry),
                ("circuit breaker", names.breaker),
            ]
            for (kind, name) in all {
                guard let name, !name.isEmpty, let those = known[kind], !those.contains(name)
                else { continue }
                findings.append(
                    Finding(
                        severity: .warning,
                        message: "\(resiliency.place): \(about) names the \(kind) \(name), which "
                            + "is not there",
                        hint: Suggestion.hint(for: name, among: those.sorted())))
            }
        }
    }

    // MARK: Telling

    private mutating func add(_ diagnostic: Diagnostic) {
        findings.append(
            Finding(
                severity: diagnostic.severity, message: diagnostic.message, hint: diagnostic.hint,
                diagnostic: diagnostic))
    }

    private mutating func warn(
        _ message: String, _ origin: Component.Origin?, at span: SourceSpan? = nil, hint: String?
    ) {
        guard let origin else {
            return findings.append(Finding(severity: .warning, message: message, hint: hint))
        }
        add(
            Diagnostic(
                .warning, message, at: span ?? origin.span, in: origin.source, hint: hint))
    }

    private var counts: [(name: String, count: Int)] {
        [
            ("components", files.components.count), ("subscriptions", files.subscriptions.count),
            ("resiliencies", files.resiliencies.count), ("endpoints", files.httpEndpoints.count),
        ]
    }

    /// The last line.
    var summary: String {
        let read = counts.filter { $0.count > 0 }.map { "\($0.count) \($0.name)" }
        let found = findings.isEmpty ? "nothing is wrong" : "\(findings.count) found"
        return (read.isEmpty ? ["nothing"] : read).joined(separator: ", ") + " read: \(found)"
    }

    var value: JSONValue {
        .object([
            .init("findings", .array(findings.map(\.value))),
            .init(
                "read", .object(counts.map { .init($0.name, .number($0.count)) })),
        ])
    }
}
