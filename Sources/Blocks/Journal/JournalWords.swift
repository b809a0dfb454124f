internal import Matching
internal import YAML

/// The parts of an entry that are one of a few words. A question for another word is a slip: it would
/// be answered with *never*, which is what `exactly: 0` hopes for.
package enum JournalWords {
    private static func words(of part: String) -> [String]? {
        switch part {
        case "api": APIName.allCases.map(\.rawValue)
        case "operation": StateRecord.Operation.allCases.map(\.rawValue)
        case "outcome": DeliveryOutcome.allCases.map(\.rawValue)
        default: nil
        }
    }

    /// Why no entry has `word` as its `part`, and how to mend it; nil when one may.
    package static func problem(
        _ word: String, as part: String
    ) -> (message: String, hint: String?)? {
        guard let words = words(of: part), !words.contains(word) else { return nil }
        let noun = part == "api" ? "API" : part
        return ("there is no \(noun) `\(word)`", Suggestion.hint(for: word, among: words))
    }

    /// Refuses what no entry can be: another word, a list, members. Conditions stay free but for those
    /// that hold one value, and so does what a variable will say.
    static func check(
        _ node: YAMLNode, as part: String, in source: SourceText
    ) throws(Diagnostic) {
        guard let words = words(of: part) else { return }
        switch node.value {
        case .scalar(let scalar):
            guard !scalar.text.contains("${"), let problem = problem(scalar.text, as: part) else {
                return
            }
            throw source.refused(problem.message, node, hint: problem.hint)
        case .sequence(let nodes):
            for node in nodes { try check(node, as: part, in: source) }
            let known = nodes.compactMap(\.text).filter(words.contains)
            throw source.refused(
                "`\(part)` is one word, never a list", node,
                hint:
                    "for any of several write `{ matches: \"^(\(known.joined(separator: "|")))$\" }`"
            )
        case .mapping(let members):
            for member in members where ["equals", "not", "exactly"].contains(member.name) {
                try check(member.value, as: part, in: source)
            }
        }
    }
}
