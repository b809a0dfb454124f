internal import ArgumentParser
internal import Transport

/// A command that is spelt as `dapr` spells it, its options in a table of our own.
protocol TableCommand: AsyncParsableCommand {
    static var table: OptionTable { get }
    static var discussion: String { get }
    static var help: String { get }
    var words: [String] { get }

    /// - Returns: the status to exit with.
    func run(_ options: ParsedOptions, _ console: Console) async throws -> Int32
}

extension TableCommand {
    func run() async throws {
        let options = try Self.table.parse(words)
        if options.wantsHelp { return StandardOutput.write(Self.help) }
        var console = Console(isJSON: options.isSet("log-as-json"))
        if options["output"] == "json" { console.result = CommandResult() }
        let status =
            options.isSet("kubernetes")
            ? Kubernetes.refuse(Self.table.command, console) : try await run(options, console)
        console.result?.write(status)
        if status != 0 { throw ExitCode(status) }
    }

    static var help: String { table.help(configuration.abstract, discussion) }
}

extension OptionTable {
    /// A table with the options that every command of `dapr` has.
    static func dapr(_ command: String, _ rows: [OptionRow]) -> OptionTable {
        let hasOutput = rows.contains { $0.name == "output" }
        return OptionTable(
            command: command,
            rows: rows + (hasOutput ? [] : [.output]) + [
                .option("data-dir", nil, "dir", "Whose sidecars are meant: ~/.fakedapr."),
                .flag("log-as-json", nil, "Write what the command itself tells as JSON."),
                .option("runtime-path", nil, "dir"), .flag("kubernetes", "k"),
            ])
    }
}

extension OptionRow {
    static let output = option("output", "o", "form", "text, or json: one value on one line.")
}

extension ParsedOptions {
    /// The sidecars that are meant.
    var registry: SidecarRegistry { SidecarRegistry(dataFolder: self["data-dir"]) }
}
