internal import Backends
internal import Blocks
internal import JSON
internal import Matching
internal import YAML

/// Steps that ask fakedapr itself for something: the clock, faults, stubs, a known state. Each is a
/// request to the control API of the sidecar that the step names.
extension StepReader {
    static let controls = ["clock", "fault", "stub", "reset", "seed", "snapshot"]

    /// A request that has to succeed unless the step expects otherwise.
    func control(_ node: YAMLNode, _ action: YAMLNode.Member) throws(Diagnostic) -> Step {
        let reader = try KeyedReader(
            node, in: source, keys: [action.name, "app", "timeout"] + Self.common)
        var request = try request(action)
        request.isControl = true
        request.app = try app(reader)
        request.timeout = try source.duration(reader["timeout"]) ?? .seconds(60)
        let step = try step(
            node, reader, Self.title(action), .request(request), parts: Self.requestParts)
        return step.succeeding(action.name, at: action.value.span)
    }

    /// Reads what the control API will read, for its mistakes; what variables stand for is not known
    /// yet.
    private func checked(
        _ node: YAMLNode, in source: SourceText, _ read: () throws(Diagnostic) -> Void
    ) throws(Diagnostic) {
        let known = StubTemplates.keepingOwnNames(in: JSONValue(node))
        if known.filled([:]).missing == nil { try read() }
    }

    /// `clock advance 1h`, `reset all`: what is short enough for a name.
    private static func title(_ action: YAMLNode.Member) -> String {
        if let text = action.value.text { return "\(action.name) \(text)" }
        guard let members = action.value.mapping, members.count == 1,
            let text = members[0].value.text
        else { return action.name }
        return "\(action.name) \(members[0].name) \(text)"
    }

    private func request(_ action: YAMLNode.Member) throws(Diagnostic) -> RequestStep {
        let value = action.value
        switch action.name {
        case "clock": return post("clock", try clock(value), at: value.span)
        case "fault":
            try checked(value, in: source) { () throws(Diagnostic) in
                _ = try FaultReader(source: source).faults(value)
            }
            return post("faults", JSONValue(value), at: value.span)
        case "stub":
            try checked(value, in: source) { () throws(Diagnostic) in
                _ = try StubReader(source: source).descriptions(value)
            }
            return post(
                "stubs", StubTemplates.keepingOwnNames(in: JSONValue(value)), at: value.span)
        case "reset": return post("reset", try parts(value), at: value.span)
        case "seed": return post("seed", try seed(value), at: value.span)
        default: return try snapshot(value)
        }
    }

    private func post(
        _ path: String, _ body: JSONValue, at span: SourceSpan, method: String = "POST"
    ) -> RequestStep {
        RequestStep(
            method: method, target: Template("/_fakedapr/\(path)", at: span),
            headers: [("Content-Type", Template("application/json", at: span))],
            body: .json(body, at: span))
    }

    // MARK: What each says

    /// `manual@2026-01-01T00:00:00Z` as on the command line, or a mapping.
    func clock(_ node: YAMLNode) throws(Diagnostic) -> JSONValue {
        guard node.mapping == nil else {
            try checked(node, in: source) { () throws(Diagnostic) in
                _ = try ClockChange(node, in: source)
            }
            return JSONValue(node)
        }
        let text = try source.text(of: node)
        let setting: ClockSetting
        do throws(ClockSettingProblem) { setting = try ClockSetting(text) } catch {
            throw source.refused(error.text, node)
        }
        var members: [JSONValue.Member] = []
        switch setting.mode {
        case .real: members.append(.init("mode", .string("real")))
        case .manual: members.append(.init("mode", .string("manual")))
        case .accelerated(let rate):
            members.append(.init("mode", .string("accelerated")))
            members.append(.init("rate", .number(String(rate))))
        }
        if let at = text.firstIndex(of: "@") {
            members.append(.init("at", .string(String(text[text.index(after: at)...]))))
        }
        return .object(members)
    }

    static let resettable = SandboxPart.allCases.map(\.rawValue)

    /// `all`, one part or a list of them.
    private func parts(_ node: YAMLNode) throws(Diagnostic) -> JSONValue {
        if node.text == "all" { return .object([]) }
        var only: [JSONValue] = []
        for item in node.sequence ?? [node] {
            only.append(.string(try source.word(item, of: Self.resettable)))
        }
        return .object([.init("only", .array(only))])
    }

    /// A mapping, or the name of a file that holds one.
    func seed(_ node: YAMLNode) throws(Diagnostic) -> JSONValue {
        guard node.mapping == nil else { return try seed(node, in: source) }
        let path = FilePath.path(of: try source.text(of: node), in: folder)
        guard let text = readFile(path) else {
            throw source.refused(
                "there is no seed \(path)", node, hint: "a seed is relative to this file")
        }
        let document = try ControlDocument(name: path, bytes: text.bytes[...])
        return try seed(document.root, in: document.source)
    }

    private func seed(_ node: YAMLNode, in source: SourceText) throws(Diagnostic) -> JSONValue {
        try checked(node, in: source) { () throws(Diagnostic) in
            let reader = try KeyedReader(node, in: source, keys: SeedReader.keys)
            _ = try SeedReader(source).seed(reader)
        }
        return StubTemplates.keepingOwnNames(in: JSONValue(node))
    }

    /// `NAME` or `{ save: NAME }`, `{ load: NAME }`, `{ delete: NAME }`, `{ diff: NAME, with: OTHER }`.
    private func snapshot(_ node: YAMLNode) throws(Diagnostic) -> RequestStep {
        guard node.mapping != nil else {
            return snapshot("POST", try source.template(node), "")
        }
        let reader = try KeyedReader(
            node, in: source, keys: ["save", "load", "delete", "diff", "with"])
        if let name = reader["save"] { return snapshot("POST", try source.template(name), "") }
        if let name = reader["load"] { return snapshot("POST", try source.template(name), "/load") }
        if let name = reader["delete"] { return snapshot("DELETE", try source.template(name), "") }
        let name = try source.template(try reader.required("diff"))
        let other = try source.text(reader["with"]).map { "?with=\($0)" } ?? ""
        return snapshot("GET", name, "/diff\(other)")
    }

    private func snapshot(_ method: String, _ name: Template, _ rest: String) -> RequestStep {
        RequestStep(
            method: method,
            target: Template("/_fakedapr/snapshots/\(name.text)\(rest)", at: name.span))
    }

    // MARK: Of a whole scenario

    /// What a scenario begins with, before its set-up: `clock`, `seed`, `stubs`, `faults`.
    func beginning(_ reader: KeyedReader) throws(Diagnostic) -> [Step] {
        var steps: [Step] = []
        for (key, action) in [("clock", "clock"), ("seed", "seed")] {
            guard let node = reader[key] else { continue }
            steps.append(try control(action, node))
        }
        for (key, action) in [("stubs", "stub"), ("faults", "fault")] {
            for node in try reader.list(key) ?? [] { steps.append(try control(action, node)) }
        }
        return steps
    }

    private func control(_ action: String, _ value: YAMLNode) throws(Diagnostic) -> Step {
        let key = YAMLNode(.scalar(YAMLScalar(action)), at: value.span)
        let member = YAMLNode.Member(name: action, key: key, value: value)
        return try control(YAMLNode(.mapping([member]), at: value.span), member)
    }
}
