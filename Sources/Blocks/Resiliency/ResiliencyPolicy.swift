internal import Backends
internal import Bytes
package import Transport

/// Why an operation under a policy has no outcome of its own.
package enum PolicyError: Error, Equatable, Sendable {
    case timedOut
    case breakerOpen
    /// The breaker is half open and has let through what it may.
    case tooManyRequests

    /// Dapr's words.
    package var text: String {
        switch self {
        case .timedOut: "context deadline exceeded"
        case .breakerOpen: "circuit breaker is open"
        case .tooManyRequests: "too many requests"
        }
    }
}

/// What an outcome means to a policy.
package enum PolicyVerdict: Equatable, Sendable {
    case success
    /// Tried again if the policy's `matching` does not say otherwise.
    ///
    /// - `code`: an HTTP status, or a gRPC code below 17; nil where there is none.
    case failure(code: Int? = nil, String)
    /// Counted by a breaker, and never tried again.
    case permanent(String)
}

/// Who waits for what an operation comes to.
package protocol PolicyCaller: AnyObject {
    /// Whether nobody waits any more: then nothing is tried again.
    var isCallerGone: Bool { get }
}

/// What surrounds one operation: retry round breaker round timeout round the call itself.
///
/// Confined to the sandbox's loop; its times are the sandbox's.
package struct ResiliencyPolicy {
    /// The operation as log lines name it: `endpoint[app, app:method]`.
    package let operation: String
    package let timeout: Duration?
    package let retry: RetryPolicy?
    package let breaker: CircuitBreaker?
    let sandbox: Sandbox
    let log: (any SidecarLog)?

    /// Whether an operation may be called more than once, so that a request's body has to be kept.
    package var mayRepeat: Bool { retry.map { $0.maxRetries != 0 } ?? false }

    /// When an attempt that begins now shall let go of its connection: a moment after nobody waits
    /// for it any more. nil where the sandbox's time is not the system's.
    package var deadline: MonotonicTime? {
        guard let timeout, sandbox.clock.mode == .real else { return nil }
        return Reactor.monotonicNow() + (timeout + .milliseconds(20)).nanoseconds
    }

    /// Calls `operation` until the policy is content or gives up.
    ///
    /// - Parameters:
    ///   - caller: nil for what is done for no caller, such as a delivery.
    ///   - mayRetry: false for what cannot be sent twice.
    ///   - cancelsLate: whether an attempt that takes too long is cancelled. In any case it is not
    ///     waited for, and may still complete beside its successor.
    ///   - discard: takes what an attempt that nobody waits for any more came to.
    ///   - judge: says what an outcome means.
    /// - Returns: the last outcome, be it a success or a failure.
    /// - Throws: when the last attempt came to none: it took too long or was not let through.
    package func run<Value>(
        for caller: (any PolicyCaller)? = nil, mayRetry: Bool = true, cancelsLate: Bool = false,
        _ operation: @escaping () async -> Value,
        discard: @escaping (Value) async -> Void = { _ in },
        judge: (Value) -> PolicyVerdict
    ) async throws(PolicyError) -> Value {
        let attempts = Attempts(
            operation: operation, discard: discard, cancelsLate: cancelsLate)
        var backoff = retry.map { Backoff($0, at: sandbox.clock.now) }
        var count = 0
        while true {
            count += 1
            let outcome = try await guarded(attempts, judge)
            guard let failure = outcome.failure else {
                if count > 1 { recovered(after: count) }
                return try outcome.result.get()
            }
            guard mayRetry, failure.isRetried, retry?.retries(code: failure.code) == true,
                !isAbandoned(by: caller),
                let pause = backoff?.next(at: sandbox.clock.now, sandbox.random)
            else { return try outcome.result.get() }
            if count == 1 { warn(failure.text, pause) }
            await sandbox.sleep(for: pause)
            if isAbandoned(by: caller) { return try outcome.result.get() }
        }
    }

    private func isAbandoned(by caller: (any PolicyCaller)?) -> Bool {
        Task.isCancelled || caller?.isCallerGone == true
    }

    /// What is done, and how, at each attempt.
    private struct Attempts<Value> {
        let operation: () async -> Value
        let discard: (Value) async -> Void
        let cancelsLate: Bool
    }

    private struct Outcome<Value> {
        let result: Result<Value, PolicyError>
        /// nil for a success.
        let failure: Failure?
    }

    private struct Failure {
        var code: Int?
        let text: String
        var isRetried = true
    }

    /// One attempt, if the breaker lets it through; a refusal ends the operation.
    private func guarded<Value>(
        _ attempts: Attempts<Value>, _ judge: (Value) -> PolicyVerdict
    ) async throws(PolicyError) -> Outcome<Value> {
        let generation = try breaker?.begin()
        let outcome = await attempt(attempts, judge)
        if let generation { breaker?.end(generation, isSuccess: outcome.failure == nil) }
        return outcome
    }

    private func attempt<Value>(
        _ attempts: Attempts<Value>, _ judge: (Value) -> PolicyVerdict
    ) async -> Outcome<Value> {
        guard let value = await timed(attempts) else {
            return Outcome(
                result: .failure(.timedOut), failure: Failure(text: PolicyError.timedOut.text))
        }
        let failure: Failure? =
            switch judge(value) {
            case .success: nil
            case .failure(let code, let text): Failure(code: code, text: text)
            case .permanent(let text): Failure(text: text, isRetried: false)
            }
        return Outcome(result: .success(value), failure: failure)
    }

    // MARK: Timeout

    /// The operation's outcome; nil when it takes longer than it may.
    private func timed<Value>(_ attempts: Attempts<Value>) async -> Value? {
        guard let timeout else { return await attempts.operation() }
        let race = Race<Value>()
        let task = sandbox.loop.spawn {
            let value = await attempts.operation()
            if !race.finish(value) { await attempts.discard(value) }
        }
        let timer = sandbox.setTimer(after: timeout) { race.end() }
        await withTaskCancellationHandler {
            await Suspension.suspend { race.wait($0) }
        } onCancel: {
            task.cancel()
        }
        guard let value = race.take() else {
            if attempts.cancelsLate { task.cancel() }
            return nil
        }
        sandbox.cancel(timer)
        return value
    }

    // MARK: Log lines

    private func warn(_ failure: String, _ pause: Duration) {
        log?.write(
            .warn,
            "Error processing operation \(operation). Retrying in \(GoDuration.text(pause))…")
        log?.write(.debug, "Error for operation \(operation) was: \(failure)")
    }

    private func recovered(after attempts: Int) {
        log?.write(
            .info, "Recovered processing operation \(operation) after \(attempts) attempts")
    }
}

/// An operation and its timer: who comes first wins.
private final class Race<Value> {
    private var value: Value?
    private var isOver = false
    private var suspension: Suspension<Void>?

    func wait(_ suspension: Suspension<Void>) {
        if isOver { suspension.resume() } else { self.suspension = suspension }
    }

    /// - Returns: whether it came first.
    func finish(_ value: Value) -> Bool {
        guard !isOver else { return false }
        self.value = value
        end()
        return true
    }

    /// The value, if it came first. A timer that was taken back holds the race until its time, so
    /// the value is not left in it.
    func take() -> Value? {
        defer { value = nil }
        return value
    }

    func end() {
        isOver = true
        let waiting = suspension
        suspension = nil
        waiting?.resume()
    }
}
