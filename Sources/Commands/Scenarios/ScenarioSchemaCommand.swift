internal import ArgumentParser
internal import Scenarios

/// `fakedapr scenario schema`: the JSON Schema for editors.
struct ScenarioSchemaCommand: TableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON Schema of scenario files.")
    static let table = OptionTable(command: "scenario schema", rows: [])
    static let discussion = """
        An editor that is told of it completes keys and marks mistakes: a first line \
        `# yaml-language-server: $schema=scenario.json` does that in several.

        EXAMPLES
          fakedapr scenario schema >scenario.json
        """

    @Argument(parsing: .captureForPassthrough) var words: [String] = []

    func run(_ options: ParsedOptions, _ console: Console) async throws -> Int32 {
        StandardStreams.write(Array(ScenarioSchema.text.utf8)[...], to: 1)
        return 0
    }
}
