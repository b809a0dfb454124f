internal import Backends
internal import Blocks
internal import Transport
internal import YAML

/// Reads what `--resources-path` and `--config` name.
struct ResourceFiles {
    /// All that was found, in the order of folders and file names.
    private(set) var components: [Component] = []
    private(set) var httpEndpoints: [HTTPEndpoint] = []
    private(set) var subscriptions: [Subscription] = []
    private(set) var configuration = ConfigurationResource()
    private(set) var resiliencies: [ResiliencyResource] = []
    private(set) var diagnostics: [Diagnostic] = []
    private(set) var absent: [AbsentComponent] = []
    /// Files that lie beside resources and are none.
    private(set) var others: [String] = []
    private let context: ResourceContext
    /// Whether what a sidecar could not start with is told among the others.
    private let goesOn: Bool

    /// - Parameters:
    ///   - ignoresScopes: whether what is for other apps is taken too.
    ///   - goesOn: whether the first mistake is not to be the last one that is found.
    init(appID: String, ignoresScopes: Bool = false, goesOn: Bool = false) {
        self.goesOn = goesOn
        var context = ResourceContext(appID: appID, environment: ProcessEnvironment.all) {
            String(decoding: RandomSource().uuid(), as: UTF8.self)
        }
        context.ignoresScopes = ignoresScopes
        self.context = context
    }

    /// Whether nothing was found.
    var isEmpty: Bool {
        components.isEmpty && httpEndpoints.isEmpty && subscriptions.isEmpty
            && resiliencies.isEmpty && configuration == ConfigurationResource()
    }

    /// Reads a folder's `.yaml` and `.yml` files, or one such file. A folder that is not there is an
    /// error, as in Dapr.
    mutating func read(_ path: String) throws(Failure) {
        guard let names = FileContents.names(in: path) else {
            return try readFile(path)
        }
        for name in names.sorted() {
            let file = "\(path)/\(name)"
            // As Dapr: a folder's folders are not looked into.
            guard FileContents.names(in: file) == nil else { continue }
            let isResource = name.hasSuffix(".yaml") || name.hasSuffix(".yml")
            if isResource { try readFile(file) } else { others.append(file) }
        }
    }

    /// Lets the files that components name begin at a folder.
    mutating func locate(in folder: String) {
        components = components.map { $0.located(in: folder) }
    }

    /// Two components of one name are refused, as in Dapr.
    func checkDuplicates() throws(Failure) {
        var known: [String: Component] = [:]
        for component in components {
            guard let first = known.updateValue(component, forKey: component.name) else { continue }
            throw duplicate(component, of: first)
        }
    }

    private func duplicate(_ component: Component, of first: Component) -> Failure {
        let message =
            "duplicate definition of Component name \(component.name) "
            + "(\(component.type)/\(component.version)) with existing "
            + "\(first.name) (\(first.type)/\(first.version))"
        guard let origin = component.origin, let other = first.origin else {
            return Failure(.file, message)
        }
        let place = Diagnostic(.error, "", at: other.span, in: other.source).place
        let diagnostic = Diagnostic(
            .error, message, at: origin.span, in: origin.source,
            hint: "the first one is at \(place): rename one, or give each its scopes")
        return Failure(diagnostic)
    }

    private mutating func readFile(_ path: String) throws(Failure) {
        let bytes = try FileContents.readNamed(path)
        let result = ResourceParser.parse(SourceText(name: path, bytes: bytes), context)
        components += result.components
        absent += result.absent
        httpEndpoints += result.httpEndpoints
        subscriptions += result.subscriptions
        if let fatal = result.fatal.first, !goesOn { throw Failure(fatal) }
        diagnostics += result.fatal
        resiliencies += result.resiliencies
        diagnostics += result.diagnostics
        if result.configuration != ConfigurationResource() { configuration = result.configuration }
    }
}
