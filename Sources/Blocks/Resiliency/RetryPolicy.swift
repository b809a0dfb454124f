internal import Backends

/// How often and when a failed operation is tried again.
package struct RetryPolicy: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        /// After the same time each.
        case constant
        /// After a time that grows by half, each give or take a half at random.
        case exponential
    }

    package var kind = Kind.constant
    /// Between attempts of a constant policy.
    package var duration = Duration.seconds(5)
    /// Before the first retry of an exponential one.
    package var initialInterval = Duration.milliseconds(500)
    /// What an exponential one grows to.
    package var maxInterval = Duration.seconds(60)
    /// Below zero: no bound.
    package var maxRetries = -1
    /// After which an exponential one gives up.
    package var maxElapsed = Duration.seconds(15 * 60)
    /// Which answers are failures worth a retry; nil: all of them.
    package var httpCodes: StatusCodes?
    package var grpcCodes: StatusCodes?

    package init() {}

    package static func constant(_ duration: Duration, maxRetries: Int) -> RetryPolicy {
        var policy = RetryPolicy()
        policy.duration = duration
        policy.maxRetries = maxRetries
        return policy
    }

    /// Whether a failure with this code is tried again; one without a code always is.
    func retries(code: Int?) -> Bool {
        switch code {
        case .some(0...16): grpcCodes?.contains(code ?? 0) ?? true
        case .some(100...599): httpCodes?.contains(code ?? 0) ?? true
        default: true
        }
    }
}

/// The pauses of one operation.
struct Backoff {
    private let policy: RetryPolicy
    private let start: Timestamp
    private var count = 0
    private var interval: Duration

    init(_ policy: RetryPolicy, at now: Timestamp) {
        self.policy = policy
        start = now
        interval = policy.initialInterval
    }

    /// How long to wait before the next attempt; nil when there shall be none.
    mutating func next(at now: Timestamp, _ random: RandomSource) -> Duration? {
        guard policy.maxRetries < 0 || count < policy.maxRetries else { return nil }
        count += 1
        guard policy.kind == .exponential else { return policy.duration }
        var random = random
        let pause = interval * Double.random(in: 0.5...1.5, using: &random)
        interval = min(interval * 1.5, policy.maxInterval)
        let elapsed = Duration.nanoseconds(now.nanoseconds(since: start))
        return elapsed + pause > policy.maxElapsed ? nil : pause
    }
}
