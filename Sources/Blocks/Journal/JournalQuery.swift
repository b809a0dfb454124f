package import Matching
package import YAML

/// Which entries of the journal are meant: what their parts are to be like. Pure.
package struct JournalQuery: Sendable {
    /// `topic`, `headers.content-type`, `json`, …: the names of `JournalEntry.parts`.
    package var expectations: [Expectation]
    /// Where it stands.
    package let span: SourceSpan

    package init(_ expectations: [Expectation], at span: SourceSpan) {
        self.expectations = expectations
        self.span = span
    }

    /// Parts of an operation on a key: a query that names one counts operations, not requests.
    private static let stateParts = ["store", "operation", "key"]

    private var asksForState: Bool {
        expectations.contains { Self.stateParts.contains($0.part) }
    }

    /// How often an entry is what is meant.
    ///
    /// - Parameter variables: for `${variables}` in texts.
    package func count(in entry: JournalEntry, _ variables: [String: String]) -> Int {
        guard asksForState else { return isMeant(entry, nil, variables) ? 1 : 0 }
        return entry.state.count { isMeant(entry, $0, variables) }
    }

    private func isMeant(
        _ entry: JournalEntry, _ record: StateRecord?, _ variables: [String: String]
    ) -> Bool {
        expectations.allSatisfy {
            $0.matcher.mismatch(entry.part($0.part, record), at: $0.part, variables) == nil
        }
    }

    /// In what an entry is not what is meant; of its operations the one that is nearest counts.
    func differences(
        from entry: JournalEntry, _ variables: [String: String]
    ) -> [Matcher.Mismatch] {
        let records: [StateRecord?] =
            asksForState && !entry.state.isEmpty ? entry.state.map(\.self) : [nil]
        let all = records.map { differences(entry, $0, variables) }
        return all.min { $0.count < $1.count } ?? []
    }

    private func differences(
        _ entry: JournalEntry, _ record: StateRecord?, _ variables: [String: String]
    ) -> [Matcher.Mismatch] {
        expectations.compactMap {
            $0.matcher.mismatch(entry.part($0.part, record), at: $0.part, variables)
        }
    }
}

/// How often something is to have been done.
package struct JournalBounds: Sendable, Equatable {
    package var exactly: Int?
    package var atLeast: Int?
    package var atMost: Int?

    package init(exactly: Int? = nil, atLeast: Int? = nil, atMost: Int? = nil) {
        self.exactly = exactly
        self.atLeast = atLeast
        self.atMost = atMost
    }

    /// With their names, those that are set.
    package var members: [(name: String, count: Int)] {
        [("exactly", exactly), ("atLeast", atLeast), ("atMost", atMost)].compactMap {
            name, count in count.map { (name, $0) }
        }
    }

    func isReached(by count: Int) -> Bool { count >= exactly ?? atLeast ?? 0 }

    /// What was done cannot be undone.
    func isExceeded(by count: Int) -> Bool { count > exactly ?? atMost ?? .max }

    /// As people say it.
    package var text: String {
        let parts = [
            exactly.map { "exactly \($0)" }, atLeast.map { "at least \($0)" },
            atMost.map { "at most \($0)" },
        ]
        return parts.compactMap(\.self).joined(separator: ", ")
    }
}

/// A question to the journal, asked once or until it holds. One for scenarios and the control API.
package struct JournalQuestion: Sendable {
    package enum Form: Sendable {
        case count(JournalQuery, JournalBounds)
        /// One after the other, whatever lies between.
        case inOrder([JournalQuery])
    }

    package var form: Form
    /// Only what follows the entry of this number counts.
    package var since: UInt64 = 0
    /// How long is waited until it holds; nil for a question that is answered at once.
    package var patience: Duration?

    package init(_ form: Form) { self.form = form }

    package var queries: [JournalQuery] {
        switch form {
        case .count(let query, _): [query]
        case .inOrder(let queries): queries
        }
    }

    /// What is expected, as people say it.
    package var expected: String {
        switch form {
        case .count(_, let bounds): bounds.text
        case .inOrder(let queries): "\(queries.count) in this order"
        }
    }
}
