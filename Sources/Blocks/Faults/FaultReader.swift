internal import JSON
internal import Matching
package import YAML

/// Reads fault rules: of a file, a seed, a control request, a scenario's step, a request's header. Pure.
///
/// A rule is `{"match": {…}, "kind": "latency", "delay": "200ms"}`, with what its kind needs beside it;
/// besides `id`, `probability`, `seed`, `count`, `after`, `for`.
package struct FaultReader {
    package let source: SourceText
    private var matchers: MatcherReader { MatcherReader(source: source) }

    package init(source: SourceText) { self.source = source }

    private static let ruleKeys = [
        "id", "match", "kind", "probability", "seed", "count", "after", "for",
    ]

    /// A rule, a list of them, or `{"faults": […]}`.
    package func faults(_ node: YAMLNode) throws(Diagnostic) -> [Fault] {
        if let nodes = node.sequence {
            var all: [Fault] = []
            for node in nodes { all.append(try fault(node)) }
            return all
        }
        guard node["faults"] != nil else { return [try fault(node)] }
        let reader = try KeyedReader(node, in: source, keys: ["faults"])
        return try faults(try reader.required("faults"))
    }

    /// What a request brings in its header: a rule without `match`, or the name of a kind alone.
    package func header(_ node: YAMLNode) throws(Diagnostic) -> Fault {
        guard node.mapping == nil else {
            if let match = node["match"] {
                throw source.refused("the header's fault is for its own request", match)
            }
            return try fault(node)
        }
        let name = try self.name(node)
        let reader = try KeyedReader(
            YAMLNode(.mapping([]), at: node.span), in: source, keys: [])
        return Fault(kind: try kind(name, reader), description: JSONValue(node))
    }

    private func fault(_ node: YAMLNode) throws(Diagnostic) -> Fault {
        // Which keys there may be is the kind's to say.
        _ = try source.members(node)
        guard let kindNode = node["kind"] else {
            throw source.refused(
                "the key `kind` is missing", node,
                hint: "one of: \(FaultKind.Name.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        let name = try self.name(kindNode)
        let reader = try KeyedReader(
            node, in: source, keys: Self.ruleKeys + Self.keys(of: name))
        let kind = try kind(name, reader)
        var fault = Fault(
            id: try source.text(reader["id"]) ?? "", match: try match(reader["match"]),
            kind: kind, description: JSONValue(node))
        try check(fault, reader)
        fault.probability = try probability(reader)
        fault.seed = try reader.int("seed", in: 0...Int.max).map { UInt64($0) }
        fault.count = try reader.int("count", in: 1...Int.max)
        fault.after = try reader.int("after", in: 0...Int.max) ?? 0
        fault.duration = try source.duration(reader["for"])
        return fault
    }

    private func name(_ node: YAMLNode) throws(Diagnostic) -> FaultKind.Name {
        let names = FaultKind.Name.allCases.map(\.rawValue)
        let text = try source.text(of: node)
        if let name = FaultKind.Name(rawValue: text) { return name }
        throw source.refused(
            "there is no fault of the kind `\(text)`", node,
            hint: Suggestion.hint(for: text, among: names)
                ?? "one of: \(names.joined(separator: ", "))")
    }

    private func match(_ node: YAMLNode?) throws(Diagnostic) -> [Expectation] {
        try matchers.expectations(node, parts: FaultSubject.parts)
    }

    /// A rule that could never apply is a mistake.
    private func check(_ fault: Fault, _ reader: KeyedReader) throws(Diagnostic) {
        let match = reader["match"]
        for part in ["api", "operation"] {
            guard let node = match?[part] else { continue }
            try JournalWords.check(node, as: part, in: source)
        }
        guard let node = match?["api"], let text = node.text, let api = APIName(rawValue: text)
        else { return }
        guard !fault.kind.apis.contains(api) else { return }
        let apis = fault.kind.apis.map(\.rawValue).joined(separator: ", ")
        throw source.refused(
            "a fault of the kind `\(fault.kind.name.rawValue)` is not for `\(text)`", node,
            hint: "it is for: \(apis)")
    }

    private func probability(_ reader: KeyedReader) throws(Diagnostic) -> Double? {
        guard let node = reader["probability"] else { return nil }
        let number = try source.double(node)
        if (0...1).contains(number) { return number }
        throw source.refused("a probability is a number from 0 to 1", node)
    }

    // MARK: Kinds

    private static func keys(of name: FaultKind.Name) -> [String] {
        switch name {
        case .latency, .delay, .appSlow: ["delay", "jitter", "distribution"]
        case .error: ["status", "errorCode", "message"]
        case .truncate: ["bytes"]
        case .slowBody: ["bytesPerSecond"]
        case .unavailable: ["message"]
        case .duplicate: ["copies"]
        case .reorder: ["within"]
        case .reset, .etagConflict, .drop, .appUnreachable: []
        }
    }

    private func kind(
        _ name: FaultKind.Name, _ reader: KeyedReader
    ) throws(Diagnostic) -> FaultKind {
        switch name {
        case .latency: .latency(try delay(reader))
        case .delay: .delay(try delay(reader))
        case .appSlow: .appSlow(try delay(reader))
        case .error: .error(try answer(reader))
        case .truncate: .truncate(bytes: try reader.int("bytes", in: 0...Int.max))
        case .slowBody: .slowBody(bytesPerSecond: try rate(reader))
        case .unavailable:
            .unavailable(
                message: try source.text(reader["message"])
                    ?? "dial tcp: connect: connection refused")
        case .duplicate: .duplicate(copies: try reader.int("copies", in: 2...1000) ?? 2)
        case .reorder: .reorder(within: try source.duration(reader["within"]) ?? .seconds(1))
        case .reset: .reset
        case .etagConflict: .etagConflict
        case .drop: .drop
        case .appUnreachable: .appUnreachable
        }
    }

    private func delay(_ reader: KeyedReader) throws(Diagnostic) -> FaultDelay {
        let base = try source.duration(try reader.required("delay")) ?? .zero
        var delay = FaultDelay(base: base, jitter: try source.duration(reader["jitter"]) ?? .zero)
        guard let node = reader["distribution"] else { return delay }
        let names = FaultDelay.Distribution.allCases.map(\.rawValue)
        if delay.jitter == .zero {
            throw source.refused("a `distribution` without `jitter` says nothing", node)
        }
        let name = try source.word(node, of: names)
        delay.distribution = FaultDelay.Distribution(rawValue: name) ?? .uniform
        return delay
    }

    private func answer(_ reader: KeyedReader) throws(Diagnostic) -> FaultAnswer {
        FaultAnswer(
            status: try reader.int("status", in: 200...599) ?? 500,
            code: try source.text(reader["errorCode"]) ?? "FAKEDAPR_FAULT",
            message: try source.text(reader["message"]) ?? "a fault was to happen here")
    }

    private func rate(_ reader: KeyedReader) throws(Diagnostic) -> Int {
        _ = try reader.required("bytesPerSecond")
        return try reader.int("bytesPerSecond", in: 1...1_000_000_000) ?? 1
    }
}
