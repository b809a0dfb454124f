internal import JSON

/// Which entries somebody wants to see: names of parts and the texts that they are to have. A text
/// that ends in `*` stands for all that begin so.
package struct JournalFilter: Sendable {
    private var wanted: [(part: String, text: String)] = []

    /// The parts that a filter may name.
    package static let parts = [
        "app", "api", "topic", "pubsub", "store", "operation", "key", "method", "path", "status",
        "outcome", "callee", "fault", "hint",
    ]

    package init() {}

    package var isEmpty: Bool { wanted.isEmpty }

    /// Wants `part` to be `text`; several texts of one part stand for any of them.
    package mutating func add(_ part: String, _ text: String) { wanted.append((part, text)) }

    package func lets(_ entry: JournalEntry) -> Bool {
        guard !wanted.isEmpty else { return true }
        let asksForState = wanted.contains { ["store", "operation", "key"].contains($0.part) }
        guard asksForState else { return lets(entry, nil) }
        return entry.state.contains { lets(entry, $0) }
    }

    private func lets(_ entry: JournalEntry, _ record: StateRecord?) -> Bool {
        let names = Set(wanted.map(\.part))
        return names.allSatisfy { name in
            guard let value = entry.part(name, record) else { return false }
            let text = value.string ?? value.text
            return wanted.contains { $0.part == name && Self.fits(text, $0.text) }
        }
    }

    private static func fits(_ text: String, _ wanted: String) -> Bool {
        wanted.hasSuffix("*") ? text.hasPrefix(wanted.dropLast()) : text == wanted
    }
}
