internal import Blocks
internal import HTTP
internal import JSON
internal import Matching
internal import Transport
internal import WasmRunner
internal import YAML

/// Does one step once: what came of it.
///
/// Confined to the case's loop.
struct StepPerformer {
    private let step: Step
    private let variables: [String: String]
    private let world: World
    private let guests: GuestLibrary
    private let interruption: Interruption

    init(
        _ step: Step, _ variables: [String: String], in world: World, guests: GuestLibrary,
        interruption: Interruption
    ) {
        self.step = step
        self.variables = variables
        self.world = world
        self.guests = guests
        self.interruption = interruption
    }

    func perform() async throws(StepFailure) -> Outcome {
        switch step.action {
        case .guest(let guest): try await perform(guest)
        case .request(let request): try await perform(request)
        case .verify(let question): try await verify(question)
        // The runner takes groups apart.
        case .group: Outcome()
        }
    }

    private func perform(_ request: RequestStep) async throws(StepFailure) -> Outcome {
        var fields: [Response.Field] = []
        for (name, value) in request.headers {
            fields.append(Response.Field(name, try fill(value)))
        }
        let body = try request.body.map { body throws(StepFailure) in try fill(body) } ?? ""
        let isConnecting = { (error: ExchangeError) in
            if case .cannotConnect = error { true } else { false }
        }
        let target = try fill(request.target)
        let outgoing = OutgoingRequest(
            method: request.method, target: Array(target.utf8)[...],
            host: world.endpoint(of: request.app?.id).host, fields: fields,
            body: Array(body.utf8)[...])
        do throws(ExchangeError) {
            let answer = try await world.send(
                outgoing, to: request.app?.id, timeout: request.timeout)
            return Outcome(answer)
        } catch {
            throw StepFailure(
                "\(request.method) \(target): no answer: \(ExchangeTexts.text(error))",
                at: step.span, isInfrastructure: isConnecting(error))
        }
    }

    private func perform(_ guest: GuestStep) async throws(StepFailure) -> Outcome {
        let path = step.path(of: try fill(guest.module))
        var run = GuestRun(name: path, boundary: world.boundary)
        for argument in guest.arguments { run.arguments.append(try fill(argument)) }
        for (name, value) in guest.environment { run.environment.append((name, try fill(value))) }
        if let input = guest.input { run.input = Array(try fill(input).utf8)[...] }
        run.export = guest.export
        run.seed = guest.seed
        run.limits.time = guest.timeout
        do throws(GuestError) {
            let outcome = try await guests.run(run)
            world.note(outcome.calls)
            return Outcome(outcome)
        } catch {
            throw StepFailure(error.text, at: guest.module.span, isInfrastructure: true)
        }
    }

    private func verify(_ verify: VerifyStep) async throws(StepFailure) -> Outcome {
        for query in verify.question.queries {
            try query.expectations.checkVariables(variables)
        }
        let answer = await world.answer(verify.question, variables) {
            !interruption.isTriggered
        }
        guard let answer, !answer.holds else { return Outcome() }
        var failure = StepFailure(
            answer.reason(verify.question), at: answer.place(verify.question) ?? verify.span,
            expected: verify.question.expected,
            actual: String(answer.count))
        failure.context = answer.evidence
        throw failure
    }

    // MARK: Texts

    private func fill(_ template: Template) throws(StepFailure) -> String {
        try template.filled(in: variables)
    }

    private func fill(_ body: MessageBody) throws(StepFailure) -> String {
        switch body {
        case .text(let template): return try fill(template)
        case .json(let value, let span):
            let (filled, missing) = value.filled(variables)
            if let missing { throw .noValue(missing, at: span, among: variables) }
            return filled.text
        }
    }
}

extension Template {
    /// The text with its variables filled in.
    func filled(in variables: [String: String]) throws(StepFailure) -> String {
        let (text, missing) = filled(variables)
        guard let text else { throw .noValue(missing ?? "", at: span, among: variables) }
        return text
    }
}

extension StepFailure {
    static func noValue(
        _ name: String, at span: SourceSpan, among variables: [String: String]
    ) -> StepFailure {
        StepFailure(
            "no value for ${\(name)}", at: span,
            hint: Template.hint(for: name, among: variables.keys.sorted()))
    }
}

extension [Expectation] {
    /// Before a step is done: what it expects must not ask for what there is not.
    func checkVariables(_ variables: [String: String]) throws(StepFailure) {
        for expectation in self {
            guard let (name, span) = expectation.matcher.missing(variables) else { continue }
            throw .noValue(name, at: span, among: variables)
        }
    }
}

extension Step {
    /// Its name with what variables have values filled in.
    func named(_ variables: [String: String]) -> String {
        Template.filled(name, variables).text ?? name
    }

    /// What of an outcome is not what was expected.
    func failures(of outcome: Outcome, _ variables: [String: String]) -> [StepResult.Failure] {
        expectations.compactMap { expectation in
            let value = outcome.value(expectation.part)
            guard
                let problem = expectation.matcher.mismatch(
                    value, at: expectation.part, variables)
            else { return nil }
            let message = expectation.reason ?? "\(problem.path) is not what was expected"
            return StepResult.Failure(
                diagnostic: Diagnostic(
                    .error, message, at: problem.span, in: source, hint: problem.hint),
                expected: problem.expected, actual: problem.actual, isInfrastructure: false,
                context: outcome.context(for: expectation.part))
        }
    }
}
