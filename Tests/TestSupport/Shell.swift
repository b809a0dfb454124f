internal import Foundation
internal import Glibc

/// A shell script with a bound on its time, for what only a shell can set up.
package enum ShellProcess {
    /// - Parameter arguments: `$0` and on.
    package static func run(
        _ script: String, _ arguments: [String], folder: String? = nil,
        within limit: Duration = .seconds(20)
    ) throws -> Fakedapr.Outcome {
        let own = try TemporaryFolder()
        let (output, errors) = (try own.write("stdout", ""), try own.write("stderr", ""))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-c", script] + arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder ?? own.path)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle(forWritingAtPath: output)
        process.standardError = FileHandle(forWritingAtPath: errors)
        try process.run()
        do {
            try Deadline.wait("the script to end", within: limit) { !process.isRunning }
        } catch {
            kill(process.processIdentifier, SIGKILL)
            throw error
        }
        return Fakedapr.Outcome(
            status: process.terminationStatus,
            output: (try? String(contentsOfFile: output, encoding: .utf8)) ?? "",
            errors: (try? String(contentsOfFile: errors, encoding: .utf8)) ?? "")
    }
}

/// Work that blocks for long, on a thread of its own: the pool has as many threads as there are cores,
/// and other tests need them.
package enum OffPool {
    package static func run<R: Sendable>(
        _ body: @escaping @Sendable () throws -> R
    ) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            Foundation.Thread { continuation.resume(with: Result(catching: body)) }.start()
        }
    }
}
