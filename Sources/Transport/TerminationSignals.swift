internal import CLinux
internal import Glibc

/// SIGINT and SIGTERM as something a loop can wait for.
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
    /// Raises the soft limit to the hard one, for thousands of connections.
    ///
    /// - Returns: the soft limit as it was; children get it back.
    @discardableResult
    package static func raise() -> UInt64 {
        var limit = rlimit()
        // Safe: one rlimit, a local.
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return 1024
        }
        let before = limit.rlim_cur
        limit.rlim_cur = min(limit.rlim_max, 1 << 20)
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return UInt64(before)
    }
}
