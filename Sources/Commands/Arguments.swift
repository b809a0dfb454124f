internal import ArgumentParser
internal import JSON
internal import Transport
internal import YAML

/// What was typed, made into what argument-parser takes: Go's spellings, and the environment.
enum Arguments {
    /// - Throws: `Failure` for a value that no flag can have.
    static func prepared(_ typed: [String]) throws(Failure) -> [String] {
        try prepared(typed, environment: ProcessEnvironment.all)
    }

    static func prepared(
        _ typed: [String], environment: [String: String]
    ) throws(Failure) -> [String] {
        let isServe = typed.first == "serve"
        let variables = environment.filter {
            $0.key.hasPrefix(prefix) && $0.key != "FAKEDAPR_WASMTIME" && !$0.value.isEmpty
        }
        let dashed =
            isServe
            ? try IgnoredOptions.taken(
                from: DeprecatedOptions.renamed(twoDashes(typed)), environment: variables) : typed
        // Asking argument-parser for its options costs milliseconds, and most starts need none.
        guard !variables.isEmpty || isServe && dashed.contains(where: isUnusual) else {
            return dashed
        }
        let (path, options) = CommandOptions.find(dashed)
        warnAboutVariables(variables.keys.sorted(), options)
        let merged = try adding(variables, to: dashed, after: path, options)
        return isServe ? try goSpelling(merged, options) : merged
    }

    // MARK: Go's spellings

    /// Go's flag package takes `-app-id` for `--app-id`.
    private static func twoDashes(_ arguments: [String]) -> [String] {
        let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
        return arguments[..<end].map { word in
            let isLong = word.utf8.count > 2 && word.hasPrefix("-") && !word.hasPrefix("--")
            return isLong && word.dropFirst().first?.isLetter == true ? "-\(word)" : word
        } + arguments[end...]
    }

    private static func isUnusual(_ word: String) -> Bool {
        word.hasPrefix("--") && word.contains("=") || isNegative(word)
    }

    private static func isNegative(_ word: String) -> Bool {
        word.hasPrefix("-") && word.dropFirst().first?.isNumber == true
    }

    /// `--flag=false` is a flag left out, and `--option -1` has a value, to Go.
    private static func goSpelling(
        _ arguments: [String], _ options: [CommandOptions]
    ) throws(Failure) -> [String] {
        var spelt: [String] = []
        for (index, word) in arguments.enumerated() {
            if word == "--" { return spelt + arguments[index...] }
            if isNegative(word), let last = spelt.last,
                options.contains(where: { !$0.isFlag && $0.spellings.contains(last) })
            {
                spelt[spelt.count - 1] = "\(last)=\(word)"
                continue
            }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2,
                options.contains(where: { $0.isFlag && $0.spellings.contains("\(parts[0])") })
            else {
                spelt.append(word)
                continue
            }
            if try GoBool.parse(String(parts[1]), named: "\(parts[0])") {
                spelt.append("\(parts[0])")
            }
        }
        return spelt
    }

    // MARK: Environment

    /// Adds options that `FAKEDAPR_*` variables give and the command line does not.
    private static func adding(
        _ variables: [String: String], to arguments: [String], after path: Int,
        _ options: [CommandOptions]
    ) throws(Failure) -> [String] {
        var added: [String] = []
        for option in options where !isGiven(option, in: arguments) {
            for name in option.names {
                let variable = Self.variable(of: name)
                guard let value = variables[variable] else { continue }
                added += try option.words(for: value, from: variable)
                break
            }
        }
        return arguments[..<path] + added + arguments[path...]
    }

    /// A variable that is nearly an option's is likely one that was spelt wrongly.
    private static func warnAboutVariables(_ variables: [String], _ options: [CommandOptions]) {
        let known = options.flatMap(\.names).map { variable(of: $0) }
        for name in variables where !known.contains(name) && !IgnoredOptions.knows(name) {
            guard let near = near(name, among: known) else { continue }
            StandardError.write(
                "fakedapr: warning: the environment variable \(name) is no option's: "
                    + "did you mean `\(near)`?")
        }
    }

    /// Only what is about as long: another command's options are no mistakes.
    private static func near(_ name: String, among known: [String]) -> String? {
        let rest = String(name.dropFirst(prefix.count))
        return Suggestion.nearest(to: rest, among: known.map { String($0.dropFirst(prefix.count)) })
            .flatMap { abs($0.utf8.count - rest.utf8.count) <= 2 ? prefix + $0 : nil }
    }

    private static func variable(of option: String) -> String {
        prefix + String(option.uppercased().map { $0 == "-" ? "_" : $0 })
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
    /// Its long names, without dashes; the first one is its own.
    let names: [String]
    /// Every way to write it, with dashes.
    let spellings: [String]
    let isFlag: Bool
    let isRepeated: Bool

    /// What stands for a variable's value on the command line.
    func words(for value: String, from variable: String) throws(Failure) -> [String] {
        if isFlag { return try GoBool.parse(value, named: variable) ? ["--\(names[0])"] : [] }
        let values = isRepeated ? value.split(separator: ",").map(String.init) : [value]
        // In one word: a value may begin with a dash.
        return values.map { "--\(names[0])=\($0)" }
    }

    /// How many leading arguments name the command, and that command's options.
    static func find(_ arguments: [String]) -> (Int, [CommandOptions]) {
        var command: any ParsableCommand.Type = FakedaprCommand.self
        var depth = 0
        while depth < arguments.count,
            let next = command.configuration.subcommands.first(where: {
                $0._commandName == arguments[depth]
            })
        {
            command = next
            depth += 1
        }
        guard let dump = try? JSONValue.parse(Array(command._dumpHelp().utf8)[...]) else {
            return (depth, [])
        }
        let options = dump["command"]?["arguments"]?.array ?? []
        return (depth, options.compactMap { CommandOptions($0) })
    }

    private init?(_ argument: JSONValue) {
        guard let kind = argument["kind"]?.string, kind != "positional",
            let names = argument["names"]?.array
        else { return nil }
        let long = names.filter { $0["kind"]?.string == "long" }.compactMap { $0["name"]?.string }
        guard let first = long.first, first != "help", first != "version" else { return nil }
        self.names = long
        spellings = names.compactMap { name in
            guard let text = name["name"]?.string else { return nil }
            return name["kind"]?.string == "long" ? "--\(text)" : "-\(text)"
        }
        isFlag = kind == "flag"
        isRepeated = argument["isRepeating"]?.bool ?? false
    }
}
