internal import Scenarios
internal import Transport
internal import WasmRunner
internal import YAML

/// The options of `scenario run`, and of `list` and `check`, which choose by the same ones.
enum ScenarioOptions {
    static let run = OptionTable(
        command: "scenario run",
        rows: choice + [
            .option(
                "jobs", "j", "n",
                "How many cases run at a time (default: as many as there are cores, one with --endpoint)."
            ),
            .flag("fail-fast", nil, "Begin no other case once one has failed."),
            .flag("last-failed", nil, "Run only the cases that failed last time."),
            .flag("watch", "w", "Run again whenever a file beside the scenarios changes."),
            .option(
                "report", nil, "form[=file]",
                "Besides, write junit, tap, jsonl, html or github; without a file to standard output. Repeatable."
            ),
            .option(
                "output", "o", "form", "text, or json: a line for each case and one for the run."),
            .flag(
                "timings", nil,
                "List every step with its duration, guests with compile, instantiate and run."),
            .option(
                "endpoint", nil, "url", "Run against this Dapr sidecar instead of ones of our own."),
            .option("redis-url", nil, "url", "The Redis of cases that want one."),
            .option(
                "compiler", nil, "name",
                "The compiler of guests: winch (fast to compile) or cranelift (fast code)."),
            .option("cache-dir", nil, "dir", "Where compiled guests are kept."),
        ], operands: "<scenarios> ...")

    /// What chooses cases.
    static let choice: [OptionRow] = [
        .option(
            "tag", "t", "tag",
            "Only scenarios with this tag; with `!tag` those without it. Repeatable."),
        .option(
            "filter", nil, "text",
            "Only cases whose title holds this text, whatever its case. Repeatable."),
        .option(
            "var", nil, "name=value",
            "A variable, or the one value that a matrix's takes. Repeatable."),
        .option("store", nil, "store", "Short for --var store=...: memory, sqlite or redis."),
    ]
}

extension ParsedOptions {
    /// The files, folders and names that were typed; ./Scenarios when there are none.
    func scenarioNames(_ command: String) throws(Failure) -> [String] {
        guard words.isEmpty else { return words }
        guard FileContents.isFolder("Scenarios") else {
            throw Failure(
                .usage,
                "`\(command)` says not which scenarios: name files or folders, or make a folder "
                    + "Scenarios here")
        }
        return ["Scenarios"]
    }

    /// One of several words; nil when none was given.
    func word(_ name: String, of words: [String]) throws(Failure) -> String? {
        guard let value = self[name] else { return nil }
        guard words.contains(value) else {
            let near = Suggestion.nearest(to: value, among: words)
            throw Failure(
                .usage,
                "invalid --\(name) `\(value)`: "
                    + (near.map { "did you mean \($0)?" }
                        ?? "write \(words.joined(separator: ", "))"))
        }
        return value
    }

    /// Whether results are to be JSON.
    func wantsJSON() throws(Failure) -> Bool {
        try word("output", of: ["text", "json"]) == "json"
    }

    /// `--var` and `--store`.
    func variables() throws(Failure) -> [String: String] {
        var variables: [String: String] = [:]
        for pair in values["var"] ?? [] {
            guard let sign = pair.firstIndex(of: "="), sign != pair.startIndex else {
                throw Failure(.usage, "invalid --var `\(pair)`: write NAME=VALUE")
            }
            variables[String(pair[..<sign])] = String(pair[pair.index(after: sign)...])
        }
        if let store = try word("store", of: StoreKind.allCases.map(\.rawValue)) {
            variables["store"] = store
        }
        return variables
    }

    func jobs() throws(Failure) -> Int? {
        guard let jobs = try number("jobs") else { return nil }
        guard jobs > 0 else { throw Failure(.usage, "invalid --jobs: write 1 or more") }
        return jobs
    }

    func compiler() throws(Failure) -> EngineSettings.Compiler? {
        try word("compiler", of: EngineSettings.Compiler.allCases.map(\.rawValue))
            .flatMap { EngineSettings.Compiler(rawValue: $0) }
    }
}
