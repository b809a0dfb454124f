internal import ArgumentParser
internal import JSON
internal import Transport
internal import YAML

/// A command that speaks to the control API of a running sidecar.
protocol ControlCommand: TableCommand {
    /// What can be done, by the command line's first word; one without a name needs none.
    static var actions: [ControlAction] { get }
}

/// One thing that a command does: a request made of the command line, an answer made into text.
struct ControlAction: Sendable {
    /// Empty for what the command does without a word.
    var name = ""
    /// The words that follow it: `<name>`, `[<file> ...]`.
    var arguments: [String] = []
    var help = ""
    let requests: @Sendable (ParsedOptions, [String]) throws(Failure) -> [ControlRequest]
    /// For people; no line at all when it is empty.
    var text: @Sendable (JSONValue) -> String = { _ in "" }
    /// What the command ends with, of an answer that is no refusal.
    var status: @Sendable (ParsedOptions, JSONValue) -> Int32 = { _, _ in 0 }

    /// How many words may follow.
    fileprivate var counts: ClosedRange<Int> {
        let least = arguments.count { $0.hasPrefix("<") }
        return least...(arguments.contains { $0.contains("...") } ? .max : arguments.count)
    }
}

extension ControlCommand {
    func run(_ options: ParsedOptions, _ console: Console) async throws -> Int32 {
        try await ask(options, console)
    }

    /// Does what the command line's words say.
    func ask(_ options: ParsedOptions, _ console: Console) async throws -> Int32 {
        let (action, words) = try Self.action(options.words)
        let requests = try action.requests(options, words)
        let call = try ControlCall(options)
        var answer = JSONValue.null
        do {
            for request in requests { answer = try await call.send(request) }
        } catch let refusal as ControlRefusal {
            console.result?.set(refusal.value)
            StandardError.write(
                (refusal.failure.isDiagnostic ? "" : "fakedapr: ")
                    + refusal.failure.message)
            return refusal.failure.status.rawValue
        }
        console.result?.set(answer)
        let text = action.text(answer)
        if console.result == nil, !text.isEmpty { console.plain(text) }
        return action.status(options, answer)
    }

    private static func action(
        _ words: [String]
    ) throws(Failure) -> (ControlAction, [String]) {
        let command = table.command
        if let named = actions.first(where: { !$0.name.isEmpty && $0.name == words.first }) {
            return try checked(named, Array(words.dropFirst()))
        }
        guard let unnamed = actions.first(where: \.name.isEmpty),
            words.isEmpty || !unnamed.arguments.isEmpty
        else {
            let names = actions.map(\.name).filter { !$0.isEmpty }
            guard let word = words.first else {
                throw Failure(
                    .usage,
                    "`\(command)` wants to know what to do: \(names.joined(separator: ", "))")
            }
            let hint = Suggestion.hint(for: word, among: names).map { ": \($0)" } ?? ""
            throw Failure(.usage, "`\(command)` does not know `\(word)`\(hint)")
        }
        return try checked(unnamed, words)
    }

    private static func checked(
        _ action: ControlAction, _ words: [String]
    ) throws(Failure) -> (ControlAction, [String]) {
        guard action.counts.contains(words.count) else {
            let parts = ["fakedapr", table.command, action.name] + action.arguments
            throw Failure(
                .usage, "write `\(parts.filter { !$0.isEmpty }.joined(separator: " "))`")
        }
        return (action, words)
    }

    static var help: String {
        let named = actions.filter { !$0.help.isEmpty }
        let lines = named.map { action in
            (
                ([action.name] + action.arguments).filter { !$0.isEmpty }.joined(separator: " "),
                action.help
            )
        }
        return table.help(configuration.abstract, discussion, actions: lines)
    }
}

extension OptionTable {
    /// A table with the options that every command of the control API has.
    static func control(
        _ command: String, operands: String? = nil, _ rows: [OptionRow] = []
    ) -> OptionTable {
        OptionTable(
            command: command,
            rows: rows + [
                .option(
                    "url", nil, "url",
                    "The sidecar: FAKEDAPR_URL, DAPR_HTTP_ENDPOINT or http://127.0.0.1:3500."),
                .option("sandbox", nil, "id", "Which of its sandboxes: FAKEDAPR_SANDBOX."),
                .output,
            ], operands: operands)
    }
}
