internal import Transport

/// A piece of work that is waited for until it is done, its time is up or the run is interrupted,
/// whichever is first. What loses goes on by itself: whoever asks sees to it that it ends.
///
/// Sendable unchecked: all but posting to the loop is done on the loop.
final class StepRace<Value: Sendable>: @unchecked Sendable {
    enum End: Sendable {
        case done(Value)
        case timedOut
        case interrupted
    }

    private let loop: EventLoop
    private var suspension: Suspension<End>?
    private var timer: UInt64?
    private var token: Int?

    private init(on loop: EventLoop) { self.loop = loop }

    /// - Parameters:
    ///   - deadline: nil for none.
    ///   - interruption: nil for work that is always to be done.
    static func run(
        on loop: EventLoop, until deadline: MonotonicTime?, heeding interruption: Interruption?,
        _ work: @escaping () async -> Value
    ) async -> End {
        let race = StepRace(on: loop)
        return await Suspension.suspend { suspension in
            race.suspension = suspension
            if let deadline {
                race.timer = loop.reactor.setTimer(at: deadline) { race.end(.timedOut) }
            }
            loop.spawn { race.end(.done(await work())) }
            race.token = interruption?.whenTriggered {
                loop.reactor.post { race.end(.interrupted) }
            }
            race.interruption = interruption
        }
    }

    private var interruption: Interruption?

    private func end(_ end: End) {
        guard let waiting = suspension else { return }
        suspension = nil
        if let timer, !end.isTimeout { loop.reactor.cancelTimer(timer) }
        if let token { interruption?.forget(token) }
        waiting.resume(returning: end)
    }
}

extension StepRace.End {
    /// A timer that has fired is not to be cancelled.
    fileprivate var isTimeout: Bool { if case .timedOut = self { true } else { false } }
}
