internal import Bytes
internal import CEL
internal import YAML

/// Decodes one policy, with the texts of Dapr's decoder: all that is wrong with it is told at once.
struct ResiliencyReader {
    private let name: String
    private let node: YAMLNode
    private var problems: [String] = []

    init(_ policy: YAMLNode.Member) {
        name = policy.name
        node = policy.value
    }

    /// A Go duration, or milliseconds.
    static func duration(_ text: String) -> Duration? {
        Int(text).map { .milliseconds($0) } ?? GoDuration.parse(text)
    }

    static func durationProblem(_ text: String) -> String { GoDuration.problem(with: text) }

    // MARK: Policies

    func retry() throws(ResiliencyProblem) -> RetryPolicy {
        var reader = self
        let policy = reader.decodedRetry()
        try reader.check()
        return try matching(policy)
    }

    private mutating func decodedRetry() -> RetryPolicy {
        var policy = RetryPolicy()
        if let kind = text("policy") {
            switch kind.lowercased() {
            case "constant": policy.kind = .constant
            case "exponential": policy.kind = .exponential
            default:
                refuse(
                    "policy",
                    "invalid PolicyType \"\(kind)\": unexpected back off policy type: \(kind)")
            }
        }
        policy.duration = duration("duration") ?? policy.duration
        policy.maxInterval = duration("maxInterval") ?? policy.maxInterval
        policy.maxRetries = integer("maxRetries") ?? policy.maxRetries
        return policy
    }

    private func matching(_ policy: RetryPolicy) throws(ResiliencyProblem) -> RetryPolicy {
        var policy = policy
        let matching = node.member(ignoringCase: "matching")
        func codes(
            _ member: String, _ allowed: ClosedRange<Int>
        ) throws(ResiliencyProblem) -> StatusCodes? {
            guard let text = matching?.member(ignoringCase: member)?.text, !text.isEmpty else {
                return nil
            }
            do throws(StatusCodes.Problem) {
                return try StatusCodes(text, allowed: allowed)
            } catch {
                throw ResiliencyProblem(error.text)
            }
        }
        policy.httpCodes = try codes("httpStatusCodes", 100...599)
        policy.grpcCodes = try codes("gRPCStatusCodes", 0...16)
        return policy
    }

    func breaker() throws(ResiliencyProblem) -> BreakerSettings {
        var reader = self
        let settings = reader.decodedBreaker()
        try reader.check()
        return settings
    }

    private mutating func decodedBreaker() -> BreakerSettings {
        var settings = BreakerSettings(name: name)
        settings.maxRequests = integer("maxRequests") ?? settings.maxRequests
        settings.interval = duration("interval") ?? settings.interval
        settings.timeout = duration("timeout") ?? settings.timeout
        guard let trip = text("trip"), !trip.isEmpty else { return settings }
        do throws(CELProblem) {
            settings.trip = try CELProgram(trip)
        } catch {
            let hint = error.hint.map { " (\($0))" } ?? ""
            refuse("trip", "invalid Expr \"\(trip)\": \(error.text)\(hint)")
        }
        return settings
    }

    // MARK: Members

    private mutating func refuse(_ member: String, _ problem: String) {
        problems.append("error decoding '\(member)': \(problem)")
    }

    private func check() throws(ResiliencyProblem) {
        guard !problems.isEmpty else { return }
        throw ResiliencyProblem(
            "invalid retry configuration \"\(name)\": \(problems.count) error(s) decoding:\n\n"
                + problems.sorted().map { "* \($0)" }.joined(separator: "\n"))
    }

    private func text(_ member: String) -> String? {
        node.member(ignoringCase: member)?.text.flatMap { $0.isEmpty ? nil : $0 }
    }

    private mutating func duration(_ member: String) -> Duration? {
        guard let text = text(member) else { return nil }
        let duration = Self.duration(text)
        if duration == nil { refuse(member, "invalid duration \"\(text)\"") }
        return duration
    }

    private mutating func integer(_ member: String) -> Int? {
        guard let text = text(member) else { return nil }
        let number = Int(text)
        if number == nil { refuse(member, "invalid int \"\(text)\"") }
        return number
    }
}
