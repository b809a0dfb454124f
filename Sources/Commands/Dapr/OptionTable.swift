internal import Transport
internal import YAML

/// One option of a command that is spelt as the `dapr` command line spells it.
struct OptionRow: Sendable {
    let name: String
    var short: Character?
    /// What its value is called; nil for a flag.
    var value: String?
    /// What it does; nil for one that is taken and has no effect.
    var help: String?
    var isRequired = false
    /// Another name for it, out of fashion.
    var former: String?

    static func option(
        _ name: String, _ short: Character? = nil, _ value: String, _ help: String? = nil,
        isRequired: Bool = false, former: String? = nil
    ) -> OptionRow {
        OptionRow(
            name: name, short: short, value: value, help: help, isRequired: isRequired,
            former: former)
    }

    static func flag(
        _ name: String, _ short: Character? = nil, _ help: String? = nil
    ) -> OptionRow {
        OptionRow(name: name, short: short, value: nil, help: help)
    }
}

/// The options of one command, read by the rules of Go's pflag: `--name value`, `--name=value`,
/// `-n value`, `-nvalue`, anywhere before `--`.
///
/// A table of our own: forty options would cost argument-parser milliseconds at every start.
struct OptionTable: Sendable {
    let command: String
    let rows: [OptionRow]
    /// Whether what follows is another program's command line: an option that is not known, once its
    /// first word was seen, is that program's.
    var isRunner = false
    /// What else may be typed, as the usage line has it: `<scenarios> ...`.
    var operands: String?

    func parse(
        _ words: [String], environment: [String: String] = ProcessEnvironment.all
    ) throws(Failure) -> ParsedOptions {
        var parsed = ParsedOptions()
        var rest = words[...]
        while let word = rest.popFirst() {
            if word == "--" {
                parsed.words += rest
                break
            }
            guard word.count > 1, word.hasPrefix("-") else {
                parsed.words.append(word)
                continue
            }
            if try take(word, from: &rest, into: &parsed) { continue }
            guard isRunner, !parsed.words.isEmpty else { throw unknown(word) }
            parsed.words.append(word)
        }
        try add(environment, to: &parsed)
        try checkRequired(parsed)
        return parsed
    }

