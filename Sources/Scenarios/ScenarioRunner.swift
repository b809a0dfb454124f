internal import Blocks
internal import Bytes
internal import HTTP
internal import JSON
internal import Matching
package import Transport
internal import WasmRunner
internal import YAML

/// Runs one case in a world of its own. Returns a value and prints nothing.
///
/// Confined to the case's loop.
package final class ScenarioRunner {
    private let scenarioCase: ScenarioCase
    private let number: Int
    private let surroundings: Surroundings
    private let guests: GuestLibrary
    private var variables: [String: String]
    private var world: World?

    /// - Parameter number: which of all cases this is; makes names of its own from it.
    package init(
        _ scenarioCase: ScenarioCase, number: Int, in surroundings: Surroundings,
        guests: GuestLibrary
    ) {
        self.scenarioCase = scenarioCase
        self.number = number
        self.surroundings = surroundings
        self.guests = guests
        variables = scenarioCase.values
    }

    private var scenario: Scenario { scenarioCase.scenario }

    /// Runs the case: set-up and steps until one fails, then what is always to be run.
    package func run(on loop: isolated EventLoop) async -> CaseResult {
        let start = Reactor.monotonicNow()
        var results: [StepResult] = []
        do throws(StepFailure) {
            let opener = WorldOpener(scenarioCase, number: number, in: surroundings) { [self] in
                variables
            }
            world = try await opener.open(on: loop)
            for step in scenario.setup + scenario.steps {
                if surroundings.interruption.isTriggered { break }
                results.append(await run(step, heeding: surroundings.interruption, on: loop))
                if results.last?.failures.isEmpty == false { break }
            }
            for step in scenario.always {
                results.append(await run(step, heeding: nil, on: loop))
            }
        } catch {
            results.append(result("sidecar", [error.failure(in: scenario.source)], since: start))
        }
        await world?.close(on: loop)
        // Its scripted applications ask us for variables.
        world = nil
        return CaseResult(
            title: scenarioCase.title, file: scenario.file, steps: results,
            duration: .nanoseconds(Reactor.monotonicNow() - start),
            variables: scenarioCase.variables)
    }

    // MARK: Steps

    /// Runs a step until it is done or the run is interrupted.
    ///
    /// - Parameter interruption: nil for what is always to be done.
    private func run(
        _ step: Step, heeding interruption: Interruption?, on loop: EventLoop
    ) async -> StepResult {
        let start = Reactor.monotonicNow()
        let end = await StepRace<StepResult>.run(on: loop, until: nil, heeding: interruption) {
            await self.run(step)
        }
        switch end {
        case .done(let result): return result
        case .timedOut, .interrupted:
            // The request that is under way must not be in the way of those that always are.
            world?.abandon()
            let failure = StepFailure("it was interrupted", at: step.span)
            return result(step.name, [failure.failure(in: scenario.source)], since: start)
        }
    }

    private func run(_ step: Step) async -> StepResult {
        let start = Reactor.monotonicNow()
        if case .verify = step.action, world?.journal == nil {
            var skipped = result(step.name, [], since: start)
            skipped.skipped =
                "it asks the journal, which an endpoint of somebody else does not have"
            return skipped
        }
        do throws(StepFailure) {
            try checkVariables(step.expectations)
            let outcome = try await perform(step)
            var failures = check(step.expectations, outcome)
            if failures.isEmpty { failures += capture(step, outcome) }
            return result(step.name, failures, since: start, timings: outcome.timings)
        } catch {
            return result(step.name, [error.failure(in: scenario.source)], since: start)
        }
    }

    private func result(
        _ name: String, _ failures: [StepResult.Failure], since start: MonotonicTime,
        timings: String? = nil
    ) -> StepResult {
        StepResult(
            name: name, failures: failures,
            duration: .nanoseconds(Reactor.monotonicNow() - start), guestTimings: timings)
    }

    private func perform(_ step: Step) async throws(StepFailure) -> Outcome {
        switch step.action {
        case .guest(let guest): try await perform(guest, step)
        case .request(let request): try await perform(request, step)
        case .verify(let question): try await verify(question, step)
        }
    }

    private func perform(_ step: RequestStep, _ whole: Step) async throws(StepFailure) -> Outcome {
        guard let world else { return Outcome() }
        var fields: [Response.Field] = []
        for (name, value) in step.headers {
            fields.append(Response.Field(name, try fill(value)))
        }
        let body = try step.body.map { body throws(StepFailure) in try fill(body) } ?? ""
        let isConnecting = { (error: ExchangeError) in
            if case .cannotConnect = error { true } else { false }
        }
        let request = OutgoingRequest(
            method: step.method, target: Array(try fill(step.target).utf8)[...],
            host: world.endpoint(of: step.app?.id).host, fields: fields, body: Array(body.utf8)[...]
        )
        do throws(ExchangeError) {
            return Outcome(try await world.send(request, to: step.app?.id, timeout: step.timeout))
        } catch {
            throw StepFailure(
                "\(step.method) \(step.target.text): no answer: \(ExchangeTexts.text(error))",
                at: whole.span, isInfrastructure: isConnecting(error))
        }
    }

    private func perform(_ step: GuestStep, _ whole: Step) async throws(StepFailure) -> Outcome {
        guard let world else { return Outcome() }
        let module = try fill(step.module)
        let path = scenario.path(of: module)
        var run = GuestRun(name: path, boundary: world.boundary)
        for argument in step.arguments { run.arguments.append(try fill(argument)) }
        for (name, value) in step.environment { run.environment.append((name, try fill(value))) }
        if let input = step.input { run.input = Array(try fill(input).utf8)[...] }
        run.export = step.export
        run.seed = step.seed
        run.limits.time = step.timeout
        do throws(GuestError) {
            let outcome = try await guests.run(run)
            world.note(outcome.calls)
            return Outcome(outcome)
        } catch {
            throw StepFailure(error.text, at: step.module.span, isInfrastructure: true)
        }
    }

    private func verify(
        _ verify: VerifyStep, _ step: Step
    ) async throws(StepFailure) -> Outcome {
        for query in verify.question.queries { try checkVariables(query.expectations) }
        let answer = await world?.answer(verify.question, variables) { [surroundings] in
            !surroundings.interruption.isTriggered
        }
        guard let answer, !answer.holds else { return Outcome() }
        var failure = StepFailure(
            answer.reason(verify.question), at: verify.span, expected: verify.question.expected,
            actual: String(answer.count))
        failure.context = answer.nearestText
        throw failure
    }

    // MARK: Outcomes

    private func check(
        _ expectations: [Expectation], _ outcome: Outcome
    ) -> [StepResult.Failure] {
        expectations.compactMap { expectation in
            let value = outcome.value(expectation.part)
            guard
                let problem = expectation.matcher.mismatch(
                    value, at: expectation.part, variables)
            else { return nil }
            let message = expectation.reason ?? "\(problem.path) is not what was expected"
            return StepResult.Failure(
                diagnostic: Diagnostic(.error, message, at: problem.span, in: scenario.source),
                expected: problem.expected, actual: problem.actual, isInfrastructure: false,
                context: outcome.context(for: expectation.part))
        }
    }

    private func capture(_ step: Step, _ outcome: Outcome) -> [StepResult.Failure] {
        step.captures.compactMap { variable, path, span in
            guard let value = outcome.value(path) else {
                let failure = StepFailure("nothing to capture at `\(path)`", at: span)
                return failure.failure(in: scenario.source)
            }
            variables[variable] = value.string ?? value.text
            return nil
        }
    }

    /// Before a step is done: what it expects must not ask for what there is not.
    private func checkVariables(_ expectations: [Expectation]) throws(StepFailure) {
        for expectation in expectations {
            guard let (name, span) = expectation.matcher.missing(variables) else { continue }
            throw noValue(name, at: span)
        }
    }

    private func fill(_ template: Template) throws(StepFailure) -> String {
        let (text, missing) = template.filled(variables)
        guard let text else { throw noValue(missing ?? "", at: template.span) }
        return text
    }

    private func fill(_ body: MessageBody) throws(StepFailure) -> String {
        switch body {
        case .text(let template): return try fill(template)
        case .json(let value, let span):
            let (filled, missing) = value.filled(variables)
            if let missing { throw noValue(missing, at: span) }
            return filled.text
        }
    }

    private func noValue(_ name: String, at span: SourceSpan) -> StepFailure {
        StepFailure(
            "no value for ${\(name)}", at: span,
            hint: Template.hint(for: name, among: variables.keys.sorted()))
    }
}
