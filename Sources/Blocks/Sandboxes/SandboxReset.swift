internal import Backends

/// What of a sandbox can be reset by itself.
package enum SandboxPart: String, Sendable, CaseIterable {
    case state, topics, journal, faults, stubs, clock
}

/// What a reset has done.
package struct ResetReport: Equatable, Sendable {
    /// Deliveries that an application had not answered in time; their answers count for nothing.
    package var abandonedDeliveries = 0
}

/// Putting a sandbox back, so that the next test meets nothing of the last one.
extension Sandbox {
    /// Resets some parts, or all of them, and with all of them circuit breakers and a random source
    /// that was given a seed.
    ///
    /// With its topics deliveries end first: what was under way is answered, not repeated, and what
    /// the application did meanwhile goes with the rest. Subscriptions are there again when this
    /// returns.
    package func reset(
        _ parts: Set<SandboxPart> = Set(SandboxPart.allCases)
    ) async throws(ContentsFailure) -> ResetReport {
        try await changes.take { () async throws(ContentsFailure) -> ResetReport in
            guard parts.contains(.topics) else {
                try await clear(parts)
                return ResetReport()
            }
            let done = try await pausingDeliveries { () async throws(ContentsFailure) in
                try await clear(parts)
            }
            return ResetReport(abandonedDeliveries: done.givenUp)
        }
    }

    private func clear(_ parts: Set<SandboxPart>) async throws(ContentsFailure) {
        // Before its topics are emptied: a message that is held up would come later.
        if parts.contains(.topics) { faults.held.forget() }
        if parts.contains(.state) {
            for own in ownStores { try await put([], in: own, removing: own.scope) }
        }
        if parts.contains(.topics) {
            for own in ownBrokers { try await put([], on: own) }
        }
        if parts.contains(.clock) { try await resetClock() }
        if parts.contains(.stubs) { await stubs.reset() }
        if parts.count == SandboxPart.allCases.count {
            for sidecar in sidecars { sidecar.resiliency.closeBreakers() }
            random.restart()
        }
        if parts.contains(.faults) { faults.reset() }
        // The last: what the rest has caused goes with it.
        if parts.contains(.journal) {
            era += 1
            journal.clear()
        }
    }

    private func resetClock() async throws(ContentsFailure) {
        do throws(StateError) { try await setClock(beginning.mode, at: beginning.time) } catch {
            throw ContentsFailure("cannot reset the clock: \(error.words)")
        }
    }

    /// Removes what lies under `scope` in a store and puts entries down.
    func put(
        _ entries: [StateEntry], in own: OwnStore, removing scope: KeyScope
    ) async throws(ContentsFailure) {
        do throws(StateError) { try await own.store.replace(scope, with: entries) } catch {
            throw ContentsFailure("cannot write the state of \(own.component): \(error.words)")
        }
    }

    /// Empties a broker's topics and puts messages down.
    func put(
        _ contents: [TopicContents], on own: OwnBroker
    ) async throws(ContentsFailure) {
        do throws(BrokerError) { try await own.broker.replace(with: contents) } catch {
            throw ContentsFailure("cannot write the topics of \(own.component): \(error.text)")
        }
    }
}
