internal import ArgumentParser
internal import JSON
internal import YAML

/// `fakedapr doctor`: what is not right with a folder of resources, before anything is started.
struct DoctorCommand: TableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Tell what is not right with Dapr resource files, and how to mend it.")
    static let table = OptionTable(
        command: "doctor",
        rows: [
            .option("app-id", "a", "id", "Look at what this app gets: all apps when not given."),
            .output,
        ], operands: "<path> ...")
    static let discussion = """
        Reads folders and files as `--resources-path` does; opens nothing and connects to nothing. \
        Ends with 2 when something is found.

        EXAMPLES
          fakedapr doctor ./resources
          fakedapr doctor ./resources --app-id orders --output json
        """

    @Argument(parsing: .captureForPassthrough) var words: [String] = []

    func run(_ options: ParsedOptions, _ console: Console) async throws -> Int32 {
        guard !options.words.isEmpty else {
            throw Failure(.usage, "`doctor` wants a folder: write `fakedapr doctor ./resources`")
        }
        var examination = Examination(appID: options["app-id"])
        for path in options.words { examination.read(path) }
        examination.compare()
        let findings = examination.findings
        console.result?.set(examination.value)
        for finding in findings where console.result == nil {
            StandardOutput.write(finding.rendered(colored: StandardOutput.isColored))
        }
        console.plain(examination.summary)
        return findings.isEmpty ? 0 : ExitStatus.file.rawValue
    }
}

/// One thing that is not right.
struct Finding {
    var severity: Diagnostic.Severity
    var message: String
    var hint: String?
    /// Where; nil for what is about no place in a file.
    var diagnostic: Diagnostic?

    func rendered(colored: Bool) -> String {
        if let diagnostic { return diagnostic.rendered(colored: colored) }
        return "\(severity.rawValue): \(message)" + (hint.map { "\n  hint: \($0)" } ?? "")
    }

    var value: JSONValue {
        .members([
            "severity": .string(severity.rawValue), "file": diagnostic.map { .string($0.file) },
            "line": diagnostic.map { .number($0.span.start.line) },
            "column": diagnostic.map { .number($0.span.start.column) },
            "message": .string(message), "hint": hint.map { .string($0) },
        ])
    }
}
