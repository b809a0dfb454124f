internal import Scenarios
internal import Transport
internal import YAML

/// From what was typed to the cases that are meant.
struct ScenarioSelection {
    /// Files, folders and names.
    let names: [String]
    var tags: [String] = []
    var filters: [String] = []
    /// The names of `--var`.
    private let given: [String]
    /// What variables are to be, whatever a matrix says.
    var variables: [String: String] = [:]
    /// Whether the cases are run against somebody else's sidecar.
    var hasEndpoint = false

    init(_ options: ParsedOptions, _ command: String) throws(Failure) {
        names = try options.scenarioNames(command)
        tags = options.all("tag")
        filters = options.values["filter"] ?? []
        given = (options.values["var"] ?? []).map { String($0.prefix { $0 != "=" }) }
        variables = try options.variables()
        hasEndpoint = options["endpoint"] != nil
        // Which store stands behind somebody else's endpoint is not ours to say.
        if hasEndpoint, variables["store"] == nil { variables["store"] = "endpoint" }
    }

    /// The scenarios that have the tags, each checked; the first mistake is thrown.
    func scenarios() throws(Failure) -> [Scenario] {
        var all: [Scenario] = []
        for path in try ScenarioFiles.find(names) {
            do throws(Diagnostic) { all.append(try load(path)) } catch {
                throw Failure(error)
            }
        }
        try checkUse(of: all)
        let chosen = all.filter(hasTags)
        guard !chosen.isEmpty || tags.isEmpty else {
            let known = Set(all.flatMap(\.tags)).sorted()
            throw Failure(
                .usage,
                "no scenario has the tags of --tag \(tags.joined(separator: ", ")): "
                    + (known.isEmpty
                        ? "there are none" : "there are \(known.joined(separator: ", "))"))
        }
        return chosen
    }

    /// A variable that nothing asks for changes nothing: nearly one that is asked for, it is a slip;
    /// else it is told, for who runs many files one by one gives all of them the same.
    private func checkUse(of scenarios: [Scenario]) throws(Failure) {
        let known = scenarios.reduce(into: Set<String>()) { $0.formUnion($1.variableNames) }
        for name in given where !known.contains(name) {
            let problem = "no scenario has a use for --var \(name)"
            if let near = Suggestion.nearest(to: name, among: known.sorted()) {
                throw Failure(.usage, "\(problem): did you mean \(near)?")
            }
            StandardError.write("fakedapr: \(problem)")
        }
    }

    /// Reads and checks one file.
    func load(_ path: String) throws(Diagnostic) -> Scenario {
        let scenario = try ScenarioFiles.load(path)
        let all = cases(of: scenario)
        try ScenarioCheck.check(
            scenario, given: variables.keys + (all.first?.given.keys.map(\.self) ?? []))
        try GuestFiles.check(scenario)
        if hasEndpoint {
            guard let app = scenario.apps.first else { return scenario }
            throw Diagnostic(
                .error, "--endpoint cannot start the app `\(app.id)`", at: app.span,
                in: scenario.source,
                hint: "run it without --endpoint, or put what needs no apps into a file of its own")
        }
        for one in all { try one.checkComponents() }
        return scenario
    }

    func cases() throws(Failure) -> [ScenarioCase] {
        let all = try scenarios().flatMap(cases)
        guard !all.isEmpty else {
            throw Failure(
                .usage,
                "no case is left: with --var and --store as they are, every one is excluded by its "
                    + "matrix")
        }
        guard !filters.isEmpty else { return all }
        let chosen = all.filter { one in
            let title = one.title.lowercased()
            return filters.contains { title.contains($0.lowercased()) }
        }
        guard !chosen.isEmpty else {
            let texts = filters.map { "`\($0)`" }.joined(separator: " or ")
            throw Failure(
                .usage, "no title holds \(texts): `fakedapr scenario list` shows all of them")
        }
        return chosen
    }

    func cases(of scenario: Scenario) -> [ScenarioCase] {
        ScenarioCase.all(of: scenario, fixed: variables, environment: ProcessEnvironment.all)
    }

    /// Any of those that are wanted, none of those that are not.
    private func hasTags(_ scenario: Scenario) -> Bool {
        let unwanted = tags.filter { $0.hasPrefix("!") }.map { String($0.dropFirst()) }
        let wanted = tags.filter { !$0.hasPrefix("!") }
        return !scenario.tags.contains { unwanted.contains($0) }
            && (wanted.isEmpty || scenario.tags.contains { wanted.contains($0) })
    }
}
