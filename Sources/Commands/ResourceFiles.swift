internal import Backends
internal import Blocks
internal import Transport
internal import YAML

/// Reads what `--resources-path` and `--config` name.
struct ResourceFiles {
    /// All that was found, in the order of folders and file names.
    private(set) var components: [Component] = []
    private(set) var configuration = ConfigurationResource()
    private(set) var diagnostics: [Diagnostic] = []
    private let context: ResourceContext

    init(appID: String) {
        context = ResourceContext(appID: appID, environment: ProcessEnvironment.all) {
            String(decoding: RandomSource().uuid(), as: UTF8.self)
        }
    }

    /// Reads a folder's `.yaml` and `.yml` files, or one such file. A folder that is not there is an
    /// error, as in Dapr.
    mutating func read(_ path: String) throws(Failure) {
        guard let names = FileContents.names(in: path) else {
            return try readFile(path)
        }
        for name in names.sorted() where name.hasSuffix(".yaml") || name.hasSuffix(".yml") {
            try readFile("\(path)/\(name)")
        }
    }

    /// Two components of one name are refused, as in Dapr.
    func checkDuplicates() throws(Failure) {
        var known: [String: Component] = [:]
        for component in components {
            guard let first = known.updateValue(component, forKey: component.name) else { continue }
            throw Failure(
                .file,
                "duplicate definition of Component name \(component.name) "
                    + "(\(first.type)/\(first.version)) with existing "
                    + "\(component.name) (\(component.type)/\(component.version)): rename one")
        }
    }

    private mutating func readFile(_ path: String) throws(Failure) {
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try FileContents.read(path) } catch {
            throw Failure(.file, "cannot read \(path): \(error.reason)")
        }
        let result = ResourceParser.parse(SourceText(name: path, bytes: bytes), context)
        components += result.components
        diagnostics += result.diagnostics
        if result.configuration != ConfigurationResource() { configuration = result.configuration }
    }
}
