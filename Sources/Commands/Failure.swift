internal import Bytes
internal import Glibc
internal import Transport
internal import YAML

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
    /// What was to be run cannot be read, or is nothing that can be run.
    case notExecutable = 126
    case notFound = 127
    case interrupted = 130
    /// A guest was stopped by the machine: as a process that SIGABRT ended.
    case guestTrap = 134
}

/// A command that failed: what to tell and how to exit.
struct Failure: Error {
    let status: ExitStatus
    let message: String
    /// Whether the message says where by itself, and so needs no program's name before it.
    let isDiagnostic: Bool

    init(_ status: ExitStatus, _ message: String, isDiagnostic: Bool = false) {
        self.status = status
        self.message = message
        self.isDiagnostic = isDiagnostic
    }

    /// A mistake in a file, with its place.
    init(_ diagnostic: Diagnostic, _ status: ExitStatus = .file) {
        self.init(status, diagnostic.rendered, isDiagnostic: true)
    }
}

extension FileContents {
    /// Reads a file that a person has named.
    ///
    /// - Parameter place: what to call it when it cannot be read; nil for its path.
    static func readNamed(_ path: String, as place: String? = nil) throws(Failure) -> [UInt8] {
        do throws(SystemError) { return try read(path) } catch {
            throw Failure(.file, "cannot read \(place ?? path): \(error.reason)")
        }
    }
}

/// Where text goes: results to standard output, everything else to standard error. A reader that left
/// is no reason to fail.
enum StandardStreams {
    static func write(_ bytes: ByteSlice, to fd: Int32) {
        FileContents.writeAll(Array(bytes), to: fd)
    }
}

enum StandardOutput {
    static func write(_ line: String) { StandardStreams.write(Array("\(line)\n".utf8)[...], to: 1) }

    /// Whether a person reads it who has not asked for text alone.
    static let isColored =
        isatty(1) == 1 && (ProcessEnvironment["NO_COLOR"] ?? "").isEmpty
        && ProcessEnvironment["TERM"] != "dumb"
}

enum StandardError {
    static func write(_ line: String) { StandardStreams.write(Array("\(line)\n".utf8)[...], to: 2) }

    static var isTerminal: Bool { isatty(2) == 1 }

    /// Whether a person reads it who has not asked for text alone.
    static let isColored =
        isatty(2) == 1 && (ProcessEnvironment["NO_COLOR"] ?? "").isEmpty
        && ProcessEnvironment["TERM"] != "dumb"
}

/// Where files of ours lie.
enum Folders {
    /// Compiled modules: `$XDG_CACHE_HOME/fakedapr`, or below the home folder.
    static var cache: String {
        if let folder = ProcessEnvironment["XDG_CACHE_HOME"], !folder.isEmpty {
            return "\(folder)/fakedapr"
        }
        return "\(ProcessEnvironment["HOME"] ?? ".")/.cache/fakedapr"
    }
}

enum ProcessExit {
    /// Ends the process at once.
    static func now(_ status: Int32) -> Never { exit(status) }
}
