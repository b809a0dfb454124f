/// Bounds of expressions and of their evaluation.
enum CELLimits {
    /// Code points of an expression, cel-go's own bound.
    static let sourceLength = 100_000
    /// Levels of an expression, cel-go's own bound.
    static let depth = 250
    /// Steps of one evaluation. daprd has no bound; nested comprehensions over a large list would
    /// hold up the sandbox's loop.
    static let steps = 2_000_000
    /// Instructions of a compiled regular expression.
    static let regexSize = 20_000
    /// Characters, each times the places that a pattern may be at, of one match.
    static let regexSteps = 50_000_000
    /// A repetition's count, RE2's own bound.
    static let regexRepeat = 1000
    /// Levels of groups, Go's own bound.
    static let regexDepth = 1000
}
