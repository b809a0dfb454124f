internal import Blocks
internal import JSON
internal import Matching
internal import YAML

/// Reads the steps of a scenario file. Pure but for what `readFile` does.
struct StepReader {
    typealias Read = (String) -> SourceText?

    let source: SourceText
    /// Where the file lies.
    let folder: String
    /// Gives the text of a file that is included, nil when there is none.
    let readFile: Read
    /// The files that include this one, the scenario's first.
    var includedBy: [String] = []

    private var matchers: MatcherReader { MatcherReader(source: source) }

    private static let verbs = ["get", "post", "delete", "patch", "head", "options", "request"]
    private static let actions =
        ["guest", "verify", "wait", "put", "publish", "invoke"] + verbs
        + controls + ["steps", "parallel", "include"]
    /// What every step may have that is answered.
    static let common = ["name", "expect", "capture", "foreach", "retry"]
    static let requestParts = ["status", "headers", "json", "body"]

    /// The steps of a list; none for a key that is absent or empty.
    func read(_ node: YAMLNode?) throws(Diagnostic) -> [Step] {
        guard let node, !node.isNull else { return [] }
        var steps: [Step] = []
        for item in try source.list(node) { steps.append(try step(item)) }
        return steps
    }

    /// A step, or the rounds of one with `foreach`.
    private func step(_ node: YAMLNode) throws(Diagnostic) -> Step {
        let step = try single(node)
        guard let foreach = node["foreach"] else { return step }
        let rounds = try self.rounds(foreach)
        if case .group(var group) = step.action, group.rounds.count == 1 {
            let fixed = group.rounds[0]
            group.rounds = rounds.map { $0 + fixed }
            return made(step.name, node, .group(group))
        }
        return made("", node, .group(StepGroup(steps: [step], rounds: rounds)))
    }

    private func single(_ node: YAMLNode) throws(Diagnostic) -> Step {
        let known = Self.actions
        let members = try source.members(node)
        // Of a guest `invoke` names the export that is called, and `seed` fixes its random bytes.
        let isGuest = node["guest"] != nil
        let actions = members.filter {
            known.contains($0.name) && !(isGuest && ["invoke", "seed"].contains($0.name))
        }
        guard let action = actions.first else {
            let near = members.lazy.compactMap { Suggestion.nearest(to: $0.name, among: known) }
            throw source.refused(
                "a step has to say what it does", node,
                hint: near.first.map { "did you mean `\($0)`?" }
                    ?? "one of: \(known.joined(separator: ", "))")
        }
        guard actions.count == 1 else {
            throw source.refused(
                "a step does one thing, and this one says `\(action.name)` already",
                actions[1].key, hint: "make it a step of its own")
        }
        switch action.name {
        case "guest": return try guest(node)
        case "verify", "wait": return try verify(node, action.name)
        case "publish": return try publishStep(node, action.value)
        case "invoke": return try invokeStep(node, action.value)
        case "steps", "parallel", "include": return try group(node, action)
        case _ where Self.controls.contains(action.name): return try control(node, action)
        // With a mapping it saves a value, with a text it is the HTTP method.
        case "put" where action.value.mapping != nil: return try putStep(node, action.value)
        default: return try request(node, action.name)
        }
    }

    private func guest(_ node: YAMLNode) throws(Diagnostic) -> Step {
        let reader = try KeyedReader(
            node, in: source,
            keys: ["guest", "args", "env", "stdin", "invoke", "timeout", "seed"] + Self.common)
        let module = try source.template(try reader.required("guest"))
        var guest = GuestStep(module: module)
        if let arguments = reader["args"] {
            for argument in try source.list(arguments) {
                guest.arguments.append(try source.template(argument))
            }
        }
        if let environment = reader["env"] {
            for member in try source.members(environment) {
                guest.environment.append((member.key.text ?? "", try source.template(member.value)))
            }
        }
        if let input = reader["stdin"] { guest.input = try source.template(input) }
        guest.export = try source.text(reader["invoke"])
        guest.timeout = try source.duration(reader["timeout"]) ?? guest.timeout
        guest.seed = try reader.int("seed").map { UInt64(bitPattern: Int64($0)) }
        let step = try step(
            node, reader, "guest \(module.text)", .guest(guest),
            parts: ["exit", "end", "stdout", "stderr", "calls"])
        let tellsItsEnd = step.expectations.contains { ["exit", "end"].contains($0.part) }
        return tellsItsEnd
            ? step
            : step.expecting("exit", 0, at: module.span, because: "a guest is to exit with 0")
    }

