internal import ArgumentParser

/// `fakedapr scenario`.
struct ScenarioCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scenario", abstract: "Run scenarios: YAML files that say what should happen.",
        subcommands: [
            ScenarioRunCommand.self, ScenarioListCommand.self, ScenarioCheckCommand.self,
            ScenarioNewCommand.self, ScenarioSchemaCommand.self,
        ])
}
