internal import Glibc

/// A child process with its output thrown away: a private redis-server, say. Stopped by its id.
package final class ChildProcess {
    private let id: pid_t
    private var isRunning = true

    /// Starts `path` with `arguments`, argv[0] included.
    package init(_ path: String, _ arguments: [String]) throws(SystemError) {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for fd in [Int32(0), 1, 2] {
            unsafe posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0)
        }
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // Signals that this program blocks must reach the child; a group of its own keeps Ctrl-C off
        // it, so that it is still there while we stop in order.
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        let flags = Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP)
        unsafe posix_spawnattr_setflags(&attributes, flags)
        var words: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { unsafe strdup($0) }
        unsafe words.append(nil)
        defer {
            for index in unsafe words.indices { unsafe free(words[index]) }
        }
        var id: pid_t = 0
        // Safe: all that is handed over outlives the call.
        let code = unsafe posix_spawn(&id, path, &actions, &attributes, words, environ)
        guard code == 0 else { throw SystemError("posix_spawn", code: code) }
        self.id = id
    }

    deinit { stop() }

    /// Ends the process and waits until it is gone.
    package func stop() {
        guard isRunning else { return }
        isRunning = false
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
