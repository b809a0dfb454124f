package import Backends
package import CEL

/// What a circuit breaker is made from.
package struct BreakerSettings: Sendable {
    /// The policy's name.
    package var name: String
    /// Requests let through while half open, and successes in a row that close it.
    package var maxRequests = 1
    /// After which a closed breaker forgets what it has counted; zero: never.
    package var interval = Duration.zero
    /// After which an open one lets a request through.
    package var timeout = Duration.seconds(60)
    /// What opens it, asked after each failure; nil: more than five failures in a row.
    package var trip: CELProgram?

    package init(name: String) { self.name = name }
}

/// Keeps an operation that fails from being called: closed, open, half open. Counts attempts.
///
/// Confined to the sandbox's loop; its times are the sandbox clock's.
package final class CircuitBreaker {
    package enum State: String, Sendable {
        case closed
        case open
        case halfOpen = "half-open"
    }

    /// What has been counted since the state last changed.
    private struct Counts {
        var requests: Int64 = 0
        var totalSuccesses: Int64 = 0
        var totalFailures: Int64 = 0
        var consecutiveSuccesses: Int64 = 0
        var consecutiveFailures: Int64 = 0
    }

    private let settings: BreakerSettings
    private let clock: SandboxClock
    private let stateChanged: (State, State) -> Void
    private var state = State.closed
    private var counts = Counts()
    /// Rises with each new count, so that a late result of an older one is not counted.
    private var generation = 0
    private var expiry: Timestamp?

    /// - Parameter stateChanged: told the state before and the state after.
    package init(
        _ settings: BreakerSettings, clock: SandboxClock,
        stateChanged: @escaping (State, State) -> Void = { _, _ in }
    ) {
        self.settings = settings
        self.clock = clock
        self.stateChanged = stateChanged
        beginGeneration()
    }

    /// Asks leave for one attempt.
    ///
    /// - Returns: the generation, which `end` wants.
    package func begin() throws(PolicyError) -> Int {
        bringUpToDate()
        switch state {
        case .open: throw .breakerOpen
        case .halfOpen where counts.requests >= maxRequests: throw .tooManyRequests
        default: break
        }
        counts.requests += 1
        return generation
    }

    /// Says how an attempt has ended.
    package func end(_ generation: Int, isSuccess: Bool) {
        bringUpToDate()
        guard generation == self.generation else { return }
        isSuccess ? succeeded() : failed()
    }

    private var maxRequests: Int64 { Int64(max(1, settings.maxRequests)) }

    private func succeeded() {
        counts.totalSuccesses += 1
        counts.consecutiveSuccesses += 1
        counts.consecutiveFailures = 0
        if state == .halfOpen, counts.consecutiveSuccesses >= maxRequests { change(to: .closed) }
    }

    private func failed() {
        guard state == .closed else { return change(to: .open) }
        counts.totalFailures += 1
        counts.consecutiveFailures += 1
        counts.consecutiveSuccesses = 0
        if trips { change(to: .open) }
    }

    /// An expression that has no boolean value does not trip.
    private var trips: Bool {
        guard let trip = settings.trip else { return counts.consecutiveFailures > 5 }
        let isTrue = try? trip.isTrue([
            "requests": .int(counts.requests), "totalSuccesses": .int(counts.totalSuccesses),
            "totalFailures": .int(counts.totalFailures),
            "consecutiveSuccesses": .int(counts.consecutiveSuccesses),
            "consecutiveFailures": .int(counts.consecutiveFailures),
        ])
        return isTrue ?? false
    }

    // MARK: States

    /// Time is looked at when somebody asks, as in gobreaker: an open breaker stays so until then.
    private func bringUpToDate() {
        guard let expiry, expiry < clock.now else { return }
        switch state {
        case .closed: beginGeneration()
        case .open: change(to: .halfOpen)
        case .halfOpen: break
        }
    }

    private func change(to next: State) {
        let previous = state
        state = next
        beginGeneration()
        stateChanged(previous, next)
    }

    private func beginGeneration() {
        generation += 1
        counts = Counts()
        switch state {
        case .closed: expiry = settings.interval > .zero ? later(settings.interval) : nil
        case .open:
            expiry = later(settings.timeout > .zero ? settings.timeout : .seconds(60))
        case .halfOpen: expiry = nil
        }
    }

    private func later(_ duration: Duration) -> Timestamp { clock.now.adding(duration) }
}
