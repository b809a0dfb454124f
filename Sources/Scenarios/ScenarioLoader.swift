internal import Bytes
internal import JSON
package import YAML

/// Reads a scenario file; every mistake is an error with its place. Pure.
package struct ScenarioLoader {
    private let source: SourceText

    /// - Parameter folder: where the file lies.
    package static func load(
        _ source: SourceText, folder: String
    ) throws(Diagnostic) -> Scenario {
        let documents = try YAMLParser.documents(of: source)
        guard documents.count == 1, let root = documents.first else {
            throw Diagnostic(
                .error, documents.isEmpty ? "the file holds no scenario" : "more than one document",
                at: documents.last?.span ?? Self.start, in: source,
                hint: "a scenario begins with `version: 1` and has `steps`")
        }
        return try ScenarioLoader(source: source).scenario(root, folder: folder)
    }

    private func scenario(_ root: YAMLNode, folder: String) throws(Diagnostic) -> Scenario {
        let reader = try KeyedReader(
            root, in: source,
            keys: ["version", "name", "matrix", "sidecar", "setup", "steps", "always"])
        let version = try reader.required("version")
        guard version.int == 1 else {
            throw refused("`version` is to be 1", version)
        }
        return Scenario(
            name: try text(in: reader, "name") ?? source.name, source: source, folder: folder,
            matrix: try matrix(reader["matrix"]), sidecar: try sidecar(reader["sidecar"]),
            setup: try steps(reader["setup"], "setup"),
            steps: try steps(try reader.required("steps"), "steps"),
            always: try steps(reader["always"], "always"))
    }

    // MARK: Matrix and sidecar

    private func matrix(
        _ node: YAMLNode?
    ) throws(Diagnostic) -> [(variable: String, values: [String])] {
        guard let node else { return [] }
        var matrix: [(String, [String])] = []
        for member in try source.members(node) {
            var values: [String] = []
            for value in try source.list(member.value) {
                values.append(try text(of: value))
            }
            guard !values.isEmpty else {
                throw refused("an empty matrix runs nothing", member.value)
            }
            matrix.append((member.key.text ?? "", values))
        }
        return matrix
    }

    private func sidecar(_ node: YAMLNode?) throws(Diagnostic) -> SidecarDescription {
        var description = SidecarDescription()
        guard let node else { return description }
        let reader = try KeyedReader(node, in: source, keys: ["appId", "components"])
        description.appID = try text(in: reader, "appId") ?? description.appID
        if let components = reader["components"] {
            var named: [(String, Template)] = []
            for member in try source.members(components) {
                let type = try text(of: member.value)
                named.append((member.key.text ?? "", Template(type, at: member.value.span)))
            }
            description.components = named
        }
        return description
    }

    private static let start = SourceSpan(at: SourceMark(line: 1, column: 1, offset: 0))

    // MARK: Steps

    private static let verbs = ["get", "post", "delete", "patch", "head", "options", "request"]
    private static let common = ["name", "expect", "capture"]

    private func steps(_ node: YAMLNode?, _ what: String) throws(Diagnostic) -> [Step] {
        guard let node, !node.isNull else { return [] }
        var steps: [Step] = []
        for item in try source.list(node) { steps.append(try step(item)) }
        return steps
    }

    private func step(_ node: YAMLNode) throws(Diagnostic) -> Step {
        let known = ["guest", "verify", "put"] + Self.verbs
        let members = try source.members(node)
        let actions = members.filter { known.contains($0.name) }
        guard let action = actions.first else {
            let near = members.lazy.compactMap { Suggestion.nearest(to: $0.name, among: known) }
            throw refused(
                "a step has to say what it does", node,
                hint: near.first.map { "did you mean `\($0)`?" }
                    ?? "one of: \(known.joined(separator: ", "))")
        }
        guard actions.count == 1 else {
            throw refused(
                "a step does one thing, and this one says `\(action.name)` already",
                actions[1].key, hint: "make it a step of its own")
        }
        switch action.name {
        case "guest": return try guest(node)
        case "verify": return try verify(node)
        // With a mapping it saves a value, with a text it is the HTTP method.
        case "put" where action.value.mapping != nil: return try putStep(node, action.value)
        default: return try request(node, action.name)
        }
    }

    private func guest(_ node: YAMLNode) throws(Diagnostic) -> Step {
        let reader = try KeyedReader(
            node, in: source,
            keys: ["guest", "args", "env", "stdin", "invoke", "timeout", "seed"] + Self.common)
        let module = try template(try reader.required("guest"))
        var guest = GuestStep(module: module)
        if let arguments = reader["args"] {
            for argument in try source.list(arguments) {
                guest.arguments.append(try template(argument))
            }
        }
        if let environment = reader["env"] {
            for member in try source.members(environment) {
                guest.environment.append((member.key.text ?? "", try template(member.value)))
            }
        }
        if let input = reader["stdin"] { guest.input = try template(input) }
        guest.export = try text(in: reader, "invoke")
        guest.timeout = try duration(reader["timeout"]) ?? guest.timeout
        guest.seed = try reader.int("seed").map { UInt64(bitPattern: Int64($0)) }
        let step = try step(
            node, reader, "guest \(module.text)", .guest(guest),
            parts: ["exit", "end", "stdout", "stderr", "calls"])
        let tellsItsEnd = step.expectations.contains { ["exit", "end"].contains($0.part) }
        return tellsItsEnd
            ? step
            : step.expecting("exit", 0, at: module.span, because: "a guest is to exit with 0")
    }

    private func request(_ node: YAMLNode, _ verb: String) throws(Diagnostic) -> Step {
        let own = verb == "request" ? ["request", "method"] : [verb]
        let reader = try KeyedReader(
            node, in: source, keys: own + ["headers", "body", "json", "timeout"] + Self.common)
        let target = try template(try reader.required(verb))
        let method = verb == "request" ? try text(in: reader, "method") ?? "GET" : verb.uppercased()
        var request = RequestStep(method: method, target: target)
        if let headers = reader["headers"] {
            for member in try source.members(headers) {
                request.headers.append(
                    (member.key.text ?? "", try template(member.value)))
            }
        }
        if let body = reader["body"] { request.body = .text(try template(body)) }
        if let json = reader["json"] {
            guard request.body == nil else {
                throw refused("a request has one body: `body` or `json`", json)
            }
            request.body = .json(YAMLToJSON.value(json), at: json.span)
            if !request.headers.contains(where: { $0.name.lowercased() == "content-type" }) {
                request.headers.append(
                    ("Content-Type", Template("application/json", at: json.span)))
            }
        }
        request.timeout = try duration(reader["timeout"]) ?? request.timeout
        return try step(
            node, reader, "\(method) \(target.text)", .request(request),
            parts: ["status", "headers", "json", "body"])
    }

    /// `put: { store, key, value }`: a save that has to succeed.
    private func putStep(_ node: YAMLNode, _ put: YAMLNode) throws(Diagnostic) -> Step {
        let reader = try KeyedReader(node, in: source, keys: ["put"] + Self.common)
        let item = try KeyedReader(
            put, in: source, keys: ["store", "key", "value", "etag", "metadata"])
        let store = try template(try item.required("store"))
        let key = try template(try item.required("key"))
        var members = [JSONValue.Member("key", .string(key.text))]
        for name in ["value", "etag", "metadata"] {
            if let value = put[name] { members.append(.init(name, YAMLToJSON.value(value))) }
        }
        let request = RequestStep(
            method: "POST", target: Template("/v1.0/state/\(store.text)", at: store.span),
            headers: [("Content-Type", Template("application/json", at: put.span))],
            body: .json(.array([.object(members)]), at: put.span))
        let step = try step(
            node, reader, "put \(key.text)", .request(request),
            parts: ["status", "headers", "json", "body"])
        guard !step.expectations.contains(where: { $0.part == "status" }) else { return step }
        return step.expecting("status", 204, at: put.span, because: "`put` is to succeed")
    }

    private func verify(_ node: YAMLNode) throws(Diagnostic) -> Step {
        let reader = try KeyedReader(node, in: source, keys: ["verify", "name"])
        let verify = try reader.required("verify")
        let fields = ["api", "method", "path", "status", "store", "operation", "key"]
        let counts = ["exactly", "atLeast", "atMost"]
        let inner = try KeyedReader(verify, in: source, keys: fields + counts)
        var question = VerifyStep(span: Self.span(of: counts, in: verify))
        for field in fields {
            guard let value = inner[field] else { continue }
            question.matches.append((field, try matcher(value)))
        }
        question.exactly = try inner.int("exactly", in: 0...Int.max)
        question.atLeast = try inner.int("atLeast", in: 0...Int.max)
        question.atMost = try inner.int("atMost", in: 0...Int.max)
        if question.exactly == nil, question.atLeast == nil, question.atMost == nil {
            throw refused(
                "`verify` says not how often", verify,
                hint: "add `exactly: 1`, `atLeast: 1` or `atMost: 1`")
        }
        return Step(
            name: try text(in: reader, "name") ?? "verify", span: node.span,
            action: .verify(question),
            expectations: [], captures: [])
    }

    /// The first of the values under `keys`, or the whole mapping.
    private static func span(of keys: [String], in node: YAMLNode) -> SourceSpan {
        node.mapping?.first { keys.contains($0.name) }?.value.span ?? node.span
    }

    private func step(
        _ node: YAMLNode, _ reader: KeyedReader, _ name: String, _ action: Step.Action,
        parts: [String]
    ) throws(Diagnostic) -> Step {
        Step(
            name: try text(in: reader, "name") ?? name, span: node.span, action: action,
            expectations: try expectations(reader["expect"], parts: parts),
            captures: try captures(reader["capture"], parts: parts))
    }

    private func captures(
        _ node: YAMLNode?, parts: [String]
    ) throws(Diagnostic) -> [(variable: String, path: String, span: SourceSpan)] {
        guard let node else { return [] }
        var captures: [(String, String, SourceSpan)] = []
        for member in try source.members(node) {
            let path = try text(of: member.value)
            let part = String(path.prefix { $0 != "." && $0 != "[" })
            guard parts.contains(part) else {
                throw refused(
                    "nothing is called `\(part)` here", member.value,
                    hint: Suggestion.hint(for: part, among: parts))
            }
            captures.append((member.key.text ?? "", path, member.value.span))
        }
        return captures
    }

    // MARK: Expectations

    private func expectations(
        _ node: YAMLNode?, parts: [String]
    ) throws(Diagnostic) -> [Expectation] {
        guard let node else { return [] }
        _ = try KeyedReader(node, in: source, keys: parts)
        var expectations: [Expectation] = []
        for member in try source.members(node) {
            let part = member.key.text ?? ""
            guard part == "headers" else {
                expectations.append(Expectation(part: part, matcher: try matcher(member.value)))
                continue
            }
            for header in try source.members(member.value) {
                let name = (header.key.text ?? "").lowercased()
                expectations.append(
                    Expectation(part: "headers.\(name)", matcher: try matcher(header.value)))
            }
        }
        return expectations
    }

    private func matcher(_ node: YAMLNode) throws(Diagnostic) -> Matcher {
        switch node.value {
        case .scalar: return Matcher(rule: .equals(YAMLToJSON.value(node)), span: node.span)
        case .sequence(let nodes):
            var matchers: [Matcher] = []
            for node in nodes { matchers.append(try matcher(node)) }
            return Matcher(rule: .elements(matchers), span: node.span)
        case .mapping(let members):
            let names = members.map { $0.key.text ?? "" }
            let operators = names.filter { Matcher.operatorNames.contains($0) }
            guard !names.isEmpty, operators.count == names.count else {
                if !operators.isEmpty { try checkSpelling(members) }
                return try subset(members, node)
            }
            return try condition(members, node)
        }
    }

    /// Beside operators, a name that nearly is one is a slip: as a member of an object it would make
    /// members of the operators too.
    private func checkSpelling(_ members: [YAMLNode.Member]) throws(Diagnostic) {
        for member in members where !Matcher.operatorNames.contains(member.name) {
            guard let near = Suggestion.nearest(to: member.name, among: Matcher.operatorNames)
            else { continue }
            throw refused(
                "unknown operator `\(member.name)`", member.key,
                hint: "did you mean `\(near)`? members of an object are compared by "
                    + "`exactly: {…}`")
        }
    }

    private func subset(
        _ members: [YAMLNode.Member], _ node: YAMLNode
    ) throws(Diagnostic) -> Matcher {
        var matchers: [(String, Matcher)] = []
        for member in members {
            matchers.append((member.key.text ?? "", try matcher(member.value)))
        }
        return Matcher(rule: .members(matchers), span: node.span)
    }

    private func condition(
        _ members: [YAMLNode.Member], _ node: YAMLNode
    ) throws(Diagnostic) -> Matcher {
        var operators: [Matcher.Operator] = []
        for member in members {
            operators.append(try operation(member.key.text ?? "", member.value))
        }
        return Matcher(rule: .all(operators), span: node.span)
    }

    private func operation(
        _ name: String, _ value: YAMLNode
    ) throws(Diagnostic) -> Matcher.Operator {
        switch name {
        case "equals": .equals(try matcher(value))
        case "contains": .contains(try matcher(value))
        case "matches": .matches(try pattern(value))
        case "startsWith": .startsWith(try text(of: value))
        case "type": .type(try typeName(value))
        case "gt": .gt(try bound(value, name))
        case "gte": .gte(try bound(value, name))
        case "lt": .lt(try bound(value, name))
        case "lte": .lte(try bound(value, name))
        case "length": .length(try matcher(value))
        case "any": .any(try matcher(value))
        case "each": .each(try matcher(value))
        case "absent": .absent(try source.bool(value))
        case "exactly": .exactly(YAMLToJSON.value(value))
        default: .not(try matcher(value))
        }
    }

    private func pattern(_ node: YAMLNode) throws(Diagnostic) -> String {
        let pattern = try text(of: node)
        guard Pattern.isValid(pattern) else {
            throw refused("not a regular expression", node)
        }
        return pattern
    }

    private func typeName(_ node: YAMLNode) throws(Diagnostic) -> String {
        let types = ["string", "number", "integer", "boolean", "array", "object", "null"]
        let name = node.isNull ? "null" : try text(of: node)
        guard types.contains(name) else {
            let near = Suggestion.nearest(to: name, among: types)
            throw refused(
                "unknown type `\(name)`", node,
                hint: near.map { "did you mean `\($0)`?" }
                    ?? "one of: \(types.joined(separator: ", ")); to compare a member named "
                    + "`type`, write `exactly: {…}` or name another member beside it")
        }
        return name
    }

    private func bound(_ node: YAMLNode, _ name: String) throws(Diagnostic) -> Double {
        guard let number = node.double else {
            throw refused("`\(name)` is to be a number, found \(node.kindName)", node)
        }
        return number
    }

    // MARK: Parts

    private func template(_ node: YAMLNode) throws(Diagnostic) -> Template {
        Template(try text(of: node), at: node.span)
    }

    /// A scalar as it was written: `1` and `true` are texts too where a text is wanted.
    private func text(of node: YAMLNode) throws(Diagnostic) -> String {
        guard let text = node.text, !node.isNull else {
            throw source.unexpected(node, "a text")
        }
        return text
    }

    private func text(in reader: KeyedReader, _ key: String) throws(Diagnostic) -> String? {
        guard let node = reader[key] else { return nil }
        return try text(of: node)
    }

    private func duration(_ node: YAMLNode?) throws(Diagnostic) -> Duration? {
        guard let node else { return nil }
        guard let text = node.text, let duration = GoDuration.parse(text), duration > .zero else {
            throw refused("not a duration", node, hint: "write `500ms` or `2s`")
        }
        return duration
    }

    private func refused(_ message: String, _ node: YAMLNode, hint: String? = nil) -> Diagnostic {
        Diagnostic(.error, message, at: node.span, in: source, hint: hint)
    }
}

extension Step {
    /// The step with one more expectation, which the file does not spell out.
    fileprivate func expecting(
        _ part: String, _ number: Int, at span: SourceSpan, because reason: String
    ) -> Step {
        let matcher = Matcher(rule: .equals(.number(String(number))), span: span)
        return Step(
            name: name, span: self.span, action: action,
            expectations: [Expectation(part: part, matcher: matcher, reason: reason)]
                + expectations,
            captures: captures)
    }
}

/// YAML values as JSON, by the core schema.
enum YAMLToJSON {
    static func value(_ node: YAMLNode) -> JSONValue {
        switch node.value {
        case .sequence(let nodes): .array(nodes.map(value))
        case .mapping(let members):
            .object(members.map { .init($0.key.text ?? "", value($0.value)) })
        case .scalar(let scalar): Self.scalar(node, scalar.text)
        }
    }

    private static func scalar(_ node: YAMLNode, _ text: String) -> JSONValue {
        if node.isNull { return .null }
        if let bool = node.bool { return .bool(bool) }
        if let int = node.int { return .number(String(int)) }
        if let double = node.double, double.isFinite { return .number(String(double)) }
        return .string(text)
    }
}
