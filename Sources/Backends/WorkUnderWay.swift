package import Transport

/// What a sandbox has asked of databases, servers and applications and has not heard the end of.
///
/// A clock that is moved lets it end before it moves on, so that what an alarm set going happens at
/// the alarm's time. Confined to the sandbox's loop.
package final class WorkUnderWay {
    /// One piece of work; hand it to `end`.
    package struct Token {
        fileprivate let round: Int
    }

    /// Rises when what is under way is given up: it is not waited for any more.
    private var round = 0
    private(set) var count = 0
    private let waiters: Waiters

    package init(on reactor: Reactor) { waiters = Waiters(on: reactor) }

    package func begin() -> Token {
        count += 1
        return Token(round: round)
    }

    package func end(_ token: Token) {
        guard token.round == round else { return }
        count -= 1
        if count == 0 { waiters.wake() }
    }

    /// Runs `body` as one piece of work.
    package func during<R, E: Error>(_ body: () async throws(E) -> R) async throws(E) -> R {
        let token = begin()
        defer { end(token) }
        return try await body()
    }

    /// Runs `body`, which waits for the clock, as if the piece of work that it is part of were not
    /// under way: a clock that is moved would wait for what waits for it.
    package func pausing(_ body: () async -> Void) async {
        guard count > 0 else { return await body() }
        let paused = round
        count -= 1
        if count == 0 { waiters.wake() }
        await body()
        if round == paused { count += 1 }
    }

    /// Suspends until nothing is under way.
    ///
    /// - Returns: false at `deadline`.
    func hasEnded(by deadline: MonotonicTime) async -> Bool {
        while count > 0 {
            guard await waiters.wait(until: deadline, unless: { count == 0 }) else { return false }
        }
        return true
    }

    /// Counts what is under way no more: an application that hangs must not hold the clock.
    func giveUp() {
        round += 1
        count = 0
    }
}