    /// - Returns: whether the word is an option of this table.
    private func take(
        _ word: String, from rest: inout ArraySlice<String>, into parsed: inout ParsedOptions
    ) throws(Failure) -> Bool {
        if word == "--help" || word == "-h" {
            // Another program's help is what `run -- program --help` is about.
            guard !isRunner || parsed.words.isEmpty else { return false }
            parsed.wantsHelp = true
            return true
        }
        guard word.hasPrefix("--") else { return try takeShort(word, from: &rest, into: &parsed) }
        let parts = word.dropFirst(2).split(
            separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let row = row(String(parts.first ?? "")) else { return false }
        let value = parts.count == 2 ? String(parts[1]) : nil
        try set(row, value, word, from: &rest, into: &parsed)
        return true
    }

    private func takeShort(
        _ word: String, from rest: inout ArraySlice<String>, into parsed: inout ParsedOptions
    ) throws(Failure) -> Bool {
        var letters = word.dropFirst()
        while let letter = letters.popFirst() {
            guard let row = rows.first(where: { $0.short == letter }) else { return false }
            guard row.value != nil else {
                parsed.values[row.name, default: []].append("true")
                continue
            }
            if letters.first == "=" { letters.removeFirst() }
            let value = letters.isEmpty ? nil : String(letters)
            try set(row, value, "-\(letter)", from: &rest, into: &parsed)
            break
        }
        return true
    }

    private func set(
        _ row: OptionRow, _ given: String?, _ word: String, from rest: inout ArraySlice<String>,
        into parsed: inout ParsedOptions
    ) throws(Failure) {
        let value: String
        if row.value == nil {
            value = try String(GoBool.parse(given ?? "true", named: "--\(row.name)"))
        } else if let given = given ?? rest.popFirst() {
            value = given
        } else {
            throw Failure(.usage, "missing value for \(word) of `\(command)`")
        }
        parsed.values[row.name, default: []].append(value)
    }

    private func row(_ name: String) -> OptionRow? {
        rows.first { $0.name == name || $0.former == name }
    }

    private func add(
        _ environment: [String: String], to parsed: inout ParsedOptions
    ) throws(Failure) {
        for row in rows where parsed.values[row.name] == nil {
            let variable = "FAKEDAPR_" + String(row.name.uppercased().map { $0 == "-" ? "_" : $0 })
            guard let value = environment[variable], !value.isEmpty else { continue }
            parsed.values[row.name] =
                try row.value == nil ? [String(GoBool.parse(value, named: variable))] : [value]
        }
    }

    private func checkRequired(_ parsed: ParsedOptions) throws(Failure) {
        guard !parsed.wantsHelp else { return }
        let missing = rows.filter { $0.isRequired && parsed.values[$0.name] == nil }.map(\.name)
        guard !missing.isEmpty else { return }
        let names = missing.map { "\"\($0)\"" }.joined(separator: ", ")
        throw Failure(
            .usage, "Error: required flag(s) \(names) not set\n\n\(usage)", isDiagnostic: true)
    }

    private func unknown(_ word: String) -> Failure {
        let name = word.drop { $0 == "-" }.prefix { $0 != "=" }
        let hint = Suggestion.nearest(to: String(name), among: rows.map(\.name))
            .map { ": did you mean --\($0)?" }
        return Failure(
            .usage,
            "unknown option `\(word)` of `\(command)`"
                + (hint ?? ": `fakedapr \(command) --help` names all"))
    }

    // MARK: Help

    private var usage: String {
        "USAGE: fakedapr \(command)" + (operands.map { " \($0)" } ?? "") + " [<options>]"
            + (isRunner ? " [--] [<command> ...]" : "")
    }

    /// The help page, laid out as argument-parser lays out the others.
    func help(
        _ abstract: String, _ discussion: String, actions: [(words: String, help: String)] = []
    ) -> String {
        var text = "OVERVIEW: \(abstract)\n\n\(Self.filled(discussion))\n\(usage)\n\n"
        if !actions.isEmpty {
            text += "ACTIONS:\n"
            for action in actions { text += OptionRow.line(action.words, action.help) }
            text += "\n"
        }
        text += "OPTIONS:\n"
        for row in rows where row.help != nil { text += row.line }
        text += OptionRow.flag("help", "h", "Show help information.").line
        let silent = rows.filter { $0.help == nil }.map { "--\($0.name)" }
        guard !silent.isEmpty else { return text }
        return text + "\nTAKEN WITHOUT EFFECT:\n" + Self.wrapped(silent.joined(separator: ", "))
    }

    /// Lines that are too long are broken; the others stay as they are.
    private static func filled(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map {
            $0.count > 80 ? wrapped(String($0), at: 0) : "\($0)\n"
        }.joined()
    }

    fileprivate static func wrapped(_ text: String, at column: Int = 2) -> String {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, column + line.count + 1 + word.count > 80 {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        let indent = String(repeating: " ", count: column)
        return (lines + [line]).map { "\(indent)\($0)\n" }.joined()
    }
}

extension OptionRow {
    fileprivate var line: String {
        let names =
            (short.map { "-\($0), " } ?? "") + "--\(name)" + (value.map { " <\($0)>" } ?? "")
        return Self.line(names, help ?? "")
    }

    fileprivate static func line(_ names: String, _ help: String) -> String {
        let column = 26
        let help = OptionTable.wrapped(help, at: column)
        guard names.count + 2 < column - 1 else { return "  \(names)\n\(help)" }
        return "  \(names)" + help.dropFirst(names.count + 2)
    }
}
