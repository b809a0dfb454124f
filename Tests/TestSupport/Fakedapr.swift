internal import Foundation
internal import Transport

/// The built `fakedapr` program, as a user runs it.
package enum Fakedapr {
    package struct Outcome: Sendable {
        package let status: Int32
        package let output: String
        package let errors: String
    }

    /// The checkout's folder.
    package static let checkout: String = {
        var url = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { url.deleteLastPathComponent() }
        return url.path
    }()

    /// The program beside the tests' own.
    package static let path: String = {
        let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        return own.deletingLastPathComponent().appendingPathComponent("fakedapr").path
    }()

    /// Runs the program to its end.
    ///
    /// - Parameter environment: added to a bare one (PATH, HOME, TMPDIR).
    package static func run(
        _ arguments: [String], environment: [String: String] = [:], folder: String? = nil,
        input: String? = nil, within limit: Duration = .seconds(60)
    ) throws -> Outcome {
        let program = try FakedaprProcess(
            arguments, environment: environment, folder: folder, input: input)
        let status = try program.waitForExit(within: limit)
        return Outcome(status: status, output: program.output, errors: program.errors)
    }
}

/// A `fakedapr` that goes on: `serve`. Killed with its last reference.
package final class FakedaprProcess {
    private let child: Child
    private let outputFile: String
    private let errorFile: String
    private let folder: TemporaryFolder

    /// Starts the program; its output goes to files, so that no pipe can fill.
    ///
    /// - Parameter descriptors: how many it may have open; nil for as many as the tests.
    package init(
        _ arguments: [String], environment: [String: String] = [:], folder: String? = nil,
        input: String? = nil, descriptors: Int? = nil
    ) throws {
        let own = try TemporaryFolder()
        self.folder = own
        outputFile = try own.write("stdout", "")
        errorFile = try own.write("stderr", "")
        let limit =
            descriptors.map { ["/bin/sh", "-c", "ulimit -n \($0) && exec \"$0\" \"$@\""] } ?? []
        var variables = ProcessInfo.processInfo.environment.filter {
            ["PATH", "TMPDIR", "LD_LIBRARY_PATH", "LANG", "ASAN_OPTIONS", "TSAN_OPTIONS"]
                .contains($0.key)
        }
        variables["HOME"] = own.path
        variables.merge(environment) { $1 }
        child = try Child(
            limit + [Fakedapr.path] + arguments, environment: variables,
            folder: folder ?? own.path,
            input: try input.map { try own.write("stdin", $0) } ?? "/dev/null",
            output: outputFile, errors: errorFile)
    }

    package var id: Int32 { child.id }
    package var isRunning: Bool { child.isRunning }
    package var output: String { Self.text(outputFile) }
    package var errors: String { Self.text(errorFile) }

    package func signal(_ number: Int32) { child.signal(number) }

    /// Waits for the end: its status, 128 + n for one that signal n ended.
    package func waitForExit(within limit: Duration = .seconds(20)) throws -> Int32 {
        try Deadline.wait("fakedapr to end", within: limit) { !child.isRunning }
        return child.status ?? -1
    }

    private static func text(_ path: String) -> String {
        let bytes = (try? FileContents.read(path)) ?? []
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// A `fakedapr serve` on a port of its own, ready when made.
package final class ServeProcess {
    package let process: FakedaprProcess
    package let port: UInt16

    /// Starts `serve --port 0` with more arguments and waits until its first line names the port.
    package init(
        _ arguments: [String] = [], environment: [String: String] = [:], folder: String? = nil,
        descriptors: Int? = nil
    ) throws {
        let process = try FakedaprProcess(
            ["serve", "--port", "0"] + arguments, environment: environment, folder: folder,
            descriptors: descriptors)
        self.process = process
        var port: UInt16?
        try Deadline.wait("serve to tell its port") {
            port = Self.port(in: process.output)
            if port == nil, !process.isRunning {
                throw Deadline.Passed(description: "serve ended: \(process.errors)")
            }
            return port != nil && process.output.contains("Stop ")
        }
        self.port = port ?? 0
    }

    private static func port(in output: String) -> UInt16? {
        guard let url = output.range(of: "http://127.0.0.1:") else { return nil }
        return UInt16(output[url.upperBound...].prefix { $0.isNumber })
    }

    package func client() throws -> WireClient { try WireClient(port: port) }
}
