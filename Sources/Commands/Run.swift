internal import ArgumentParser
internal import Glibc

/// Runs the command line and exits.
package func runFakedapr() async {
    signal(SIGPIPE, SIG_IGN)
    do {
        var command = try FakedaprCommand.parseAsRoot(CommandLine.arguments.dropFirst().map(\.self))
        if var asynchronous = command as? any AsyncParsableCommand {
            try await asynchronous.run()
        } else {
            try command.run()
        }
    } catch let failure as Failure {
        StandardError.write("fakedapr: \(failure.message)")
        exit(failure.status.rawValue)
    } catch {
        leave(with: error)
    }
}

/// Ends as argument-parser would, but for its status of a usage error, which is 64.
private func leave(with error: any Error) -> Never {
    let code = FakedaprCommand.exitCode(for: error)
    let message = FakedaprCommand.fullMessage(for: error)
    if code.isSuccess {
        if !message.isEmpty { StandardOutput.write(message) }
    } else if !message.isEmpty {
        StandardError.write(message)
    }
    exit(code == .validationFailure ? ExitStatus.usage.rawValue : code.rawValue)
}
