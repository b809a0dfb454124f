internal import Foundation
internal import Glibc

/// A shell script with a bound on its time, for what only a shell can set up.
package enum ShellProcess {
    /// - Parameter arguments: `$0` and on.
    package static func run(
        _ script: String, _ arguments: [String], folder: String? = nil,
        within limit: Duration = .seconds(90)
    ) throws -> Fakedapr.Outcome {
        let own = try TemporaryFolder()
        let (output, errors) = (try own.write("stdout", ""), try own.write("stderr", ""))
        let child = try Child(
            ["/bin/bash", "-c", script] + arguments, folder: folder ?? own.path, output: output,
            errors: errors)
        try Deadline.wait("the script to end", within: limit) { !child.isRunning }
        return Fakedapr.Outcome(
            status: child.status ?? -1,
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
