internal import Foundation
internal import Transport

/// A child process of a test, killed with its last reference.
///
/// By posix_spawn: Foundation's Process looks through the open descriptors before it starts a child,
/// reads past the end of a directory entry and so crashes, now and then, beside a test that holds
/// thousands of connections.
package final class Child: @unchecked Sendable {
    package let id: Int32
    /// What `waitpid` told, once it has.
    private let ended = Guarded<Int32?>(nil)

    /// - Parameters:
    ///   - command: the program's path and its arguments.
    ///   - environment: nil for the tests' own.
    ///   - folder: where it works; nil for the tests' own.
    ///   - input: the file it reads, likewise those it writes.
    package init(
        _ command: [String], environment: [String: String]? = nil, folder: String? = nil,
        input: String = "/dev/null", output: String = "/dev/null", errors: String = "/dev/null"
    ) throws {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        let write = O_WRONLY | O_CREAT
        unsafe posix_spawn_file_actions_addopen(&actions, 1, output, write, 0o644)
        unsafe posix_spawn_file_actions_addopen(&actions, 2, errors, write, 0o644)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // Nothing blocked, nothing ignored, whatever the test runner does.
        var (none, all) = (sigset_t(), sigset_t())
        unsafe sigemptyset(&none)
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        let variables = (environment ?? ProcessInfo.processInfo.environment).map { "\($0)=\($1)" }
        // A shell that becomes the program, since Swift's Glibc has no way to name a folder.
        let command =
            (folder.map { ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", $0] } ?? []) + command
        var words: [UnsafeMutablePointer<CChar>?] = unsafe command.map { unsafe strdup($0) } + [nil]
        var pairs: [UnsafeMutablePointer<CChar>?] =
            unsafe variables.map { unsafe strdup($0) } + [nil]
        defer {
            for index in unsafe words.indices { unsafe free(words[index]) }
            for index in unsafe pairs.indices { unsafe free(pairs[index]) }
        }
        var id: pid_t = 0
        // Safe: all that is handed over outlives the call.
        let code = unsafe posix_spawn(&id, command[0], &actions, &attributes, &words, &pairs)
        guard code == 0 else { throw SystemError("posix_spawn", code: code) }
        self.id = id
    }

    deinit { stop() }

    package var isRunning: Bool { !hasEnded(options: WNOHANG) }

    package func signal(_ number: Int32) {
        // Under the lock: an id that was waited for may be somebody else's.
        ended.withLock { if $0 == nil { _ = kill(id, number) } }
    }

    /// Kills it and waits until it is gone.
    package func stop() {
        signal(SIGKILL)
        _ = hasEnded(options: 0)
    }

    /// How it ended: its status, 128 + n for one that signal n ended; nil while it runs.
    package var status: Int32? {
        guard hasEnded(options: WNOHANG), let told = ended.withLock({ $0 }) else { return nil }
        let signal = told & 0x7F
        return signal == 0 ? told >> 8 & 0xFF : 128 + signal
    }

    private func hasEnded(options: Int32) -> Bool {
        ended.withLock { told in
            guard told == nil else { return true }
            var status: Int32 = 0
            // Safe: one int, a local.
            guard unsafe waitpid(id, &status, options) == id else { return false }
            told = status
            return true
        }
    }
}
