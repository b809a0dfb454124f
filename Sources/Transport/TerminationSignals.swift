internal import CLinux
internal import Glibc
internal import Synchronization

/// SIGINT, SIGTERM and SIGHUP (a terminal that was closed) as something a loop can wait for.
///
/// To be made by the main thread before any other thread starts: the signals are blocked in all of
/// them, so that no default action ends the process.
package struct TerminationSignals: Sendable {
    private let fd: Int32

    package init() throws(SystemError) {
        fd = clinux_termination_signals()
        guard fd >= 0 else { throw SystemError("signalfd") }
    }

    /// Waits for the next signal: its number.
    package func next(on reactor: Reactor) async throws(SystemError) -> Int32 {
        let token = try reactor.register(fd)
        defer { reactor.deregister(token, fd: fd) }
        while true {
            let signal = clinux_next_signal(fd)
            if signal != 0 { return signal }
            _ = await reactor.wait(token, .read, deadline: nil)
        }
    }
}

/// The bound on open descriptors.
package enum DescriptorLimit {
    /// The soft limit before `raise`, 0 when it was not raised: children get it back, since a program
    /// that uses select is lost with more than 1024.
    private static let original = Atomic<UInt64>(0)

    static var ofChildren: UInt64 { original.load(ordering: .relaxed) }

    /// Raises the soft limit to the hard one, for thousands of connections.
    package static func raise() {
        var limit = rlimit()
        // Safe: one rlimit, a local.
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return
        }
        let before = limit.rlim_cur
        let wanted = min(limit.rlim_max, 1 << 20)
        guard wanted > before else { return }
        limit.rlim_cur = wanted
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        original.store(UInt64(before), ordering: .relaxed)
    }
}
