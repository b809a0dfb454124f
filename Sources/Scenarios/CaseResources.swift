internal import Backends
internal import Blocks
internal import Matching
internal import Transport
internal import YAML

/// The resource files that a sidecar of a case is made from. In our own tests a file that is not quite
/// right is an error, not a warning.
extension ScenarioCase {
    /// - Parameters:
    ///   - id: the app whose sidecar it is: scopes name it.
    ///   - paths: as the scenario has them.
    func resources(
        of id: String, _ paths: [Template]
    ) throws(StepFailure) -> ResourceParser.Result {
        var all = ResourceParser.Result()
        let random = RandomSource()
        let context = ResourceContext(
            appID: id, environment: ProcessEnvironment.all,
            uuid: { [seed = random.next()] in
                String(decoding: RandomSource(seed: seed).uuid(), as: UTF8.self)
            })
        for template in paths {
            let path = scenario.path(of: template.filled(values).text ?? template.text)
            for file in try files(path, template) {
                let bytes: [UInt8]
                do throws(SystemError) { bytes = try FileContents.read(file) } catch {
                    throw StepFailure("cannot read \(file): \(error.reason)", at: template.span)
                }
                let found = ResourceParser.parse(SourceText(name: file, bytes: bytes), context)
                if let problem = found.fatal.first ?? found.diagnostics.first {
                    throw StepFailure(
                        problem.rendered, at: template.span, isInfrastructure: true)
                }
                all.add(found)
            }
        }
        return all
    }

    private func files(_ path: String, _ template: Template) throws(StepFailure) -> [String] {
        guard FileContents.exists(path) else {
            throw StepFailure(
                "there is no \(path)", at: template.span,
                hint: "resources are relative to the scenario's file", isInfrastructure: true)
        }
        guard let names = FileContents.names(in: path) else { return [path] }
        return names.filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }.sorted()
            .map { "\(path)/\($0)" }
    }
}

extension ResourceParser.Result {
    fileprivate mutating func add(_ other: ResourceParser.Result) {
        components += other.components
        httpEndpoints += other.httpEndpoints
        subscriptions += other.subscriptions
        resiliencies += other.resiliencies
    }
}
