/// The codes that a retry's `matching` lists: `429,500-503`.
package struct StatusCodes: Equatable, Sendable {
    private var ranges: [ClosedRange<Int>]

    /// Why a list cannot be read, in Dapr's words.
    package struct Problem: Error, Equatable {
        package let text: String
    }

    /// - Parameter allowed: what a code may be: 100–599 of HTTP, 0–16 of gRPC.
    package init(_ text: String, allowed: ClosedRange<Int>) throws(Problem) {
        ranges = []
        for pattern in text.split(separator: ",") {
            ranges.append(try Self.range(String(pattern), allowed))
        }
    }

    package func contains(_ code: Int) -> Bool { ranges.contains { $0.contains(code) } }

    private static func range(
        _ pattern: String, _ allowed: ClosedRange<Int>
    ) throws(Problem) -> ClosedRange<Int> {
        let parts = pattern.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count <= 2 else {
            throw Problem(text: "invalid pattern \(pattern), more than one '-' exists")
        }
        let lower = try code(String(parts[0]), "start", pattern, allowed)
        guard parts.count == 2 else { return lower...lower }
        let upper = try code(String(parts[1]), "end", pattern, allowed)
        guard lower < upper else {
            throw Problem(
                text: "invalid pattern \(pattern), start value should not bigger than end value")
        }
        return lower...upper
    }

    private static func code(
        _ text: String, _ which: String, _ pattern: String, _ allowed: ClosedRange<Int>
    ) throws(Problem) -> Int {
        guard let code = Int(text) else {
            throw Problem(
                text: "failed to parse \(which) code \(text) from pattern \(pattern) to int, "
                    + "strconv.Atoi: parsing \"\(text)\": invalid syntax")
        }
        guard allowed.contains(code) else {
            throw Problem(text: "invalid pattern \(pattern), \(which) code \(code) is not valid")
        }
        return code
    }
}
