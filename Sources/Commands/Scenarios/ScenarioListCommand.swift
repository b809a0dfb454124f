internal import ArgumentParser
internal import JSON
internal import Scenarios

/// `fakedapr scenario list`: what `run` would run.
struct ScenarioListCommand: TableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List scenarios and their cases.")
    static let table = OptionTable(
        command: "scenario list",
        rows: ScenarioOptions.choice + [
            .option("output", "o", "form", "text or json.")
        ], operands: "[<scenarios> ...]")
    static let discussion = """
        Without names the scenarios of ./Scenarios.

        EXAMPLES
          fakedapr scenario list
          fakedapr scenario list Scenarios --tag '!slow' --output json
        """

    @Argument(parsing: .captureForPassthrough) var words: [String] = []

    func run(_ options: ParsedOptions, _ console: Console) async throws -> Int32 {
        let cases = try ScenarioSelection(options, "scenario list").cases()
        if try options.wantsJSON() {
            console.result?.set(.array(cases.map(\.listed)))
            return 0
        }
        var file: String?
        for one in cases {
            let scenario = one.scenario
            if scenario.file != file {
                file = scenario.file
                let tags = scenario.tags.map { " #\($0)" }.joined()
                StandardOutput.write("\(scenario.file)\(tags)")
            }
            StandardOutput.write("  \(one.title)")
        }
        return 0
    }
}

extension ScenarioCase {
    fileprivate var listed: JSONValue {
        .object([
            .init("file", .string(scenario.file)), .init("name", .string(scenario.name)),
            .init("title", .string(title)),
            .init("tags", .array(scenario.tags.map { .string($0) })),
            .init(
                "variables", .object(variables.map { .init($0.name, .string($0.value)) })),
        ])
    }
}
