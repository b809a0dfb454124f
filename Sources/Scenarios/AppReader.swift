internal import JSON
internal import Matching
internal import YAML

/// Reads the `apps` of a scenario file. Pure.
struct AppReader {
    let source: SourceText

    private var matchers: MatcherReader { MatcherReader(source: source) }

    private static let parts = ["method", "path", "query", "headers", "body", "json"]

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
                .scripted(try scripted(reader))
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

    private func scripted(_ reader: KeyedReader) throws(Diagnostic) -> ScriptedAppDescription {
        for key in ["env", "port", "startTimeout"] {
            guard let extra = reader[key] else { continue }
            throw source.refused("`\(key)` is for an app with a command", extra)
        }
        var app = ScriptedAppDescription()
        if let subscriptions = reader["subscribe"] {
            _ = try source.list(subscriptions)
            app.subscriptions = .json(JSONValue(subscriptions), at: subscriptions.span)
        }
        for rule in try reader.list("routes") ?? [] { app.rules.append(try self.rule(rule)) }
        return app
    }

    private func rule(_ node: YAMLNode) throws(Diagnostic) -> ReplyRule {
        let reader = try KeyedReader(node, in: source, keys: ["when", "times", "reply"])
        return ReplyRule(
            conditions: try conditions(try reader.required("when")),
            times: try reader.int("times", in: 1...Int.max),
            reply: try reply(reader["reply"]))
    }

    /// A text is a path; a mapping says more.
    private func conditions(_ node: YAMLNode) throws(Diagnostic) -> [Expectation] {
        guard node.mapping == nil else {
            return try matchers.expectations(node, parts: Self.parts)
        }
        _ = try source.text(of: node)
        return [Expectation(part: "path", matcher: try matchers.matcher(node))]
    }

    private func reply(_ node: YAMLNode?) throws(Diagnostic) -> ReplyRule.Reply {
        var reply = ReplyRule.Reply()
        guard let node else { return reply }
        let reader = try KeyedReader(
            node, in: source, keys: ["status", "headers", "body", "json", "delay"])
        reply.status = try reader.int("status", in: 200...599) ?? reply.status
        let message = try source.message(reader, of: "a reply")
        (reply.headers, reply.body) = (message.headers, message.body)
        reply.delay = try source.duration(reader["delay"]) ?? .zero
        return reply
    }
}

extension SourceText {
    /// `headers`, and `body` or `json`, which brings its content type.
    func message(
        _ reader: KeyedReader, of what: String
    ) throws(Diagnostic) -> (headers: [(name: String, value: Template)], body: RequestStep.Body?) {
        var headers: [(name: String, value: Template)] = []
        if let fields = reader["headers"] {
            for member in try members(fields) {
                headers.append((member.name, try template(member.value)))
            }
        }
        let body = try reader["body"].map { node throws(Diagnostic) in try template(node) }
        guard let json = reader["json"] else {
            return (headers, body.map { .text($0) })
        }
        guard body == nil else {
            throw refused("\(what) has one body: `body` or `json`", json)
        }
        if !headers.contains(where: { $0.name.lowercased() == "content-type" }) {
            headers.append(("Content-Type", Template("application/json", at: json.span)))
        }
        return (headers, .json(JSONValue(json), at: json.span))
    }

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
