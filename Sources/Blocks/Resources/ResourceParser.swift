internal import Bytes
internal import CEL
internal import JSON
internal import Matching
package import YAML

/// What the parser needs to know of the world besides the text.
package struct ResourceContext: Sendable {
    package var appID: String
    /// The process's environment.
    package var environment: [String: String]
    /// Whether resources for other apps are taken too.
    package var ignoresScopes = false
    /// A UUID per call, for the template `{uuid}`.
    package var uuid: @Sendable () -> String

    package init(
        appID: String, environment: [String: String], uuid: @escaping @Sendable () -> String
    ) {
        self.appID = appID
        self.environment = environment
        self.uuid = uuid
    }

    var namespace: String? {
        environment["NAMESPACE"].flatMap { $0.isEmpty ? nil : $0 }
    }
}

/// Reads Dapr's resource files as Dapr does (runtime.md §14 of the specification). Pure.
package struct ResourceParser {
    /// What came of a file.
    package struct Result {
        package var components: [Component] = []
        package var httpEndpoints: [HTTPEndpoint] = []
        package var subscriptions: [Subscription] = []
        /// What ends a start in Dapr: a subscription with a rule that is none.
        package var fatal: [Diagnostic] = []
        package var configuration = ConfigurationResource()
        package var resiliencies: [ResiliencyResource] = []
        package var diagnostics: [Diagnostic] = []
        /// Components that are not for this app, or not right.
        package var absent: [AbsentComponent] = []

        package init() {}
    }

    private let source: SourceText
    private let context: ResourceContext
    private var result = Result()
    /// Whether a setting of the component at hand makes it unusable.
    private var isBroken = false

    /// The resources of a file that are meant for this app; what is broken or unknown is a warning.
    package static func parse(_ source: SourceText, _ context: ResourceContext) -> Result {
        var parser = ResourceParser(source: source, context: context)
        for (index, document) in YAMLParser.resourceDocuments(of: source).enumerated() {
            switch document {
            case .success(let node): parser.take(node, isFirst: index == 0)
            case .failure(let problem): parser.result.diagnostics.append(problem.asWarning)
            }
        }
        return parser.result
    }

    private init(source: SourceText, context: ResourceContext) {
        self.source = source
        self.context = context
    }

    private mutating func take(_ document: YAMLNode, isFirst: Bool) {
        guard document.mapping != nil else {
            return warn(
                "not a Dapr resource: expected a mapping, found \(document.kindName)",
                document)
        }
        let version = document.member(ignoringCase: "apiVersion")?.text ?? ""
        guard let kind = document.member(ignoringCase: "kind")?.text else {
            return warn(
                "not a Dapr resource: it has no kind", document,
                hint: "add `apiVersion: dapr.io/v1alpha1` and `kind: Component`")
        }
        switch (version, kind) {
        case ("dapr.io/v1alpha1", "Component"): takeComponent(document)
        case ("dapr.io/v1alpha1", "Subscription"): takeSubscription(document, isV2: false)
        case ("dapr.io/v2alpha1", "Subscription"): takeSubscription(document, isV2: true)
        case ("dapr.io/v1alpha1", "HTTPEndpoint"): takeEndpoint(document)
        case (_, "Configuration"): result.configuration.take(document)
        case (_, "Resiliency"): takeResiliency(document, isFirst: isFirst)
        case (_, "Component"):
            warn(
                "skipped: Dapr takes components of apiVersion dapr.io/v1alpha1 only", document,
                hint: "write `apiVersion: dapr.io/v1alpha1`")
        default: warn("skipped: resources of kind \(kind) are not supported yet", document)
        }
    }

    private mutating func takeSubscription(_ document: YAMLNode, isV2: Bool) {
        let metadata = document.member(ignoringCase: "metadata")
        guard isMeantForUs(document, metadata) else { return }
        let name = metadata?.member(ignoringCase: "name")?.text ?? ""
        guard let spec = document.member(ignoringCase: "spec") else {
            return warn("skipped: the Subscription \(name) has no spec", document)
        }
        do throws(SubscriptionResource.Problem) {
            var subscription = try SubscriptionResource.read(spec, name: name, isV2: isV2)
            subscription.origin = Component.Origin(source: source, span: document.span)
            result.subscriptions.append(subscription)
        } catch {
            switch error {
            case .shape(let what, let node):
                warn("skipped: the Subscription \(name): \(what)", node)
            case .rule(let problem, let node):
                result.fatal.append(
                    Diagnostic(
                        .error, "a rule of the Subscription \(name) is none: \(problem.text)",
                        at: node.span, in: source, hint: problem.hint))
            }
        }
    }

    private mutating func takeEndpoint(_ document: YAMLNode) {
        let metadata = document.member(ignoringCase: "metadata")
        guard isMeantForUs(document, metadata) else { return }
        guard let name = metadata?.member(ignoringCase: "name")?.text, !name.isEmpty else {
            return warn("skipped: the HTTPEndpoint has no metadata.name", metadata ?? document)
        }
        let spec = document.member(ignoringCase: "spec")
        guard let url = spec?.member(ignoringCase: "baseUrl")?.text, !url.isEmpty else {
            return warn(
                "skipped: the HTTPEndpoint \(name) has no spec.baseUrl", spec ?? document,
                hint: "add `baseUrl: http://host:8080`, say, under spec")
        }
        var endpoint = HTTPEndpoint(name: name, baseURL: url)
        for item in spec?.member(ignoringCase: "headers")?.sequence ?? [] {
            guard let header = item.member(ignoringCase: "name")?.text else {
                warn("a header of \(name) has no name", item)
                continue
            }
            let text = value(of: item)
            var made = HTTPEndpoint.Header(
                name: header, value: text.map { resolved($0, item, of: name) } ?? "")
            if text == nil { made.reference = reference(of: item) }
            endpoint.headers.append(made)
        }
        endpoint.secretStore = secretStore(of: document)
        result.httpEndpoints.append(endpoint)
    }

    /// Dapr does not look at its apiVersion, nor at any document of a file but the first.
    private mutating func takeResiliency(_ document: YAMLNode, isFirst: Bool) {
        guard isFirst else {
            return warn(
                "skipped: Dapr reads a Resiliency only where it is the first document of its file",
                document, hint: "give it a file of its own")
        }
        let scopes = document.member(ignoringCase: "scopes")?.sequence ?? []
        guard
            context.ignoresScopes || scopes.isEmpty
                || scopes.contains(where: { $0.text == context.appID })
        else { return }
        result.resiliencies.append(ResiliencyResource(document, in: source))
    }

    private mutating func takeComponent(_ document: YAMLNode) {
        let metadata = document.member(ignoringCase: "metadata")
        guard isMeantForUs(document, metadata) else { return noteAbsence(document, metadata) }
        guard let name = metadata?.member(ignoringCase: "name")?.text, !name.isEmpty else {
            return warn("skipped: the component has no metadata.name", metadata ?? document)
        }
        let spec = document.member(ignoringCase: "spec")
        guard let spec, let type = spec.member(ignoringCase: "type")?.text, !type.isEmpty else {
            return warn(
                "skipped: the component \(name) has no spec.type", spec ?? document,
                hint: "add `type: state.redis`, say, under spec")
        }
        isBroken = false
        var component = Component(
            name: name, type: type,
            version: spec.member(ignoringCase: "version")?.text ?? "v1",
            ignoresErrors: spec.member(ignoringCase: "ignoreErrors")?.bool ?? false,
            initTimeout: spec.member(ignoringCase: "initTimeout")?.text.flatMap {
                GoDuration.parse($0)
            },
            origin: Component.Origin(
                source: source, span: document.span,
                type: spec.member(ignoringCase: "type")?.span))
        component.secretStore = secretStore(of: document)
        takeSettings(spec.member(ignoringCase: "metadata"), of: &component)
        guard !isBroken else {
            result.absent.append(
                AbsentComponent(name: name, type: type, reason: "its description is not right"))
            return
        }
        result.components.append(component)
    }

    private mutating func noteAbsence(_ document: YAMLNode, _ metadata: YAMLNode?) {
        guard let name = metadata?.member(ignoringCase: "name")?.text else { return }
        let apps = (document.member(ignoringCase: "scopes")?.sequence ?? []).compactMap(\.text)
        let isForUs = apps.isEmpty || apps.contains(context.appID)
        let type = document.member(ignoringCase: "spec")?.member(ignoringCase: "type")?.text ?? ""
        result.absent.append(
            AbsentComponent(
                name: name, type: type,
                reason: isForUs
                    ? "it is in another namespace"
                    : "its scopes name \(apps.joined(separator: ", ")), not \(context.appID)"))
    }

    /// Scopes name apps; a namespace counts only where the environment has one.
    private func isMeantForUs(_ document: YAMLNode, _ metadata: YAMLNode?) -> Bool {
        if context.ignoresScopes { return true }
        if let scopes = document.member(ignoringCase: "scopes")?.sequence, !scopes.isEmpty,
            !scopes.contains(where: { $0.text == context.appID })
        {
            return false
        }
        guard let ours = context.namespace,
            let theirs = metadata?.member(ignoringCase: "namespace")?.text, !theirs.isEmpty
        else { return true }
        return ours == theirs
    }

    // MARK: Settings

    private mutating func takeSettings(_ list: YAMLNode?, of component: inout Component) {
        guard let list, !list.isNull else { return }
        guard let items = list.sequence else {
            return warn(
                "the settings of \(component.name) are ignored: expected a list of name and value, "
                    + "found \(list.kindName)", list, hint: "write `- name: redisHost`")
        }
        for item in items {
            guard let name = item.member(ignoringCase: "name")?.text else {
                warn("a setting of \(component.name) has no name", item)
                continue
            }
            component.origin?.settings[name] = item.span
            let text = value(of: item)
            component.metadata[name] = text.map { resolved($0, item, of: component.name) } ?? ""
            if text == nil { component.secrets[name] = reference(of: item) }
        }
    }

    /// `auth.secretStore`, which stands beside the spec.
    private func secretStore(of document: YAMLNode) -> String {
        document.member(ignoringCase: "auth")?.member(ignoringCase: "secretStore")?.text ?? ""
    }

    private func reference(of item: YAMLNode) -> SecretReference? {
        item.member(ignoringCase: "secretKeyRef").flatMap { SecretReference($0) }
    }

    /// What stands for itself; nil when nothing does, and a secret may.
    private mutating func value(of item: YAMLNode) -> String? {
        if let value = item.member(ignoringCase: "value"), !value.isNull {
            return value.text ?? JSONValue(value).text
        }
        if let variable = item.member(ignoringCase: "envRef")?.text {
            return environmentValue(variable, item)
        }
        return nil
    }

    /// Dapr lends components no secrets of its own.
    private mutating func environmentValue(_ variable: String, _ item: YAMLNode) -> String {
        let isRefused =
            variable.uppercased() == "APP_API_TOKEN" || variable.uppercased().hasPrefix("DAPR_")
            || variable.contains(" ")
        if isRefused {
            warn("the environment variable \(variable) may not be used here", item)
            return ""
        }
        return context.environment[variable] ?? ""
    }

    /// A setting with its templates filled in.
    private mutating func resolved(
        _ text: String, _ item: YAMLNode, of component: String
    ) -> String {
        guard text.contains("{") else { return text }
        let pod = context.environment["POD_NAME"] ?? ""
        if pod.isEmpty, text.contains("{podName}") {
            isBroken = true
            warn(
                "skipped: the component \(component) refers to {podName}, which is not set", item,
                hint: "set the environment variable POD_NAME")
        }
        let namespace = context.namespace.map { "\($0).\(context.appID)" } ?? context.appID
        return text.replacing("{uuid}", with: { context.uuid() })
            .replacing("{appID}", with: { context.appID })
            .replacing("{namespace}", with: { namespace })
            .replacing("{podName}", with: { pod })
    }

    private mutating func warn(_ message: String, _ node: YAMLNode, hint: String? = nil) {
        // A whole document is shown by its first line.
        result.diagnostics.append(
            Diagnostic(.warning, message, at: node.span, in: source, hint: hint))
    }
}

extension String {
    /// Replaces every occurrence of `template`; nothing is asked of `value` when there is none.
    fileprivate func replacing(_ template: String, with value: () -> String) -> String {
        var result = ""
        var rest = self[...]
        while let found = rest.firstOccurrence(of: template) {
            result += rest[..<found.lowerBound] + value()
            rest = rest[found.upperBound...]
        }
        return result + rest
    }
}

extension Substring {
    fileprivate func firstOccurrence(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) {
                return start..<index(start, offsetBy: text.count)
            }
            start = index(after: start)
        }
        return nil
    }
}
