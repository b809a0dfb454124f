internal import Blocks
internal import Bytes
internal import JSON
internal import Matching

/// Which entries of a journal `verify` means.
struct JournalQuestion {
    /// What may be asked for.
    static let fields = [
        "api", "app", "method", "path", "status", "store", "operation", "key", "pubsub",
        "topic", "body", "json",
    ]

    private let question: VerifyStep
    private let variables: [String: String]

    init(_ question: VerifyStep, _ variables: [String: String]) {
        self.question = question
        self.variables = variables
    }

    /// How many there are: operations on keys when the question speaks of them, else requests.
    func count(in entries: [JournalEntry]) -> Int {
        let stateFields = ["store", "operation", "key"]
        let asksForState = question.matches.contains { stateFields.contains($0.field) }
        return entries.reduce(0) { sum, entry in
            guard asksForState else { return sum + (isMeant(entry, nil) ? 1 : 0) }
            return sum + entry.state.count { isMeant(entry, $0) }
        }
    }

    private func isMeant(_ entry: JournalEntry, _ record: StateRecord?) -> Bool {
        question.matches.allSatisfy { field, matcher in
            matcher.mismatch(value(field, entry, record), at: field, variables) == nil
        }
    }

    private func value(
        _ field: String, _ entry: JournalEntry, _ record: StateRecord?
    ) -> JSONValue? {
        switch field {
        case "api": .string(entry.api.rawValue)
        case "app": .string(entry.appID)
        case "body": .string(String(text: entry.requestBody))
        case "json": try? JSONValue.parse(entry.requestBody)
        case "pubsub": entry.message.map { .string($0.pubsub) }
        case "topic": entry.message.map { .string($0.topic) }
        case "method": .string(String(text: entry.method))
        case "path": .string(String(text: entry.target))
        case "status": .number(String(entry.status))
        case "store": record.map { .string($0.store) }
        case "operation": record.map { .string($0.operation.rawValue) }
        case "key": record.map { .string(String(text: $0.key)) }
        default: nil
        }
    }

    /// How often the question wants it.
    static func text(_ question: VerifyStep) -> String {
        let parts = [
            question.exactly.map { "exactly \($0)" }, question.atLeast.map { "at least \($0)" },
            question.atMost.map { "at most \($0)" },
        ]
        return parts.compactMap(\.self).joined(separator: ", ")
    }
}
