/// A regular expression of RE2's syntax, matched in time linear in the text: all ways a pattern may
/// go are followed at once, so that no pattern backtracks.
struct Regex: Sendable {
    enum Instruction: Sendable {
        case character(CharacterClass)
        case assertion(RegexAssertion)
        /// Goes on at both places.
        case split(Int, Int)
        case jump(Int)
        case match
    }

    private let program: [Instruction]

    /// Compiles a pattern; a bad one is a failure of the evaluation, as in cel-go.
    static func compiled(_ pattern: String) -> Result<Regex, CELFailure> {
        do throws(RegexProblem) {
            var compiler = RegexCompiler(pattern)
            try compiler.append(try RegexParser.parse(pattern))
            return .success(Regex(program: compiler.program + [.match]))
        } catch {
            return .failure(CELFailure(error.text))
        }
    }

    /// Whether the pattern matches anywhere in `text`.
    func matches(
        _ text: String, stepLimit: Int = CELLimits.regexSteps
    ) throws(CELFailure) -> Bool {
        var matcher = RegexMatcher(program, stepLimit: stepLimit)
        return try matcher.finds(in: text)
    }
}

/// Makes a program of a pattern's tree.
private struct RegexCompiler {
    private let pattern: String
    var program: [Regex.Instruction] = []

    init(_ pattern: String) { self.pattern = pattern }

    mutating func append(_ syntax: RegexSyntax) throws(RegexProblem) {
        guard program.count < CELLimits.regexSize else {
            throw RegexProblem("expression too large", pattern.unicodeScalars)
        }
        switch syntax {
        case .empty: break
        case .character(let characters): program.append(.character(characters))
        case .assertion(let assertion): program.append(.assertion(assertion))
        case .sequence(let parts): for part in parts { try append(part) }
        case .choice(let choices): try append(choices[...])
        case .repetition(let operand, let lower, let upper):
            try append(operand, from: lower, upTo: upper)
        }
    }

    private mutating func append(_ choices: ArraySlice<RegexSyntax>) throws(RegexProblem) {
        guard let first = choices.first else { return }
        guard choices.count > 1 else { return try append(first) }
        let split = program.count
        program.append(.match)
        try append(first)
        let jump = program.count
        program.append(.match)
        program[split] = .split(split + 1, program.count)
        try append(choices.dropFirst())
        program[jump] = .jump(program.count)
    }

    private mutating func append(
        _ operand: RegexSyntax, from lower: Int, upTo upper: Int?
    ) throws(RegexProblem) {
        for _ in 0..<lower { try append(operand) }
        guard let upper else {
            let split = program.count
            program.append(.match)
            try append(operand)
            program.append(.jump(split))
            program[split] = .split(split + 1, program.count)
            return
        }
        var splits: [Int] = []
        for _ in lower..<upper {
            splits.append(program.count)
            program.append(.match)
            try append(operand)
        }
        for split in splits { program[split] = .split(split + 1, program.count) }
    }
}
