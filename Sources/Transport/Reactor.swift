internal import CLinux
internal import Glibc
internal import Synchronization

/// The executor behind an `EventLoop`: one thread that runs jobs and waits in epoll.
///
/// A task's preferred executor as well as an actor's: a continuation is resumed on the generic
/// executor before it hops back to its actor, and with the preference that is this thread too,
/// instead of a way round by the global pool (8 of 17 µs per request).
///
/// Every method but `enqueue`, `post` and `stop` belongs to that thread and checks it in debug
/// builds. Descriptors are registered once, edge-triggered; a token carries a generation beside the
/// slot, so that an event of a closed descriptor never wakes its successor.
@safe package final class Reactor: SerialExecutor, TaskExecutor, @unchecked Sendable {
    /// What a wait for a descriptor ended with.
    enum Wake { case ready, timedOut, interrupted }

    private enum Work {
        case job(UnownedJob)
        case closure(@Sendable () -> Void)
    }

    private struct Inbox {
        var work: [Work] = []
        var isSignalled = false
        var isStopped = false
    }

    private let epoll: Int32
    private let wakeup: Int32
    private let inbox = Guarded(Inbox())
    private let inboxHasWork = Atomic(false)
    private let thread = Atomic<UInt>(0)

    // From here on: the loop thread's alone.
    private var jobs: [UnownedJob] = []
    private var slots: [Slot] = []
    private var freeSlots: [Int] = []
    private var timers = TimerHeap()
    /// Who waits until no job is ready.
    private var restWaiters: [Suspension<Void>] = []
    private var nextSweep: MonotonicTime = 0
    private var waitersWithDeadline = 0
    private var isStopping = false
    /// How many waits for events were brief since the last one that was not.
    private var briefWaits = 0
    /// Where `recv` puts bytes before they are copied, exactly sized, to their stream: thousands of
    /// idle connections hold no buffer.
    let scratch: UnsafeMutableRawBufferPointer
    /// The monotonic time at which the loop last woke.
    package private(set) var now: MonotonicTime = 0

    package init() throws(SystemError) {
        epoll = clinux_epoll_create()
        guard epoll >= 0 else { throw SystemError("epoll_create1") }
        wakeup = clinux_eventfd()
        guard wakeup >= 0 else { throw SystemError("eventfd") }
        guard clinux_epoll_add_level(epoll, wakeup, Self.wakeupToken) == 0 else {
            throw SystemError("epoll_ctl")
        }
        unsafe scratch = .allocate(byteCount: TransportLimits.readChunk, alignment: 16)
    }

    deinit {
        close(epoll)
        close(wakeup)
        unsafe scratch.deallocate()
    }

    // MARK: From any thread

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isOnLoop { jobs.append(job) } else { deliver(.job(job)) }
    }

    /// Runs `body` on the loop thread, soon.
    package func post(_ body: @escaping @Sendable () -> Void) { deliver(.closure(body)) }

    /// Ends `run` after the jobs that are ready.
    package func stop() {
        inbox.withLock { $0.isStopped = true }
        post {}
    }

    package var isOnLoop: Bool { thread.load(ordering: .relaxed) == clinux_thread_id() }

    private func deliver(_ work: Work) {
        let mustSignal = inbox.withLock { inbox in
            inbox.work.append(work)
            defer { inbox.isSignalled = true }
            return !inbox.isSignalled
        }
        inboxHasWork.store(true, ordering: .releasing)
        if mustSignal { signal() }
    }

    private func signal() {
        var one: UInt64 = 1
        // Safe: eight bytes of a local, as eventfd asks for; a full counter still wakes the loop.
        _ = unsafe write(wakeup, &one, MemoryLayout<UInt64>.size)
    }

    // MARK: The loop

    /// Takes the calling thread until `stop`.
    package func run() {
        thread.store(clinux_thread_id(), ordering: .relaxed)
        refreshNow()
        var events = [clinux_event](repeating: clinux_event(), count: 256)
        var busyPasses = 0
        while !isStopping {
            takeInbox()
            runJobs()
            if !restWaiters.isEmpty { wakeRestWaiters() }
            fireTimers()
            let isIdle = jobs.isEmpty && !inboxHasWork.load(ordering: .acquiring)
            busyPasses = isIdle ? 0 : busyPasses + 1
            // Sockets and timers get their turn even when the work never ends.
            guard isIdle || busyPasses % Self.busyPassesAtMost == 0 else { continue }
            let count = isIdle ? waitForEvents(&events) : poll(&events, milliseconds: 0)
            refreshNow()
            for index in 0..<max(0, count) { dispatch(events[index]) }
        }
        thread.store(0, ordering: .relaxed)
    }

    private func poll(_ events: inout [clinux_event], milliseconds: Int32) -> Int {
        // Safe: the kernel writes at most as many events as there are.
        unsafe Int(clinux_epoll_wait(epoll, &events, Int32(events.count), milliseconds))
    }

    /// Waits for events.
    ///
    /// While waits are brief, one after the other, the kernel is asked again and again instead: to
    /// fall asleep and to be woken takes longer than a fast application's answer, the more so on a
    /// virtual machine (an invocation adds 60 µs in place of 145 to a direct call), and costs who
    /// wakes us as much as the asking costs us.
    private func waitForEvents(_ events: inout [clinux_event]) -> Int {
        let patience = waitMilliseconds
        guard patience != 0 else { return poll(&events, milliseconds: 0) }
        let brief = Self.monotonicNow() + TransportLimits.briefWait
        while briefWaits > 1, Self.monotonicNow() < brief {
            let count = poll(&events, milliseconds: 0)
            guard count == 0 else { return count }
            // Who is to answer may need this very processor.
            sched_yield()
        }
        let count = poll(&events, milliseconds: patience)
        // One that follows a long one says nothing yet: a slow application's caller is fast.
        briefWaits = Self.monotonicNow() < brief ? briefWaits + 1 : 0
        return count
    }

    /// Passes without a look at sockets and clock, while there is work.
    private static let busyPassesAtMost = 16

    private func runJobs() {
        // Jobs that jobs enqueue run in the same pass, first in, first out.
        var index = 0
        while index < jobs.count {
            let job = jobs[index]
            index += 1
            unsafe job.runSynchronously(
                isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
            if index == 1024 {
                // A pass that keeps feeding itself must not keep the sockets waiting.
                break
            }
        }
        jobs.removeFirst(index)
    }

    /// Suspends until the jobs that are ready have run, and those that they made ready.
    package func rest() async {
        await Suspension<Void>.suspend { restWaiters.append($0) }
    }

    private func wakeRestWaiters() {
        guard jobs.isEmpty, !inboxHasWork.load(ordering: .acquiring) else { return }
        let resting = restWaiters
        restWaiters = []
        for suspension in resting { suspension.resume() }
    }

    private func takeInbox() {
        guard inboxHasWork.exchange(false, ordering: .acquiringAndReleasing) else { return }
        let (work, stopped) = inbox.withLock { inbox in
            let taken = inbox.work
            inbox.work.removeAll(keepingCapacity: true)
            inbox.isSignalled = false
            return (taken, inbox.isStopped)
        }
        isStopping = stopped
        for item in work {
            switch item {
            case .job(let job): jobs.append(job)
            case .closure(let body): body()
            }
        }
    }

    private func dispatch(_ event: clinux_event) {
        guard event.token != Self.wakeupToken else {
            var count: UInt64 = 0
            // Safe: eight bytes into a local.
            _ = unsafe read(wakeup, &count, MemoryLayout<UInt64>.size)
            return
        }
        let index = Int(event.token & 0xFFFF_FFFF)
        guard index < slots.count, slots[index].generation == UInt32(event.token >> 32) else {
            return
        }
        if event.events & UInt32(CLINUX_ENDED) != 0 { slots[index].hasEnded = true }
        if event.events & UInt32(CLINUX_READABLE) != 0 { wake(index, .read, .ready) }
        if event.events & UInt32(CLINUX_WRITABLE) != 0 { wake(index, .write, .ready) }
    }

    private func refreshNow() { now = Self.monotonicNow() }

    /// The monotonic clock, read from the kernel.
    package static func monotonicNow() -> MonotonicTime {
        var time = timespec()
        // Safe: writes one timespec into a local.
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    // MARK: Descriptors

    enum Direction: Int { case read, write }

    /// One registered descriptor: who waits for it, and what happened while nobody did.
    private struct Slot {
        var generation: UInt32 = 0
        var reader: Waiter?
        var writer: Waiter?
        var isReadable = false
        var isWritable = false
        /// The peer sends no more: reads never have to wait again. Told once, at the edge, perhaps
        /// together with bytes that are still to be read.
        var hasEnded = false

        subscript(direction: Direction) -> Waiter? {
            get { direction == .read ? reader : writer }
            set {
                if direction == .read { reader = newValue } else { writer = newValue }
            }
        }

        mutating func takeReadiness(_ direction: Direction) -> Bool {
            switch direction {
            case .read:
                defer { isReadable = false }
                return isReadable || hasEnded
            case .write:
                defer { isWritable = false }
                return isWritable
            }
        }

        mutating func setReady(_ direction: Direction) {
            if direction == .read { isReadable = true } else { isWritable = true }
        }
    }

    private struct Waiter {
        let suspension: Suspension<Wake>
        let deadline: MonotonicTime?
    }

    /// Registers `fd` until `deregister`.
    func register(_ fd: Int32) throws(SystemError) -> UInt64 {
        assert(isOnLoop)
        let index = freeSlots.popLast() ?? slots.count
        if index == slots.count { slots.append(Slot()) }
        let token = UInt64(slots[index].generation) << 32 | UInt64(index)
        guard clinux_epoll_add_edge(epoll, fd, token) == 0 else {
            let error = SystemError("epoll_ctl")
            freeSlots.append(index)
            throw error
        }
        return token
    }

    /// Forgets the descriptor and wakes who waits for it; the caller closes it.
    func deregister(_ token: UInt64, fd: Int32) {
        assert(isOnLoop)
        let index = Int(token & 0xFFFF_FFFF)
        guard slots[index].generation == UInt32(token >> 32) else { return }
        _ = clinux_epoll_remove(epoll, fd)
        wake(index, .read, .interrupted)
        wake(index, .write, .interrupted)
        slots[index].isReadable = false
        slots[index].isWritable = false
        slots[index].hasEnded = false
        slots[index].generation &+= 1
        freeSlots.append(index)
    }

    /// Waits until the descriptor may be read or written, the deadline passes (seen within
    /// `TransportLimits.sweepInterval`) or `interrupt` is called.
    func wait(
        _ token: UInt64, _ direction: Direction, deadline: MonotonicTime?
    ) async -> Wake {
        assert(isOnLoop)
        let index = Int(token & 0xFFFF_FFFF)
        guard slots[index].generation == UInt32(token >> 32) else { return .interrupted }
        if slots[index].takeReadiness(direction) { return .ready }
        return await Suspension.suspend { suspension in
            // Looked at again: an event may have come between, if the suspension took a hop.
            guard slots[index].generation == UInt32(token >> 32) else {
                return suspension.resume(returning: .interrupted)
            }
            if slots[index].takeReadiness(direction) {
                return suspension.resume(returning: .ready)
            }
            slots[index][direction] = Waiter(suspension: suspension, deadline: deadline)
            guard deadline != nil else { return }
            waitersWithDeadline += 1
            if nextSweep == 0 { nextSweep = now + TransportLimits.sweepInterval }
        }
    }

    /// Ends a wait of `direction` that is under way; none: nothing happens.
    func interrupt(_ token: UInt64, _ direction: Direction) {
        let index = Int(token & 0xFFFF_FFFF)
        guard slots[index].generation == UInt32(token >> 32) else { return }
        if slots[index][direction] != nil { wake(index, direction, .interrupted) }
    }

    private func wake(_ index: Int, _ direction: Direction, _ result: Wake) {
        guard let waiter = slots[index][direction] else {
            if result == .ready { slots[index].setReady(direction) }
            return
        }
        slots[index][direction] = nil
        if waiter.deadline != nil { waitersWithDeadline -= 1 }
        waiter.suspension.resume(returning: result)
    }

    private func sweepDeadlines() {
        nextSweep = 0
        for index in slots.indices where waitersWithDeadline > 0 {
            for direction in [Direction.read, .write] {
                guard let waiter = slots[index][direction],
                    let deadline = waiter.deadline, deadline <= now
                else { continue }
                wake(index, direction, .timedOut)
            }
        }
        if waitersWithDeadline > 0 { nextSweep = now + TransportLimits.sweepInterval }
    }

    // MARK: Time

    /// Calls `fire` on the loop at `time`.
    package func setTimer(at time: MonotonicTime, fire: @escaping () -> Void) -> UInt64 {
        assert(isOnLoop)
        return timers.set(at: time, fire: fire)
    }

    package func cancelTimer(_ id: UInt64) { timers.cancel(id) }

    private func fireTimers() {
        if nextSweep != 0, now >= nextSweep { sweepDeadlines() }
        // One that is set meanwhile has its turn in the next pass, after the sockets.
        let newest = timers.newest
        while let timer = timers.popDue(at: now, setUntil: newest) { timer.fire() }
    }

    private var waitMilliseconds: Int32 {
        let sweep = nextSweep == 0 ? MonotonicTime.max : nextSweep
        let next = min(timers.next ?? .max, sweep)
        guard next != .max else { return -1 }
        guard next > now else { return 0 }
        // Rounded up: waking before a timer is due would spin.
        return Int32(min((next - now + 999_999) / 1_000_000, 60_000))
    }

    private static let wakeupToken = UInt64.max
}
