/// "Did you mean": the nearest of a set of names.
package enum Suggestion {
    /// Names are short; a longer word is not compared at all.
    private static let longestWord = 64

    /// The candidate nearest to `word`, nil when none is near: at most a third of it changed. Upper
    /// and lower case count as the same.
    package static func nearest(to word: String, among candidates: [String]) -> String? {
        guard word.utf8.count <= longestWord else { return nil }
        let ranked = candidates.map { ($0, distance(word.lowercased(), $0.lowercased())) }
        guard let best = ranked.min(by: { $0.1 < $1.1 }) else { return nil }
        let longer = max(word.count, best.0.count)
        // Of one letter everything would be changed.
        return best.1 <= max(1, (longer + 1) / 3) && best.1 < longer ? best.0 : nil
    }

    /// The nearest candidate as a hint, or all of them when they are few.
    package static func hint(for word: String, among candidates: [String]) -> String? {
        if let nearest = nearest(to: word, among: candidates) {
            return "did you mean `\(nearest)`?"
        }
        guard !candidates.isEmpty, candidates.count <= 12 else { return nil }
        return "known here: " + candidates.map { "`\($0)`" }.joined(separator: ", ")
    }

    /// Optimal string alignment: insertions, deletions, replacements and swaps of neighbours.
    package static func distance(_ a: String, _ b: String) -> Int {
        let (a, b) = (Array(a.unicodeScalars), Array(b.unicodeScalars))
        var rows = [Array(0...b.count)]
        for i in 0..<a.count {
            var row = [i + 1]
            for j in 0..<b.count {
                var cost = min(
                    row[j] + 1, rows[i][j + 1] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    cost = min(cost, rows[i - 1][j - 1] + 1)
                }
                row.append(cost)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }
}
