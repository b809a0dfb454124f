/// What a command line holds.
struct ParsedOptions: Sendable {
    var values: [String: [String]] = [:]
    /// What is no option: the command to run, app ids.
    var words: [String] = []
    var wantsHelp = false

    /// The last value of an option; nil when it is empty or was not given.
    subscript(name: String) -> String? {
        guard let value = values[name]?.last, !value.isEmpty else { return nil }
        return value
    }

    func all(_ name: String) -> [String] {
        // pflag's lists take commas too.
        (values[name] ?? []).flatMap { $0.split(separator: ",").map(String.init) }
    }

    /// Without all other options.
    func keeping(_ names: [String]) -> ParsedOptions {
        ParsedOptions(values: values.filter { names.contains($0.key) })
    }

    func isSet(_ name: String) -> Bool { values[name]?.last == "true" }

    /// A number; nil when none was given.
    func number(_ name: String) throws(Failure) -> Int? {
        guard let text = self[name] else { return nil }
        guard let number = Int(text) else {
            throw Failure(.usage, "invalid --\(name) `\(text)`: write a number")
        }
        return number
    }

    /// A port; nil when one is to be chosen: `dapr` takes 0 and -1 for that.
    func port(_ name: String) throws(Failure) -> UInt16? {
        guard let number = try number(name), number > 0 else { return nil }
        guard let port = UInt16(exactly: number) else {
            throw Failure(.usage, "invalid --\(name) `\(number)`: write a number up to 65535")
        }
        return port
    }
}
