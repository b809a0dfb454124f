package import JSON
internal import Matching
package import YAML

/// Reads stubs: of a file, a seed, a control request, and the routes of a scenario's application. Pure.
///
/// A description is `{"app", "when", "reply"}` for one stub, or `{"app", "subscribe", "routes": […]}`
/// for all that an application is.
package struct StubReader {
    package let source: SourceText
    private var matchers: MatcherReader { MatcherReader(source: source) }

    package init(source: SourceText) { self.source = source }

    private static let parts = [
        "method", "path", "query", "parameters", "headers", "body", "json",
    ]
    private static let ruleKeys = ["when", "times", "reply", "replies", "order"]

    /// A description, a list of them, or `{"stubs": […]}`.
    package func descriptions(_ node: YAMLNode) throws(Diagnostic) -> [StubDescription] {
        if let nodes = node.sequence {
            var all: [StubDescription] = []
            for node in nodes { all.append(try description(node)) }
            return all
        }
        guard node["stubs"] != nil else { return [try description(node)] }
        let reader = try KeyedReader(node, in: source, keys: ["stubs"])
        return try descriptions(try reader.required("stubs"))
    }

    private func description(_ node: YAMLNode) throws(Diagnostic) -> StubDescription {
        let reader = try KeyedReader(
            node, in: source, keys: ["id", "app", "subscribe", "routes"] + Self.ruleKeys)
        let app = try source.text(of: try reader.required("app"))
        guard !app.isEmpty, !app.contains(".") else {
            throw source.refused("an app id is not empty and holds no dot", node["app"] ?? node)
        }
        var described = StubDescription(
            app: app, subscriptions: try subscriptions(reader["subscribe"]), stubs: [],
            span: node.span)
        if let routes = reader["routes"] {
            for key in ["id"] + Self.ruleKeys {
                guard let extra = reader[key] else { continue }
                throw source.refused("`\(key)` is for a stub without `routes`", extra)
            }
            for route in try source.list(routes) {
                described.stubs.append(try stub(route, of: app))
            }
        } else if reader["when"] != nil || described.subscriptions == nil {
            described.stubs.append(try stub(node, of: app, otherKeys: ["app", "subscribe"]))
        }
        return described
    }

    /// What an application answers when it is asked for its subscriptions.
    package func subscriptions(_ node: YAMLNode?) throws(Diagnostic) -> JSONValue? {
        guard let node else { return nil }
        _ = try source.list(node)
        return JSONValue(node)
    }

    /// A stub of an application.
    ///
    /// - Parameter otherKeys: what else stands beside it.
    package func stub(
        _ node: YAMLNode, of app: String, otherKeys: [String] = []
    ) throws(Diagnostic) -> Stub {
        let reader = try KeyedReader(node, in: source, keys: ["id"] + otherKeys + Self.ruleKeys)
        return Stub(
            id: try source.text(reader["id"]) ?? "", app: app,
            conditions: try conditions(try reader.required("when")),
            times: try reader.int("times", in: 1...Int.max), replies: try replies(reader),
            order: try order(reader), description: JSONValue(node))
    }

    /// A text is a path; a mapping says more.
    private func conditions(_ node: YAMLNode) throws(Diagnostic) -> [Expectation] {
        guard node.mapping == nil else {
            return try matchers.expectations(node, parts: Self.parts)
        }
        _ = try source.text(of: node)
        return [Expectation(part: "path", matcher: try matchers.matcher(node))]
    }

    private func replies(_ reader: KeyedReader) throws(Diagnostic) -> [StubReply] {
        guard let nodes = try reader.list("replies") else { return [try reply(reader["reply"])] }
        if let extra = reader["reply"] {
            throw source.refused("a stub has `reply` or `replies`, not both", extra)
        }
        guard !nodes.isEmpty else {
            throw source.refused("the list of replies is empty", reader["replies"] ?? reader.node)
        }
        var replies: [StubReply] = []
        for node in nodes { replies.append(try reply(node)) }
        return replies
    }

    private func order(_ reader: KeyedReader) throws(Diagnostic) -> Stub.Order {
        guard let node = reader["order"] else { return .last }
        let name = try source.text(of: node)
        guard let order = Stub.Order(rawValue: name) else {
            throw source.refused(
                "unknown order `\(name)`", node,
                hint: Suggestion.hint(for: name, among: Stub.Order.allCases.map(\.rawValue)))
        }
        return order
    }

    private func reply(_ node: YAMLNode?) throws(Diagnostic) -> StubReply {
        var reply = StubReply()
        guard let node else { return reply }
        let reader = try KeyedReader(
            node, in: source, keys: ["status", "headers", "body", "json", "delay"])
        reply.status = try reader.int("status", in: 200...599) ?? reply.status
        (reply.headers, reply.body) = try source.message(reader, of: "a reply")
        reply.delay = try source.duration(reader["delay"]) ?? .zero
        return reply
    }
}
