/// Runs a program over a text: holds the set of places that the program may be at, and moves all of
/// them over one character at a time.
struct RegexMatcher {
    private let program: [Regex.Instruction]
    /// Places whose instruction takes a character.
    private var waiting: [Int] = []
    /// The round in which a place was last visited, so that none is visited twice.
    private var visited: [Int]
    private var round = 0
    private var steps = 0

    private let stepLimit: Int

    init(_ program: [Regex.Instruction], stepLimit: Int) {
        self.stepLimit = stepLimit
        self.program = program
        visited = Array(repeating: -1, count: program.count)
    }

    mutating func finds(in text: String) throws(CELFailure) -> Bool {
        var places = [0]
        var before: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            if reachesMatch(from: places, before, scalar) { return true }
            places.removeAll(keepingCapacity: true)
            for place in waiting where takes(scalar, at: place) { places.append(place + 1) }
            // A match may begin anywhere.
            places.append(0)
            before = scalar
            steps += waiting.count
            guard steps <= stepLimit else {
                throw CELFailure("matching takes more than \(stepLimit) steps")
            }
        }
        return reachesMatch(from: places, before, nil)
    }

    private func takes(_ scalar: Unicode.Scalar, at place: Int) -> Bool {
        guard case .character(let characters) = program[place] else { return false }
        return characters.contains(scalar)
    }

    /// Follows jumps, splits and assertions between two characters; what is left waits for the
    /// second one.
    private mutating func reachesMatch(
        from places: [Int], _ before: Unicode.Scalar?, _ after: Unicode.Scalar?
    ) -> Bool {
        round += 1
        waiting.removeAll(keepingCapacity: true)
        var open = places
        while let place = open.popLast() {
            guard visited[place] != round else { continue }
            visited[place] = round
            switch program[place] {
            case .match: return true
            case .character: waiting.append(place)
            case .jump(let target): open.append(target)
            case .split(let first, let second): open += [second, first]
            case .assertion(let assertion):
                if assertion.holds(between: before, and: after) { open.append(place + 1) }
            }
        }
        return false
    }
}

extension RegexAssertion {
    /// - Parameters:
    ///   - before: nil at the text's start.
    ///   - after: nil at its end.
    fileprivate func holds(
        between before: Unicode.Scalar?, and after: Unicode.Scalar?
    ) -> Bool {
        switch self {
        case .textStart: return before == nil
        case .textEnd: return after == nil
        case .lineStart: return before == nil || before == "\n"
        case .lineEnd: return after == nil || after == "\n"
        case .wordBoundary, .noWordBoundary:
            let isBoundary = (before?.isASCIIWord ?? false) != (after?.isASCIIWord ?? false)
            return isBoundary == (self == .wordBoundary)
        }
    }
}
