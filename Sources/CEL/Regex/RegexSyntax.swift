/// A parsed pattern. Whether a repetition is greedy does not matter: only whether there is a match
/// is ever asked.
indirect enum RegexSyntax: Sendable {
    case empty
    case character(CharacterClass)
    case assertion(RegexAssertion)
    case sequence([RegexSyntax])
    case choice([RegexSyntax])
    /// No upper bound when `upTo` is nil.
    case repetition(RegexSyntax, from: Int, upTo: Int?)
}

/// A place that a pattern asks for without taking a character.
enum RegexAssertion: Sendable {
    case textStart
    case textEnd
    case lineStart
    case lineEnd
    case wordBoundary
    case noWordBoundary
}

/// Why a text is no pattern, in Go's words.
struct RegexProblem: Error {
    let text: String

    init(_ reason: String, _ part: some Sequence<Unicode.Scalar>) {
        text = "error parsing regexp: \(reason): `\(part.map { String($0) }.joined())`"
    }
}
