internal import Matching
package import YAML

/// Reads questions to the journal: flat, parts beside counts, or `inOrder: […]`. Strict.
///
/// ```yaml
/// { api: state, operation: set, key: a, exactly: 1 }
/// { inOrder: [{ topic: orders }, { api: state, key: order-1 }], since: 12 }
/// ```
package struct JournalQuestionReader {
    private let source: SourceText
    private let matchers: MatcherReader

    package init(_ source: SourceText) {
        self.source = source
        matchers = MatcherReader(source: source)
    }

    private static let counts = ["exactly", "atLeast", "atMost"]
    private static let parts = JournalEntry.parts

    /// How long `wait` waits when it does not say so.
    private static let patience = Duration.seconds(10)

    /// - Parameter waits: whether it is asked until it holds.
    package func question(_ node: YAMLNode, waits: Bool) throws(Diagnostic) -> JournalQuestion {
        let reader = try KeyedReader(
            node, in: source,
            keys: Self.parts + Self.counts + ["inOrder", "since"] + (waits ? ["timeout"] : []))
        var question = JournalQuestion(try form(reader, waits: waits))
        question.since = UInt64(try reader.int("since", in: 0...Int.max) ?? 0)
        if waits { question.patience = try source.duration(reader["timeout"]) ?? Self.patience }
        return question
    }

    private func form(
        _ reader: KeyedReader, waits: Bool
    ) throws(Diagnostic) -> JournalQuestion.Form {
        guard let order = reader["inOrder"] else {
            return .count(try query(reader), try bounds(reader, waits: waits))
        }
        for key in Self.parts + Self.counts {
            guard let node = reader[key] else { continue }
            throw source.refused(
                "`\(key)` beside `inOrder`", node, hint: "write it into the steps of `inOrder`")
        }
        var queries: [JournalQuery] = []
        for step in try source.list(order) {
            queries.append(try query(KeyedReader(step, in: source, keys: Self.parts)))
        }
        guard !queries.isEmpty else {
            throw source.refused("`inOrder` is empty", order)
        }
        return .inOrder(queries)
    }

    private func query(_ reader: KeyedReader) throws(Diagnostic) -> JournalQuery {
        var expectations: [Expectation] = []
        // In this order, so that bodies are read only where all else fits.
        for part in Self.parts {
            guard let node = reader[part] else { continue }
            try JournalWords.check(node, as: part, in: source)
            try matchers.checkNumber(node, as: part)
            if part == "headers", let members = node.mapping {
                for member in members {
                    expectations.append(
                        Expectation(
                            part: "headers.\(member.name.lowercased())",
                            matcher: try plain(member.value, member.name)))
                }
            } else {
                let hasMembers = ["headers", "json", "response"].contains(part)
                let matcher = try hasMembers ? matchers.matcher(node) : plain(node, part)
                expectations.append(Expectation(part: part, matcher: matcher))
            }
        }
        return JournalQuery(expectations, at: reader.node.span)
    }

    /// The matcher of a text or a number, which never is as an object: `exactly: 0` would be content.
    private func plain(_ node: YAMLNode, _ part: String) throws(Diagnostic) -> Matcher {
        let matcher = try matchers.matcher(node)
        guard case .members(let members) = matcher.rule else { return matcher }
        throw source.refused(
            "`\(part)` is no object", node, hint: Matcher.operatorHint(members.map(\.name)))
    }

    private func bounds(
        _ reader: KeyedReader, waits: Bool
    ) throws(Diagnostic) -> JournalBounds {
        let bounds = JournalBounds(
            exactly: try reader.int("exactly", in: 0...Int.max),
            atLeast: try reader.int("atLeast", in: 0...Int.max),
            atMost: try reader.int("atMost", in: 0...Int.max))
        guard bounds == JournalBounds() else { return bounds }
        if waits { return JournalBounds(atLeast: 1) }
        throw source.refused(
            "`verify` says not how often", reader.node,
            hint: "add `exactly: 1`, `atLeast: 1` or `atMost: 1`")
    }
}
