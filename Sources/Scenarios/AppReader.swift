internal import Blocks
internal import JSON
internal import Matching
internal import YAML

/// Reads the `apps` of a scenario file. Pure.
struct AppReader {
    let source: SourceText

    /// The applications of a mapping of app ids.
    func read(_ node: YAMLNode?) throws(Diagnostic) -> [AppDescription] {
        guard let node, !node.isNull else { return [] }
        var apps: [AppDescription] = []
        for member in try source.members(node) { apps.append(try app(member)) }
        return apps
    }

    private func app(_ member: YAMLNode.Member) throws(Diagnostic) -> AppDescription {
        let reader = try KeyedReader(
            member.value, in: source,
            keys: [
                "components", "resources", "subscribe", "routes", "command", "env", "port",
                "startTimeout",
            ])
        let kind: AppDescription.Kind =
            if let command = reader["command"] {
                .command(try self.command(command, reader))
            } else {
                .scripted(try scripted(member.name, reader))
            }
        var app = AppDescription(id: member.name, span: member.key.span, kind: kind)
        guard !app.id.isEmpty, !app.id.contains(".") else {
            throw source.refused("an app id is not empty and holds no dot", member.key)
        }
        app.components = try source.components(reader["components"])
        app.resources = try source.templates(reader["resources"])
        return app
    }

    private func command(
        _ node: YAMLNode, _ reader: KeyedReader
    ) throws(Diagnostic) -> AppCommand {
        for key in ["subscribe", "routes"] {
            guard let extra = reader[key] else { continue }
            throw source.refused("`\(key)` is for an app without a command", extra)
        }
        var words: [Template] = []
        for word in try source.list(node) { words.append(try source.template(word)) }
        guard !words.isEmpty else {
            throw source.refused("the command is empty", node, hint: "[python3, app.py], say")
        }
        var command = AppCommand(words: words)
        if let environment = reader["env"] {
            for member in try source.members(environment) {
                command.environment.append((member.name, try source.template(member.value)))
            }
        }
        command.listens = try reader.bool("port") ?? true
        command.startTimeout = try source.duration(reader["startTimeout"]) ?? command.startTimeout
        return command
    }

    // MARK: Scripted applications

    private func scripted(
        _ id: String, _ reader: KeyedReader
    ) throws(Diagnostic) -> ScriptedAppDescription {
        for key in ["env", "port", "startTimeout"] {
            guard let extra = reader[key] else { continue }
            throw source.refused("`\(key)` is for an app with a command", extra)
        }
        let stubs = StubReader(source: source)
        var app = ScriptedAppDescription()
        app.subscriptions = try stubs.subscriptions(reader["subscribe"])?.array
        for route in try reader.list("routes") ?? [] {
            var stub = try stubs.stub(route, of: id)
            if stub.id.isEmpty { stub.id = "\(id)-\(app.stubs.count + 1)" }
            app.stubs.append(stub)
        }
        return app
    }
}

extension SourceText {
    /// Names and types of components.
    func components(
        _ node: YAMLNode?
    ) throws(Diagnostic) -> [(name: String, type: Template)]? {
        guard let node else { return nil }
        var named: [(String, Template)] = []
        for member in try members(node) { named.append((member.name, try template(member.value))) }
        return named
    }

    /// A list of texts; one text stands for a list of it.
    func templates(_ node: YAMLNode?) throws(Diagnostic) -> [Template] {
        guard let node else { return [] }
        guard node.sequence != nil else { return [try template(node)] }
        var templates: [Template] = []
        for item in try list(node) { templates.append(try template(item)) }
        return templates
    }
}
