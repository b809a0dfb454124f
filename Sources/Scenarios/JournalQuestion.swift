internal import Blocks
internal import Matching

/// Which entries of a journal `verify` means.
struct JournalQuestion {
    /// What may be asked for.
    static let fields = JournalEntry.parts

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
            matcher.mismatch(entry.part(field, record), at: field, variables) == nil
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
