internal import ArgumentParser
internal import JSON
internal import Scenarios
internal import YAML

/// `fakedapr scenario check`: every mistake that can be known before anything is run.
struct ScenarioCheckCommand: TableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check scenario files without running them.")
    static let table = OptionTable(
        command: "scenario check",
        rows: [
            .option("var", nil, "name=value", "A variable that `run` will be given. Repeatable."),
            .option("output", "o", "form", "text or json."),
        ], operands: "[<scenarios> ...]")
    static let discussion = """
        Tells the first mistake of every file; 0 when there is none, else 2. Without names the \
        scenarios of ./Scenarios.

        EXAMPLES
          fakedapr scenario check
          fakedapr scenario check orders.yaml --output json
        """

    @Argument(parsing: .captureForPassthrough) var words: [String] = []

    func run(_ options: ParsedOptions, _ console: Console) async throws -> Int32 {
        let isJSON = try options.wantsJSON()
        let selection = try ScenarioSelection(options, "scenario check")
        var problems: [Diagnostic] = []
        var (files, cases) = (0, 0)
        for path in try ScenarioFiles.find(selection.names) {
            files += 1
            do throws(Diagnostic) {
                cases += selection.cases(of: try selection.load(path)).count
            } catch { problems.append(error) }
        }
        if isJSON {
            let all = JSONValue.object([
                .init("files", .number(String(files))), .init("cases", .number(String(cases))),
                .init("problems", .array(problems.map(\.json))),
            ])
            console.result?.set(all)
        } else {
            for problem in problems {
                StandardError.write(problem.rendered(colored: StandardError.isColored))
            }
            let count = "\(files) \(files == 1 ? "file" : "files")"
            StandardOutput.write(
                problems.isEmpty
                    ? "\(count), \(cases) \(cases == 1 ? "case" : "cases"): no mistakes"
                    : "\(count): \(problems.count) with mistakes")
        }
        return problems.isEmpty ? 0 : ExitStatus.file.rawValue
    }
}

extension Diagnostic {
    /// For editors and other programs.
    var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init("file", .string(file)), .init("line", .number(String(span.start.line))),
            .init("column", .number(String(span.start.column))),
            .init("severity", .string(severity.rawValue)), .init("message", .string(message)),
        ]
        if let hint { members.append(.init("hint", .string(hint))) }
        return .object(members)
    }
}
