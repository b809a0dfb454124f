/// One request, or one delivery, while faults are about: the rule that the request brought itself, and
/// what was applied to it, for the journal.
///
/// Handed down as a task-local value, so that stores, brokers and channels need not carry it, and made
/// only when there are rules. Sendable unchecked: it does not leave the sandbox's loop.
package final class FaultScope: @unchecked Sendable {
    @TaskLocal package static var current: FaultScope?

    /// What the request brought in its header.
    let own: StandingFault?
    private var applied: [String] = []

    init(_ own: StandingFault?) { self.own = own }

    func note(_ fault: Fault) {
        if applied.last != fault.text { applied.append(fault.text) }
    }

    /// What was applied since this was last asked; nil for nothing.
    package func take() -> String? {
        defer { applied = [] }
        return applied.isEmpty ? nil : applied.joined(separator: ", ")
    }
}

extension FaultScope {
    /// What was applied in the running request or delivery since this was last asked.
    static func takeCurrent() -> String? { current?.take() }
}
