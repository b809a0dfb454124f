internal import Bytes
internal import Glibc

/// The exit statuses of the program; stable.
enum ExitStatus: Int32 {
    case usage = 1
    /// A file cannot be read or parsed.
    case file = 2
    /// The runtime or the infrastructure: a port, a database, a Redis.
    case runtime = 3
    case expectation = 4
    case timeout = 124
    /// `run` and `wasm run` themselves failed.
    case cannotRun = 125
    case notFound = 127
    case interrupted = 130
    /// A guest was stopped by the machine: as a process that SIGABRT ended.
    case guestTrap = 134
}

/// A command that failed: what to tell and how to exit.
struct Failure: Error {
    let status: ExitStatus
    let message: String

    init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }
}

/// Where text goes: results to standard output, everything else to standard error.
enum StandardStreams {
    static func write(_ bytes: ByteSlice, to fd: Int32) {
        var rest = bytes
        while !rest.isEmpty {
            // Safe: write reads within the slice's own bounds.
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.write(fd, $0.baseAddress, $0.count)
            }
            // A reader that left is no reason to fail.
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}

enum StandardOutput {
    static func write(_ line: String) { StandardStreams.write(Array("\(line)\n".utf8)[...], to: 1) }
}

enum StandardError {
    static func write(_ line: String) { StandardStreams.write(Array("\(line)\n".utf8)[...], to: 2) }

    static var isTerminal: Bool { isatty(2) == 1 }
}

/// Where files of ours lie.
enum Folders {
    /// Compiled modules: `$XDG_CACHE_HOME/fakedapr`, or below the home folder.
    static var cache: String {
        if let folder = Environment["XDG_CACHE_HOME"], !folder.isEmpty {
            return "\(folder)/fakedapr"
        }
        return "\(Environment["HOME"] ?? ".")/.cache/fakedapr"
    }
}

/// The environment of the process.
enum Environment {
    static subscript(name: String) -> String? {
        // Safe: nothing of this program changes the environment while it is read.
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }
}
