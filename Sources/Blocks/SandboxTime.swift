package import Backends

/// Setting and moving a sandbox's time: what the control API, scenarios and the command line do.
extension Sandbox {
    /// Lets time go otherwise, from `time` on or from now; every store follows.
    ///
    /// What was to be at a time of day (an expiry) keeps it; what waits for a while (a retry, a
    /// timeout) keeps what was left of it.
    package func setClock(_ mode: ClockMode, at time: Timestamp? = nil) async throws(StateError) {
        let wasReal = clock.mode == .real
        clock.set(mode, at: mode == .real ? nil : time)
        if wasReal != (mode == .real) { try await tellStores() }
    }

    /// Moves the clock forward as if the time passed: what becomes due on the way is done, in its
    /// order and each at its time, before this returns.
    package func advanceClock(by duration: Duration) async throws(ClockProblem) {
        guard clock.mode != .real else { throw .real }
        guard duration >= .zero else { throw .backwards }
        guard duration <= Self.longestAdvance else { throw .tooFar }
        guard await clock.advance(by: duration) else { throw .real }
    }

    /// A hundred years: beyond what an expiry's time of day can hold, a sum would stand still.
    private static let longestAdvance = Duration.seconds(100 * 366 * 86_400)

    /// Has the stores keep expiries by the sandbox's clock or by their own.
    package func tellStores() async throws(StateError) {
        var told: [(store: any StateStore, prefixes: [[UInt8]])] = []
        for component in sidecars.flatMap(\.stateComponents) {
            let prefix = component.keyPrefix.bytes
            if let index = told.firstIndex(where: { $0.store === component.store }) {
                if !told[index].prefixes.contains(prefix) { told[index].prefixes.append(prefix) }
            } else {
                told.append((component.store, [prefix]))
            }
        }
        for (store, prefixes) in told { try await store.clockHasChanged(KeyScope(prefixes)) }
    }
}

/// Why a clock was not moved.
package enum ClockProblem: Error, Equatable {
    case real
    case backwards
    case tooFar
    /// A store could not follow.
    case store(StateError)

    package var text: String {
        switch self {
        case .real:
            "the clock cannot be moved: it goes as the system's does: make it manual or "
                + "accelerated first"
        case .backwards:
            "the clock cannot be moved by less than nothing: set it back with `at`"
        case .tooFar: "the clock cannot be moved by more than a hundred years at once"
        case .store(.failed(let text)): "the clock was set, but a store does not follow: \(text)"
        case .store: "the clock was set, but a store does not follow"
        }
    }
}
