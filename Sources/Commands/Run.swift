internal import ArgumentParser
internal import Glibc
internal import Transport

/// A command that goes on until a signal ends it in order.
protocol LongRunning: AsyncParsableCommand {
    mutating func run(until signals: TerminationSignals) async throws
}

extension LongRunning {
    mutating func run() async throws {
        // argument-parser's own entry, which `runFakedapr` never takes.
        throw Failure(.runtime, "this command has to be run by fakedapr's own main")
    }
}

/// Runs the command line and exits.
///
/// The main thread only waits. Swift's own asynchronous main waits with every signal unblocked, and
/// SIGTERM would end the process before the loop has seen it.
package func runFakedapr() -> Never {
    signal(SIGPIPE, SIG_IGN)
    let status = WorkQueue<Int32>()
    do {
        let words = CommandLine.arguments
        let arguments = try Arguments.prepared(
            DaprSpelling.arguments(Array(words.dropFirst()), calledAs: words.first ?? ""))
        let command = try FakedaprCommand.parseAsRoot(arguments)
        // Before any thread is started: threads inherit what is blocked.
        let signals = command is any LongRunning ? try? TerminationSignals() : nil
        let box = CommandBox(command)
        Task { status.add(await execute(box, signals)) }
    } catch {
        exit(tell(error))
    }
    exit(status.take(atMost: 1).first ?? 0)
}

/// Carries the parsed command into its task; nothing else touches it.
private final class CommandBox: @unchecked Sendable {
    var command: any ParsableCommand
    init(_ command: any ParsableCommand) { self.command = command }
}

/// - Returns: the status to exit with.
private func execute(_ box: CommandBox, _ signals: TerminationSignals?) async -> Int32 {
    do {
        if var command = box.command as? any LongRunning, let signals {
            try await command.run(until: signals)
        } else if var command = box.command as? any AsyncParsableCommand {
            try await command.run()
        } else {
            try box.command.run()
        }
        return 0
    } catch {
        return tell(error)
    }
}

/// Tells why a command ended.
///
/// - Returns: the status; argument-parser's own of a usage error, 64, is 1 here.
private func tell(_ error: any Error) -> Int32 {
    if let failure = error as? Failure {
        StandardError.write((failure.isDiagnostic ? "" : "fakedapr: ") + failure.message)
        return failure.status.rawValue
    }
    // A guest's own status is handed on as it is, 64 too.
    if let code = error as? ExitCode { return code.rawValue }
    let code = FakedaprCommand.exitCode(for: error)
    let message = FakedaprCommand.fullMessage(for: error)
    if !message.isEmpty {
        if code.isSuccess { StandardOutput.write(message) } else { StandardError.write(message) }
    }
    return code == .validationFailure ? ExitStatus.usage.rawValue : code.rawValue
}