    /// `verify` asks at once, `wait` until it is so.
    private func verify(_ node: YAMLNode, _ action: String) throws(Diagnostic) -> Step {
        if let retry = node.mapping?.first(where: { $0.name == "retry" }) {
            throw source.refused(
                "`\(action)` has no `retry`", retry.key,
                hint: action == "wait"
                    ? "give the question a `timeout`" : "use `wait`, which asks until it is so")
        }
        let reader = try KeyedReader(node, in: source, keys: [action, "name", "foreach"])
        let verify = try reader.required(action)
        let question = try JournalQuestionReader(source).question(verify, waits: action == "wait")
        let span = Self.span(of: ["exactly", "atLeast", "atMost", "inOrder"], in: verify)
        return made(
            try source.text(reader["name"]) ?? action, node,
            .verify(VerifyStep(question: question, span: span)))
    }

    /// The first of the values under `keys`, or the whole mapping.
    private static func span(of keys: [String], in node: YAMLNode) -> SourceSpan {
        node.mapping?.first { keys.contains($0.name) }?.value.span ?? node.span
    }

    func step(
        _ node: YAMLNode, _ reader: KeyedReader, _ name: String, _ action: Step.Action,
        parts: [String]
    ) throws(Diagnostic) -> Step {
        var step = made(try source.text(reader["name"]) ?? name, node, action)
        step.expectations = try matchers.expectations(reader["expect"], parts: parts)
        step.captures = try captures(reader["capture"], parts: parts)
        step.retry = try reader["retry"].map { node throws(Diagnostic) in try retry(node) }
        return step
    }

    func made(_ name: String, _ node: YAMLNode, _ action: Step.Action) -> Step {
        Step(name: name, span: node.span, source: source, folder: folder, action: action)
    }

    /// How long, or `for`, `every` and `times`.
    private func retry(_ node: YAMLNode) throws(Diagnostic) -> Retry {
        var retry = Retry()
        guard node.mapping != nil else {
            retry.patience = try source.duration(node) ?? retry.patience
            return retry
        }
        let reader = try KeyedReader(node, in: source, keys: ["for", "every", "times"])
        retry.patience = try source.duration(reader["for"]) ?? retry.patience
        retry.pause = try source.duration(reader["every"]) ?? retry.pause
        retry.times = try reader.int("times", in: 1...Int.max) ?? retry.times
        return retry
    }

    private func captures(
        _ node: YAMLNode?, parts: [String]
    ) throws(Diagnostic) -> [(variable: String, path: String, span: SourceSpan)] {
        guard let node else { return [] }
        var captures: [(String, String, SourceSpan)] = []
        for member in try source.members(node) {
            let path = try source.text(of: member.value)
            let part = String(path.prefix { $0 != "." && $0 != "[" })
            guard parts.contains(part) else {
                throw source.refused(
                    "nothing is called `\(part)` here", member.value,
                    hint: Suggestion.hint(for: part, among: parts))
            }
            captures.append((member.key.text ?? "", path, member.value.span))
        }
        return captures
    }
}

extension Step {
    /// The step with one more expectation, which the file does not spell out.
    func expecting(
        _ part: String, _ number: Int, at span: SourceSpan, because reason: String
    ) -> Step {
        expecting(part, .equals(.number(String(number))), at: span, because: reason)
    }

    /// The step with a status from 200 to 299 that it is to have, unless it says itself which one.
    func succeeding(_ action: String, at span: SourceSpan) -> Step {
        guard !expectations.contains(where: { $0.part == "status" }) else { return self }
        return expecting(
            "status", .all([.gte(200), .lt(300)]), at: span, because: "`\(action)` is to succeed")
    }

    fileprivate func expecting(
        _ part: String, _ rule: Matcher.Rule, at span: SourceSpan, because reason: String
    ) -> Step {
        var step = self
        let matcher = Matcher(rule: rule, span: span)
        step.expectations.insert(Expectation(part: part, matcher: matcher, reason: reason), at: 0)
        return step
    }
}
