internal import ArgumentParser
internal import JSON
internal import Transport

/// What was typed, made into what argument-parser takes: Go's spellings, and the environment.
enum Arguments {
    /// - Throws: `Failure` when an environment variable names no option.
    static func prepared(_ typed: [String]) throws(Failure) -> [String] {
        let typed = typed.first == "serve" ? goSpelling(typed) : typed
        return merged(typed, environment: ProcessEnvironment.all)
    }

    /// Go's flag package takes `-app-id` for `--app-id`, and `--flag=false` for a flag left out.
    static func goSpelling(_ arguments: [String]) -> [String] {
        var spelt: [String] = []
        for (index, argument) in arguments.enumerated() {
            if argument == "--" { return spelt + arguments[index...] }
            var word = argument
            if word.utf8.count > 2, word.hasPrefix("-"), !word.hasPrefix("--"),
                word.dropFirst().first?.isLetter == true
            {
                word = "-\(word)"
            }
            for flag in flags where word.hasPrefix("\(flag)=") {
                word = trueWords.contains(String(word.dropFirst(flag.count + 1))) ? flag : ""
            }
            if !word.isEmpty || argument.isEmpty { spelt.append(word) }
        }
        return spelt
    }

    /// Options that take no value.
    private static let flags = [
        "--log-as-json", "--enable-api-logging", "--enable-app-health-check", "--enable-metrics",
        "--enable-mtls", "--enable-profiling", "--app-ssl", "--strict",
    ]

    private static let trueWords = ["true", "1", "t", "T", "TRUE", "True"]

    // MARK: Environment

    /// Adds options that `FAKEDAPR_*` variables give and the command line does not.
    static func merged(_ arguments: [String], environment: [String: String]) -> [String] {
        let variables = environment.filter {
            $0.key.hasPrefix(prefix) && $0.key != "FAKEDAPR_WASMTIME" && !$0.value.isEmpty
        }
        guard !variables.isEmpty else { return arguments }
        let (path, options) = CommandOptions.find(arguments)
        var added: [String] = []
        for option in options {
            let name =
                prefix + option.name.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
            guard let value = variables[name], !isGiven(option, in: arguments) else { continue }
            added += option.words(for: value)
        }
        return arguments[..<path] + added + arguments[path...]
    }

    private static let prefix = "FAKEDAPR_"

    private static func isGiven(_ option: CommandOptions, in arguments: [String]) -> Bool {
        arguments.prefix { $0 != "--" }.contains { argument in
            option.spellings.contains { argument == $0 || argument.hasPrefix("\($0)=") }
        }
    }
}

/// One option of a command, as argument-parser itself lists it.
struct CommandOptions {
    /// Its long name, without dashes.
    let name: String
    /// Every way to write it, with dashes.
    let spellings: [String]
    let isFlag: Bool
    let isRepeated: Bool

    func words(for value: String) -> [String] {
        if isFlag { return ["true", "1", "yes"].contains(value.lowercased()) ? ["--\(name)"] : [] }
        let values = isRepeated ? value.split(separator: ",").map(String.init) : [value]
        return values.flatMap { ["--\(name)", $0] }
    }

    /// How many leading arguments name the command, and that command's options.
    static func find(_ arguments: [String]) -> (Int, [CommandOptions]) {
        guard let dump = try? JSONValue.parse(Array(FakedaprCommand._dumpHelp().utf8)[...]),
            var command = dump["command"]
        else { return (0, []) }
        var depth = 0
        while depth < arguments.count,
            let next = command["subcommands"]?.array?.first(where: {
                $0["commandName"]?.string == arguments[depth]
            })
        {
            command = next
            depth += 1
        }
        return (depth, (command["arguments"]?.array ?? []).compactMap { CommandOptions($0) })
    }

    private init?(_ argument: JSONValue) {
        guard let kind = argument["kind"]?.string, kind != "positional",
            let names = argument["names"]?.array
        else { return nil }
        let long = names.filter { $0["kind"]?.string == "long" }.compactMap { $0["name"]?.string }
        guard let first = long.first, first != "help", first != "version" else { return nil }
        name = first
        spellings = names.compactMap { name in
            guard let text = name["name"]?.string else { return nil }
            return name["kind"]?.string == "long" ? "--\(text)" : "-\(text)"
        }
        isFlag = kind == "flag"
        isRepeated = argument["isRepeating"]?.bool ?? false
    }
}
