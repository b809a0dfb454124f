internal import Bytes
package import JSON
internal import Matching
package import YAML

/// What people and programs read of an answer that is not what was expected.
extension JournalAnswer {
    /// `verify: it was done twice`
    package func reason(_ question: JournalQuestion) -> String {
        let asked = question.patience == nil ? "verify" : "wait"
        switch question.form {
        case .count: return "\(asked): it was done \(Self.times(count))"
        case .inOrder(let queries):
            return "\(asked): step \(count + 1) of \(queries.count) was not done"
                + (count == 0 ? "" : " after step \(count)")
        }
    }

    /// Where the step stands that was not found in order; nil for a question about counts.
    package func place(_ question: JournalQuestion) -> SourceSpan? {
        guard case .inOrder(let queries) = question.form, count < queries.count else { return nil }
        return queries[count].span
    }

    private static func times(_ count: Int) -> String {
        switch count {
        case 0: "never"
        case 1: "once"
        default: "\(count) times"
        }
    }

    /// What was done, and what comes nearest and how it differs, several lines; nil for neither.
    package var evidence: String? {
        let told = found.suffix(Self.toldLimit)
        var lines = told.map { "done: \($0.line)" }
        if told.count < found.count { lines.insert("done, the latest \(told.count):", at: 0) }
        lines += nearest.flatMap { miss in
            ["nearest: \(miss.entry.line)"] + miss.differs.map(Self.line)
        }
        return lines.isEmpty ? nil : lines.joined(separator: "\n")
    }

    /// Entries that were meant and are told at most.
    private static let toldLimit = 5

    private static func line(_ difference: Matcher.Mismatch) -> String {
        let hint = difference.hint.map { " (\($0))" } ?? ""
        return "  \(difference.path): expected \(short(difference.expected)), "
            + "actual \(short(difference.actual))\(hint)"
    }

    private static func short(_ text: String) -> String {
        text.count <= 200 ? text : "\(text.prefix(200))…"
    }

    /// Members of the control API's answer.
    package func members(_ question: JournalQuestion) -> [JSONValue.Member] {
        let expected: [JSONValue.Member] =
            switch question.form {
            case .count(_, let bounds):
                bounds.members.map { .init($0.name, .number(String($0.count))) }
            case .inOrder(let queries): [.init("inOrder", .number(String(queries.count)))]
            }
        return [
            .init("expected", .object(expected)), .init("actual", .number(String(count))),
            .init("entries", .array(found.map(\.value))),
            .init("nearest", .array(holds ? [] : nearest.map(\.value))),
            .init("timedOut", .bool(isTimedOut)), .init("last", .number(String(last))),
        ]
    }
}

extension JournalAnswer.NearMiss {
    fileprivate var value: JSONValue {
        let differs = differs.map { mismatch in
            JSONValue.object([
                .init("path", .string(mismatch.path)),
                .init("expected", .string(mismatch.expected)),
                .init("actual", .string(mismatch.actual)),
            ])
        }
        return .object([.init("entry", entry.value), .init("differs", .array(differs))])
    }
}

extension JournalEntry {
    /// The entry as a value.
    package var value: JSONValue { (try? JSONValue.parse(json[...])) ?? .null }

    /// The entry in a line for people: `#12 app POST /v1.0/state/s -> 204`.
    package var line: String {
        var words = ["#\(sequence)", appID]
        if let message, api == .deliver || method.isEmpty {
            words.append("\(api.rawValue) \(message.pubsub)/\(message.topic)")
        }
        if !method.isEmpty { words.append(String(text: method)) }
        if !target.isEmpty { words.append(String(text: target)) }
        if status != 0 { words += ["->", String(status)] }
        if let outcome = detail.outcome { words.append(outcome.rawValue) }
        if let attempt = detail.attempt, attempt > 1 { words.append("(attempt \(attempt))") }
        return words.joined(separator: " ")
    }
}
