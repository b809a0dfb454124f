internal import Foundation
internal import Glibc

/// A shell script with a bound on its time, for what only a shell can set up.
package enum ShellProcess {
    /// - Parameter arguments: `$0` and on.
    package static func run(
        _ script: String, _ arguments: [String], folder: String? = nil
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
            try Deadline.wait("the script to end") { !process.isRunning }
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
