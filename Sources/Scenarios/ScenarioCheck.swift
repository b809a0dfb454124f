internal import Blocks
internal import Matching
package import YAML

/// What can be known to be wrong before anything is run: variables without a value, apps that are not
/// there. Pure.
package struct ScenarioCheck {
    private let scenario: Scenario
    /// Variables that have a value by now; what it is does not matter here.
    private var known: [String: String] = [:]
    /// The file that is looked at.
    private var source: SourceText

    private init(_ scenario: Scenario, given: [String]) {
        self.scenario = scenario
        source = scenario.source
        for (variable, _) in scenario.matrix.variables { known[variable] = "" }
        for (variable, _) in scenario.matrix.included.joined() { known[variable] = "" }
        for variable in given { known[variable] = "" }
    }

    /// - Parameter given: variables that have a value without the matrix.
    package static func check(_ scenario: Scenario, given: [String]) throws(Diagnostic) {
        var check = Self(scenario, given: given)
        try check.components(scenario.sidecar.components, scenario.sidecar.resources)
        for app in scenario.apps { try check.app(app) }
        for step in scenario.setup + scenario.steps + scenario.always { try check.step(step) }
    }

    private func components(
        _ components: [(name: String, type: Template)]?, _ resources: [Template]
    ) throws(Diagnostic) {
        for component in components ?? [] { try template(component.type) }
        for resource in resources { try template(resource) }
    }

    private func app(_ app: AppDescription) throws(Diagnostic) {
        guard app.id != scenario.sidecar.appID else {
            throw refused(
                "`\(app.id)` is the app id of the scenario's own sidecar", app.span,
                hint: "give one of them another id")
        }
        try components(app.components, app.resources)
        switch app.kind {
        case .command(let command):
            for word in command.words + command.environment.map(\.value) { try template(word) }
        // A rule may use what a step captures before its request is made.
        case .scripted: break
        }
    }

    private mutating func step(_ step: Step) throws(Diagnostic) {
        source = step.source
        switch step.action {
        case .guest(let guest):
            try template(guest.module)
            for argument in guest.arguments { try template(argument) }
            for (_, value) in guest.environment { try template(value) }
            if let input = guest.input { try template(input) }
        case .request(let request): try self.request(request)
        case .verify(let verify):
            for expectation in verify.question.queries.flatMap(\.expectations) {
                try matcher(expectation.matcher)
            }
        case .group(let group): try self.group(group)
        }
        for expectation in step.expectations { try matcher(expectation.matcher) }
        for (variable, _, _) in step.captures { known[variable] = "" }
    }

    /// What a round names is known inside alone, what is captured there from then on.
    private mutating func group(_ group: StepGroup) throws(Diagnostic) {
        let before = known
        for (name, value) in group.rounds.first ?? [] {
            try template(value)
            known[name] = ""
        }
        let names = Set((group.rounds.first ?? []).map(\.name))
        for step in group.steps { try self.step(step) }
        for name in names { known[name] = before[name] }
    }

    private func request(_ request: RequestStep) throws(Diagnostic) {
        let apps = scenario.apps.map(\.id)
        if let app = request.app, !apps.contains(app.id), app.id != scenario.sidecar.appID {
            throw refused(
                "there is no app `\(app.id)`", app.span,
                hint: Suggestion.hint(for: app.id, among: apps))
        }
        try template(request.target)
        for (_, value) in request.headers { try template(value) }
        switch request.body {
        case .text(let template): try self.template(template)
        case .json(let value, let span): try missing(value.filled(known).missing, span)
        case nil: break
        }
    }

    private func template(_ template: Template) throws(Diagnostic) {
        try missing(template.filled(known).missing, template.span)
    }

    private func matcher(_ matcher: Matcher) throws(Diagnostic) {
        guard let (name, span) = matcher.missing(known) else { return }
        try missing(name, span)
    }

    private func missing(_ name: String?, _ span: SourceSpan) throws(Diagnostic) {
        guard let name else { return }
        throw refused(
            "no value for ${\(name)}", span,
            hint: Template.hint(for: name, among: known.keys.sorted()))
    }

    private func refused(_ message: String, _ span: SourceSpan, hint: String?) -> Diagnostic {
        Diagnostic(.error, message, at: span, in: source, hint: hint)
    }
}
