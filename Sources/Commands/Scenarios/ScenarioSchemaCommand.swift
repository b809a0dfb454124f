internal import ArgumentParser
internal import Scenarios

/// `fakedapr scenario schema`: the JSON Schema for editors.
struct ScenarioSchemaCommand: TableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the JSON Schema of scenario files, seeds, stubs or faults.")
    static let table = OptionTable(
        command: "scenario schema", rows: [.output], operands: "[<name>]")
    static let discussion = """
        An editor that is told of it completes keys and marks mistakes: a first line \
        `# yaml-language-server: $schema=scenario.json` does that in several.

        EXAMPLES
          fakedapr scenario schema >scenario.json
          fakedapr scenario schema seed >seed.json
        """

    @Argument(parsing: .captureForPassthrough) var words: [String] = []

    func run(_ options: ParsedOptions, _ console: Console) async throws -> Int32 {
        let name = options.words.first ?? "scenario"
        guard ScenarioSchema.names.contains(name), options.words.count < 2 else {
            throw Failure(
                .usage,
                "there is no schema `\(options.words.joined(separator: " "))`: there are "
                    + ScenarioSchema.names.joined(separator: ", "))
        }
        // A schema is JSON whatever is asked for.
        let text = ScenarioSchema.text(name)
        if let result = console.result {
            result.set(text: text)
        } else {
            StandardStreams.write(Array(text.utf8)[...], to: 1)
        }
        return 0
    }
}
