internal import CLinux
internal import Glibc

/// Tells when files in folders come, go or change. Confined to one loop.
package final class FolderWatch {
    private let fd: Int32
    private let folders: [String]
    private let reactor: Reactor
    private var token: UInt64?
    private var isClosed = false

    /// - Parameter folders: not looked into deeper; one that is missing is watched once it is there.
    package init(_ folders: [String], on reactor: Reactor) throws(SystemError) {
        fd = clinux_watch_create()
        guard fd >= 0 else { throw SystemError("inotify_init") }
        self.folders = folders
        self.reactor = reactor
        do throws(SystemError) { token = try reactor.register(fd) } catch {
            Glibc.close(fd)
            throw error
        }
        add()
    }

    /// A folder that was replaced by another of its name is watched anew.
    private func add() { for folder in folders { _ = unsafe clinux_watch_add(fd, folder) } }

    /// Suspends until something has changed, or `patience` is over: what may have been missed is
    /// looked at all the same.
    ///
    /// - Returns: false once the watch is closed.
    package func next(patience: Duration) async -> Bool {
        var isPatient = true
        // A timer, not a deadline: the loop looks at those again and again.
        let timer = reactor.setTimer(at: Reactor.monotonicNow() + patience.nanoseconds) {
            isPatient = false
            if let token = self.token { self.reactor.interrupt(token, .read) }
        }
        while isPatient, let token, !hasChanged() {
            _ = await reactor.wait(token, .read, deadline: nil)
        }
        // One that has gone off already would stay marked as cancelled for ever.
        if isPatient { reactor.cancelTimer(timer) }
        if !isClosed { add() }
        return !isClosed
    }

    /// Whether something has changed since this was asked last.
    package func hasChanged() -> Bool { !isClosed && clinux_watch_drain(fd) != 0 }

    /// Ends the watch and a `next` that waits.
    package func close() {
        guard let token else { return }
        isClosed = true
        self.token = nil
        reactor.deregister(token, fd: fd)
        Glibc.close(fd)
    }
}
