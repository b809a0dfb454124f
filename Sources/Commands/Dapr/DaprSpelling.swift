internal import ArgumentParser
internal import YAML

/// The command line as `dapr` and `daprd` have it, made into fakedapr's own.
enum DaprSpelling {
    /// - Parameters:
    ///   - program: the name that this program was called by: a link may be named `dapr` or `daprd`.
    ///   - typed: what followed.
    static func arguments(_ typed: [String], calledAs program: String) throws(Failure) -> [String] {
        if Paths.last(program) == "daprd" {
            // daprd writes its log to standard output, and finds others of its kind.
            let own = ["--log-fd", "1", "--rare", "known=true"]
            return typed == ["--version"] ? ["version"] : ["serve"] + typed + own
        }
        if typed == ["--version"] || typed == ["-v"] { return ["version"] }
        let moved = movingGlobals(typed)
        // Commands that read their own options know their own help.
        if moved.first == "help", moved.count > 1, commands.contains(moved[1]) {
            return moved.dropFirst() + ["--help"]
        }
        guard let first = moved.first, !first.hasPrefix("-"), !commands.contains(first),
            let near = Suggestion.nearest(to: first, among: commands)
        else { return moved }
        throw Failure(.usage, "unknown command `\(first)`: did you mean `\(near)`?")
    }

    /// `dapr --log-as-json run` is `dapr run --log-as-json`.
    private static func movingGlobals(_ typed: [String]) -> [String] {
        var rest = typed[...]
        var globals: [String] = []
        while let word = rest.first {
            if word == "--log-as-json" || word.hasPrefix("--log-as-json=")
                || word.hasPrefix("--runtime-path=")
            {
                globals.append(rest.removeFirst())
            } else if word == "--runtime-path", rest.count > 1 {
                globals += rest.prefix(2)
                rest = rest.dropFirst(2)
            } else {
                break
            }
        }
        guard !globals.isEmpty, let command = rest.popFirst() else { return typed }
        return [command] + globals + rest
    }

    private static var commands: [String] {
        FakedaprCommand.configuration.subcommands.map { $0._commandName } + ["help"]
    }
}
