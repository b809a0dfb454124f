internal import Transport

/// The deliveries from one start of an application's subscriptions to their end: so that nothing of
/// before reaches what comes after. Confined to the sandbox's loop.
final class DeliveryEra: PolicyCaller {
    /// Nothing more goes to the application; what has gone there may still be answered.
    private(set) var isEnding = false
    /// What is answered from here on counts for nothing and is not noted either.
    private(set) var hasEnded = false
    /// Calls of the application under way.
    private(set) var calls = 0
    private let changes: Waiters

    init(on reactor: Reactor) { changes = Waiters(on: reactor) }

    /// An attempt that nobody waits for is not repeated.
    var isCallerGone: Bool { isEnding }

    /// Calls the application by `call`; nil when nothing may go there any more.
    func calling<Value>(_ call: () async -> Value) async -> Value? {
        guard !isEnding else { return nil }
        calls += 1
        defer {
            calls -= 1
            changes.wake()
        }
        return await call()
    }

    /// Lets nothing more begin.
    func end() { isEnding = true }

    /// Waits until no call is under way, at most for `patience`; ends the era.
    ///
    /// - Returns: how many calls were given up.
    func finish(within patience: Duration) async -> Int {
        end()
        let deadline = Reactor.monotonicNow() + patience.nanoseconds
        while calls > 0, Reactor.monotonicNow() < deadline {
            _ = await changes.wait(until: deadline) { calls == 0 }
        }
        hasEnded = true
        return calls
    }
}
