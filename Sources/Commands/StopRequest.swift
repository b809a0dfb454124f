internal import Transport

/// Somebody's wish that the process end: a signal, a request, an application that ended. The first one
/// counts. Confined to its loop.
final class StopRequest {
    private var status: Int32?
    private var waiting: Suspension<Int32>?

    /// Whether it was asked for.
    var isAsked: Bool { status != nil }

    /// - Parameter status: what the process is to exit with.
    func ask(_ status: Int32) {
        guard self.status == nil else { return }
        self.status = status
        waiting?.resume(returning: status)
        waiting = nil
    }

    /// As `POST /v1.0/shutdown` asks. Forced, the answer has a moment to leave, then the process is
    /// gone with 1.
    func ask(force: Bool, on loop: EventLoop) {
        guard force else { return ask(0) }
        guard !isAsked else { return }
        loop.reactor.after(.milliseconds(100)) { ProcessExit.now(1) }
    }

    /// Suspends until a stop is asked for: the status.
    func wait() async -> Int32 {
        await Suspension.suspend { suspension in
            if let status { return suspension.resume(returning: status) }
            waiting = suspension
        }
    }
}
