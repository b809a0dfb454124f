package import Transport

/// How a sandbox's time goes.
package enum ClockMode: Equatable, Sendable {
    /// As the system's does.
    case real
    /// Not at all, until it is moved.
    case manual
    /// This many times as fast as the system's.
    case accelerated(Double)
}

/// What "now" is in a sandbox, and when it is later: TTLs, the waits of policies and the journal's
/// times ask it, never the system.
///
/// Two times stand on it. `now` is the time of day, which can be set. `elapsed` only ever grows, as
/// the time goes or is moved; alarms lie on it, so that setting the time of day neither sets them off
/// nor holds them up. Confined to the sandbox's loop; a back end with a thread of its own is handed
/// the time.
package final class SandboxClock {
    package private(set) var mode: ClockMode
    /// What has to end before a clock that is moved moves on.
    package let work: WorkUnderWay

    private let reactor: Reactor
    /// What `now`, `elapsed` and the loop's time were when the mode last changed or the clock was
    /// moved.
    private var start: (now: Timestamp, elapsed: UInt64, loop: MonotonicTime)
    private var alarms = TimerHeap()
    /// The loop's timer for the first alarm, and what `elapsed` is then.
    private var timer: (id: UInt64, due: UInt64)?
    private var isAdvancing = false
    private var hasEnded = false
    private let advances: Waiters

    /// - Parameter time: the time of day to begin with; the system's when it is nil.
    package init(_ mode: ClockMode = .real, at time: Timestamp? = nil, on reactor: Reactor) {
        self.mode = mode
        self.reactor = reactor
        start = (time ?? RealClock().now, 0, Reactor.monotonicNow())
        advances = Waiters(on: reactor)
        work = WorkUnderWay(on: reactor)
    }

    // MARK: What time it is

    package var now: Timestamp {
        switch mode {
        // The system's own, which a machine that slept or was set knows best.
        case .real: RealClock().now
        case .manual: start.now
        case .accelerated: start.now.adding(nanoseconds: sinceStart)
        }
    }

    private var elapsed: UInt64 { start.elapsed &+ sinceStart }

    /// Nanoseconds of the sandbox's time since `start`.
    private var sinceStart: UInt64 {
        let passed = Reactor.monotonicNow() - start.loop
        switch mode {
        case .real: return passed
        case .manual: return 0
        case .accelerated(let rate): return UInt64(min(Double(passed) * rate, 9e18))
        }
    }

    /// Lets time go in another way, from `time` on or from now. Alarms keep what was left of their
    /// time; what was to be at a time of day, such as an expiry, keeps that.
    package func set(_ mode: ClockMode, at time: Timestamp? = nil) {
        let elapsed = elapsed
        start = (time ?? now, elapsed, Reactor.monotonicNow())
        self.mode = mode
        fireDue()
    }

    // MARK: Moving it

    /// Moves the clock forward. Alarms on the way go off in their order, each at its time, and what
    /// they set going is not waited for.
    package func move(by duration: Duration) {
        let end = elapsed &+ duration.nanoseconds
        while let alarm = alarms.popDue(at: end) {
            jump(to: alarm.time)
            alarm.fire()
        }
        jump(to: end)
        arm()
    }

    /// Moves the clock forward as if the time passed: after each alarm on the way, what it set going
    /// runs until it waits for the clock again, or has ended.
    ///
    /// - Parameter patience: how long, in the system's time, an answer from outside is waited for
    ///   before the clock goes on without it.
    /// - Returns: false when it goes as the system's does, or has come to do so on the way.
    @discardableResult
    package func advance(by duration: Duration, patience: Duration = .seconds(1)) async -> Bool {
        while isAdvancing { _ = await advances.wait(until: .max) { !isAdvancing } }
        guard mode != .real else { return false }
        isAdvancing = true
        let end = elapsed &+ duration.nanoseconds
        // What was asked for before belongs to the time before.
        await settle(patience)
        while mode != .real, let alarm = alarms.popDue(at: end) {
            jump(to: alarm.time)
            alarm.fire()
            await settle(patience)
        }
        let isMoved = mode != .real
        if isMoved { jump(to: end) }
        isAdvancing = false
        arm()
        advances.wake()
        return isMoved
    }

    /// Lets nobody wait any more: the sandbox is going. What waits goes on, and so does at once what
    /// waits from here on.
    package func end() {
        hasEnded = true
        disarm()
        arm()
    }

    /// Moves on to `time` of `elapsed`; never back.
    private func jump(to time: UInt64) {
        let elapsed = elapsed
        guard time > elapsed else { return }
        start = (now.adding(nanoseconds: time - elapsed), time, Reactor.monotonicNow())
    }

    /// Waits until nothing is ready to run and nothing is under way.
    private func settle(_ patience: Duration) async {
        let deadline = Reactor.monotonicNow() + patience.nanoseconds
        await reactor.rest()
        while work.count > 0 {
            guard await work.hasEnded(by: deadline) else { return work.giveUp() }
            await reactor.rest()
        }
    }

    // MARK: Alarms

    /// Has `body` called after `duration` of the sandbox's time, on its loop.
    package func setAlarm(after duration: Duration, _ body: @escaping () -> Void) -> ClockAlarm {
        let (time, isTooLate) = elapsed.addingReportingOverflow(duration.nanoseconds)
        let alarm = ClockAlarm(id: alarms.set(at: isTooLate ? .max : time, fire: body))
        arm()
        return alarm
    }

    /// Takes an alarm back.
    package func cancel(_ alarm: ClockAlarm) { alarms.cancel(alarm.id) }

    /// How many alarms are set: who waits for the clock.
    package var alarmCount: Int { alarms.count }

    /// Has the loop wake for the first alarm of a clock that goes by itself.
    private func arm() {
        guard !hasEnded else { return fireAllSoon() }
        guard mode != .manual, !isAdvancing, let next = alarms.next else { return disarm() }
        if let timer, timer.due <= next { return }
        disarm()
        let wait = inLoopTime(next - min(next, elapsed))
        let time = Reactor.monotonicNow().addingReportingOverflow(wait)
        let id = reactor.setTimer(at: time.overflow ? .max : time.partialValue) { [weak self] in
            self?.timer = nil
            self?.fireDue()
        }
        timer = (id, next)
    }

    /// In a moment: what is set anew as soon as it has fired must not keep the loop.
    private func fireAllSoon() {
        guard timer == nil, alarms.count > 0 else { return }
        let soon = Reactor.monotonicNow() + 10_000_000
        let id = reactor.setTimer(at: soon) { [self] in
            timer = nil
            var waiting: [TimerHeap.Entry] = []
            while let alarm = alarms.popDue(at: .max) { waiting.append(alarm) }
            for alarm in waiting { alarm.fire() }
            arm()
        }
        timer = (id, 0)
    }

    private func disarm() {
        if let timer { reactor.cancelTimer(timer.id) }
        timer = nil
    }

    /// How long `nanoseconds` of the sandbox's time last on the loop.
    private func inLoopTime(_ nanoseconds: UInt64) -> UInt64 {
        guard case .accelerated(let rate) = mode else { return nanoseconds }
        return UInt64(min(Double(nanoseconds) / rate + 1, 9e18))
    }

    private func fireDue() {
        // While it is being moved, alarms go off one after another there.
        if !isAdvancing { while let alarm = alarms.popDue(at: elapsed) { alarm.fire() } }
        // The time that the timer was set for may have another meaning now.
        disarm()
        arm()
    }
}

/// An alarm that is set on a clock.
package struct ClockAlarm: Equatable, Sendable {
    fileprivate let id: UInt64
}

extension Timestamp {
    /// The time so many nanoseconds later; saturates instead of overflowing.
    fileprivate func adding(nanoseconds count: UInt64) -> Timestamp {
        let (sum, isTooLate) = nanoseconds.addingReportingOverflow(
            Int64(min(count, UInt64(Int64.max))))
        return Timestamp(nanoseconds: isTooLate ? .max : sum)
    }

    /// The time `duration` later; saturates instead of overflowing.
    package func adding(_ duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        let whole = adding(seconds: seconds)
        let (sum, isTooLate) = whole.nanoseconds
            .addingReportingOverflow(attoseconds / 1_000_000_000)
        return isTooLate ? whole : Timestamp(nanoseconds: sum)
    }
}
