internal import CLinux
internal import Glibc

/// A child process with its output thrown away: a private redis-server, say. Stopped by its id.
package final class ChildProcess {
    private let id: pid_t
    private var isRunning = true

    /// Starts `path` with `arguments`, argv[0] included. A process group of its own keeps Ctrl-C off
    /// it, so that it is still there while we stop in order.
    ///
    /// - Parameter descriptors: its soft limit; nil for the one that this program was started with.
    package init(
        _ path: String, _ arguments: [String], descriptors: UInt64? = nil
    ) throws(SystemError) {
        var program = ProgramDescription(path, arguments)
        program.descriptors = descriptors
        // Thrown before `id` is set, so that there is no `deinit`: kill(-1) would be everybody's end.
        id = try program.start(streams: (-1, -1, -1))
    }

    deinit { stop() }

    /// Ends the process and waits until it is gone.
    package func stop() {
        guard isRunning else { return }
        isRunning = false
        precondition(id > 0, "not a process's id")
        kill(id, SIGTERM)
        var status: Int32 = 0
        // A server without data to save ends at once; one that does not is killed after a second.
        for _ in 0..<100 {
            if unsafe waitpid(id, &status, WNOHANG) != 0 { return }
            usleep(10_000)
        }
        kill(id, SIGKILL)
        _ = unsafe waitpid(id, &status, 0)
    }
}
