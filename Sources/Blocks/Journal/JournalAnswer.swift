package import Matching
package import Transport
internal import YAML

/// What the journal says to a question.
package struct JournalAnswer: Sendable {
    /// An entry that is nearly what was asked for.
    package struct NearMiss: Sendable {
        package let entry: JournalEntry
        package let differs: [Matcher.Mismatch]
    }

    package let holds: Bool
    /// Whether it was waited for in vain.
    package let isTimedOut: Bool
    /// How often it was done; of steps in order, how many were found.
    package let count: Int
    /// The latest of the entries that were meant.
    package let found: [JournalEntry]
    /// When something was not done: what comes nearest, the nearest first.
    package let nearest: [NearMiss]
    /// The number of the last entry that was looked at.
    package let last: UInt64
}

extension Journal {
    /// Answers a question, at once or when it holds or its patience is over.
    ///
    /// - Parameters:
    ///   - variables: for `${variables}` in texts.
    ///   - isWanted: asked now and then; false ends the waiting.
    package func answer(
        _ question: JournalQuestion, _ variables: [String: String] = [:], on reactor: Reactor,
        whileWanted isWanted: () -> Bool = { true }
    ) async -> JournalAnswer {
        let deadline = Reactor.monotonicNow() + (question.patience ?? .zero).nanoseconds
        var tally = JournalTally(question, variables)
        while true {
            tally.take(entries(after: tally.last))
            if tally.isDecided || question.patience == nil { return tally.answer(in: self) }
            // In slices: somebody may have stopped waiting.
            let now = Reactor.monotonicNow()
            let slice = min(deadline, now + Duration.milliseconds(500).nanoseconds)
            let isNew = await entry(after: tally.last, until: slice, on: reactor)
            if hasEnded || !isNew && (slice == deadline || !isWanted()) {
                return tally.answer(in: self, isTimedOut: true)
            }
        }
    }
}

/// How far a question is answered by the entries that were seen: each is looked at once.
private struct JournalTally {
    private let question: JournalQuestion
    private let variables: [String: String]
    private(set) var last: UInt64
    private var count = 0
    private var found: [JournalEntry] = []
    /// The number of the entry that the last step in order was found in.
    private var lastFound: UInt64 = 0

    /// Entries that are handed back at most.
    private static let foundLimit = 100
    private static let nearestLimit = 3
    /// Entries at most whose texts are compared letter by letter.
    private static let comparisonLimit = 500

    init(_ question: JournalQuestion, _ variables: [String: String]) {
        self.question = question
        self.variables = variables
        last = question.since
    }

    mutating func take(_ entries: [JournalEntry]) {
        for entry in entries {
            let more: Int
            switch question.form {
            case .count(let query, _): more = query.count(in: entry, variables)
            case .inOrder(let queries): more = steps(of: queries, in: entry)
            }
            if more > 0 { note(entry, more) }
            last = entry.sequence
        }
    }

    private mutating func note(_ entry: JournalEntry, _ more: Int) {
        count += more
        lastFound = entry.sequence
        found.append(entry)
        if found.count > Self.foundLimit { found.removeFirst() }
    }

    /// One entry may be several steps only when it did several operations.
    private func steps(of queries: [JournalQuery], in entry: JournalEntry) -> Int {
        var found = 0
        while count + found < queries.count, found < max(1, entry.state.count),
            queries[count + found].count(in: entry, variables) > 0
        { found += 1 }
        return found
    }

    private var holds: Bool {
        switch question.form {
        case .count(_, let bounds):
            bounds.isReached(by: count) && !bounds.isExceeded(by: count)
        case .inOrder(let queries): count == queries.count
        }
    }

    private var isTooMuch: Bool {
        guard case .count(_, let bounds) = question.form else { return false }
        return bounds.isExceeded(by: count)
    }

    /// Whether waiting would change nothing.
    var isDecided: Bool { holds || isTooMuch }

    func answer(in journal: Journal, isTimedOut: Bool = false) -> JournalAnswer {
        JournalAnswer(
            holds: holds, isTimedOut: isTimedOut, count: count, found: found,
            nearest: holds || isTooMuch ? [] : nearest(in: journal), last: last)
    }

    // MARK: Near misses

    private func nearest(in journal: Journal) -> [JournalAnswer.NearMiss] {
        let query = missed
        var best: [(miss: JournalAnswer.NearMiss, rank: (Int, Int))] = []
        var comparisons = Self.comparisonLimit
        for entry in journal.entries(after: question.since).reversed() {
            var differs = query.differences(from: entry, variables)
            guard isNear(differs, query) else { continue }
            if let problem = disorder(entry, query) { differs.append(problem) }
            guard !differs.isEmpty else { continue }
            if best.count == Self.nearestLimit, differs.count > best[best.count - 1].rank.0 {
                continue
            }
            comparisons -= 1
            let distance = comparisons > 0 ? differs.reduce(0) { $0 + Self.distance($1) } : .max
            let rank = (differs.count, distance)
            guard best.count < Self.nearestLimit || rank < best[best.count - 1].rank else {
                continue
            }
            // Behind those that are as near and later.
            let place = best.firstIndex { rank < $0.rank } ?? best.count
            best.insert((.init(entry: entry, differs: differs), rank), at: place)
            if best.count > Self.nearestLimit { best.removeLast() }
        }
        return best.map(\.miss)
    }

    /// What was asked for and not done: of steps in order the first that was not found.
    private var missed: JournalQuery {
        switch question.form {
        case .count(let query, _): query
        case .inOrder(let queries): queries[count]
        }
    }

    /// Nearly a step, or one, but not after the step before it.
    private func disorder(_ entry: JournalEntry, _ query: JournalQuery) -> Matcher.Mismatch? {
        guard entry.sequence <= lastFound, case .inOrder = question.form else { return nil }
        return Matcher.Mismatch(
            path: "order", expected: "after #\(lastFound), which is step \(count)",
            actual: "#\(entry.sequence)", span: query.span)
    }

    /// Something agrees, or something that differs is there at all.
    private func isNear(_ differs: [Matcher.Mismatch], _ query: JournalQuery) -> Bool {
        differs.count < query.expectations.count || differs.contains { $0.actual != "nothing" }
    }

    /// How far two short texts are apart; long ones all alike.
    private static func distance(_ mismatch: Matcher.Mismatch) -> Int {
        guard mismatch.expected.utf8.count <= 64, mismatch.actual.utf8.count <= 64 else {
            return 64
        }
        return Suggestion.distance(mismatch.expected, mismatch.actual)
    }
}
