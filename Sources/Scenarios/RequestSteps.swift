internal import JSON
internal import Matching
internal import YAML

/// Steps that ask a sidecar for something: as HTTP has it, or in the words of a building block.
extension StepReader {
    func request(_ node: YAMLNode, _ verb: String) throws(Diagnostic) -> Step {
        let own = verb == "request" ? ["request", "method"] : [verb]
        let reader = try KeyedReader(
            node, in: source,
            keys: own + ["app", "headers", "body", "json", "timeout"] + Self.common)
        let target = try source.template(try reader.required(verb))
        let method =
            verb == "request" ? try source.text(reader["method"]) ?? "GET" : verb.uppercased()
        var request = RequestStep(method: method, target: target)
        let message = try source.message(reader, of: "a request")
        (request.headers, request.body) = (message.headers, message.body)
        request.app = try app(reader)
        request.timeout = try source.duration(reader["timeout"]) ?? request.timeout
        return try step(
            node, reader, "\(method) \(target.text)", .request(request),
            parts: Self.requestParts)
    }

    /// `put: { store, key, value }`: a save that has to succeed.
    func putStep(_ node: YAMLNode, _ put: YAMLNode) throws(Diagnostic) -> Step {
        let reader = try KeyedReader(node, in: source, keys: ["put", "app"] + Self.common)
        let item = try KeyedReader(
            put, in: source, keys: ["store", "key", "value", "etag", "metadata"])
        let store = try source.template(try item.required("store"))
        let key = try source.template(try item.required("key"))
        var members = [JSONValue.Member("key", .string(key.text))]
        for name in ["value", "etag", "metadata"] {
            if let value = put[name] { members.append(.init(name, JSONValue(value))) }
        }
        var request = RequestStep(
            method: "POST", target: Template("/v1.0/state/\(store.text)", at: store.span),
            headers: [("Content-Type", Template("application/json", at: put.span))],
            body: .json(.array([.object(members)]), at: put.span))
        request.app = try app(reader)
        let step = try step(
            node, reader, "put \(key.text)", .request(request),
            parts: Self.requestParts)
        guard !step.expectations.contains(where: { $0.part == "status" }) else { return step }
        return step.expecting("status", 204, at: put.span, because: "`put` is to succeed")
    }

    /// The app whose sidecar a step asks.
    func app(
        _ reader: KeyedReader
    ) throws(Diagnostic) -> (id: String, span: SourceSpan)? {
        guard let node = reader["app"] else { return nil }
        return (try source.text(of: node), node.span)
    }

    /// `publish: { pubsub, topic, data }`: a message that has to be taken.
    func publishStep(_ node: YAMLNode, _ publish: YAMLNode) throws(Diagnostic) -> Step {
        let reader = try KeyedReader(node, in: source, keys: ["publish", "app"] + Self.common)
        let item = try KeyedReader(
            publish, in: source,
            keys: ["pubsub", "topic", "data", "text", "contentType", "metadata"])
        let component = try source.template(try item.required("pubsub"))
        let topic = try source.template(try item.required("topic"))
        var target = "/v1.0/publish/\(component.text)/\(topic.text)"
        var separator = "?"
        for member in try item.members("metadata") ?? [] {
            target += "\(separator)metadata.\(member.name)=\(try source.text(of: member.value))"
            separator = "&"
        }
        var request = RequestStep(method: "POST", target: Template(target, at: topic.span))
        var type = "application/json"
        if let text = item["text"] {
            (request.body, type) = (.text(try source.template(text)), "text/plain")
        } else if let data = item["data"] {
            request.body = .json(JSONValue(data), at: data.span)
        }
        let contentType = try item["contentType"].map { node throws(Diagnostic) in
            try source.template(node)
        }
        request.headers = [("Content-Type", contentType ?? Template(type, at: publish.span))]
        request.app = try app(reader)
        let step = try step(
            node, reader, "publish \(topic.text)", .request(request),
            parts: Self.requestParts)
        guard !step.expectations.contains(where: { $0.part == "status" }) else { return step }
        return step.expecting("status", 204, at: publish.span, because: "`publish` is to succeed")
    }

    /// `invoke: { app, method, path }`: a call by the sidecar that has to succeed.
    func invokeStep(_ node: YAMLNode, _ invoke: YAMLNode) throws(Diagnostic) -> Step {
        let reader = try KeyedReader(
            node, in: source, keys: ["invoke", "app", "timeout"] + Self.common)
        let item = try KeyedReader(
            invoke, in: source, keys: ["app", "method", "path", "headers", "body", "json"])
        let callee = try source.template(try item.required("app"))
        let path = try source.template(try item.required("path"))
        let method = try source.text(item["method"]) ?? "GET"
        let relative = path.text.hasPrefix("/") ? String(path.text.dropFirst()) : path.text
        var request = RequestStep(
            method: method,
            target: Template("/v1.0/invoke/\(callee.text)/method/\(relative)", at: path.span))
        let message = try source.message(item, of: "a call")
        (request.headers, request.body) = (message.headers, message.body)
        request.app = try app(reader)
        request.timeout = try source.duration(reader["timeout"]) ?? request.timeout
        let step = try step(
            node, reader, "invoke \(callee.text) \(method) /\(relative)", .request(request),
            parts: Self.requestParts)
        return step.succeeding("invoke", at: invoke.span)
    }
}
