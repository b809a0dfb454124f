internal import Backends
internal import JSON
internal import Matching

/// A rule at work: how often it has matched and was applied, and its randomness.
package final class StandingFault {
    package let fault: Fault
    /// How often what it is about has come.
    package private(set) var matched = 0
    package private(set) var applied = 0
    private var random: RandomSource
    private let end: Timestamp?
    private let match: [Expectation]
    private let ordinal: Matcher?

    init(_ fault: Fault, seed: UInt64, at now: Timestamp) {
        self.fault = fault
        random = RandomSource(seed: fault.seed ?? seed)
        end = fault.duration.map { now.adding($0) }
        match = fault.match.filter { $0.part != "nth" }
        ordinal = fault.match.first { $0.part == "nth" }?.matcher
    }

    /// Whether it is to be applied to `subject` now; counted as applied when it is.
    func takes(_ subject: FaultSubject, at now: Timestamp) -> Bool {
        if let end, now >= end { return false }
        if subject.api == .deliver, fault.kind.namesDeliveries,
            !match.contains(where: { $0.part == "api" })
        {
            return false
        }
        guard subject.fits(match) else { return false }
        matched += 1
        let number = JSONValue.number(String(matched))
        if let ordinal, ordinal.mismatch(number, at: "nth", [:]) != nil { return false }
        guard matched > fault.after, applied < fault.count ?? .max else { return false }
        if let probability = fault.probability {
            guard Double.random(in: 0..<1, using: &random) < probability else { return false }
        }
        applied += 1
        return true
    }

    func sample(_ delay: FaultDelay) -> Duration { delay.sample(&random) }
}
