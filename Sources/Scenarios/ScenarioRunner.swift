internal import JSON
internal import Matching
package import Transport
internal import YAML

/// Runs one case in a world of its own. Returns a value and prints nothing.
///
/// Confined to the case's loop.
package final class ScenarioRunner {
    private let scenarioCase: ScenarioCase
    private let number: Int
    private let surroundings: Surroundings
    private let guests: GuestLibrary
    /// The case's own, and what steps have captured.
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

    /// What holds for the steps of one list.
    private struct Scope {
        /// Variables of the rounds they are in.
        var locals: [String: String] = [:]
        /// When what they are part of is to be done.
        var deadline: (time: MonotonicTime, what: String)?
        /// nil for what is always to be done.
        var interruption: Interruption?
    }

    /// Runs the case: set-up and steps until one fails, then what is always to be run.
    package func run(on loop: isolated EventLoop) async -> CaseResult {
        let start = Reactor.monotonicNow()
        var results: [StepResult] = []
        do throws(StepFailure) {
            let opener = WorldOpener(scenarioCase, number: number, in: surroundings) { [self] in
                variables
            }
            world = try await opener.open(on: loop)
            var scope = Scope(interruption: surroundings.interruption)
            scope.deadline = scenario.timeout.map {
                (Reactor.monotonicNow() + $0.nanoseconds, "the scenario took longer than \($0)")
            }
            results += await run(scenario.setup + scenario.steps, in: scope, on: loop)
            for step in scenario.always { results += await run(step, in: Scope(), on: loop) }
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

    // MARK: Lists and groups

    /// One after the other, until one fails.
    private func run(
        _ steps: [Step], in scope: Scope, on loop: EventLoop
    ) async -> [StepResult] {
        var results: [StepResult] = []
        for step in steps {
            if scope.interruption?.isTriggered == true { break }
            let more = await run(step, in: scope, on: loop)
            results += more
            if more.contains(where: \.hasFailed) { break }
        }
        return results
    }

    private func run(_ step: Step, in scope: Scope, on loop: EventLoop) async -> [StepResult] {
        guard case .group(let group) = step.action else {
            return [await single(step, in: scope, on: loop)]
        }
        let start = Reactor.monotonicNow()
        var scope = scope
        if let timeout = group.timeout {
            let time = start + timeout.nanoseconds
            if time < scope.deadline?.time ?? .max {
                scope.deadline = (time, "the steps took longer than \(timeout)")
            }
        }
        do throws(StepFailure) {
            let scopes = try rounds(of: group, in: scope)
            let results =
                group.isParallel
                ? await atATime(group.steps, scopes, on: loop)
                : await inTurn(group.steps, scopes, on: loop)
            return results.map { $0.inside(step.name) }
        } catch {
            return [result(step.name, [error.failure(in: step.source)], since: start)]
        }
    }

    private func rounds(
        of group: StepGroup, in scope: Scope
    ) throws(StepFailure) -> [Scope] {
        var scopes: [Scope] = []
        for round in group.rounds {
            var inner = scope
            for (name, value) in round {
                inner.locals[name] = try value.filled(in: variables(inner))
            }
            scopes.append(inner)
        }
        return scopes
    }

    private func inTurn(
        _ steps: [Step], _ scopes: [Scope], on loop: EventLoop
    ) async -> [StepResult] {
        var results: [StepResult] = []
        for scope in scopes {
            let more = await run(steps, in: scope, on: loop)
            results += more
            if more.contains(where: \.hasFailed) { break }
        }
        return results
    }

    /// All at a time; the results come in the steps' order.
    private func atATime(
        _ steps: [Step], _ scopes: [Scope], on loop: EventLoop
    ) async -> [StepResult] {
        let all = scopes.flatMap { scope in steps.map { (step: $0, scope: scope) } }
        let gathering = Gathering(all.count)
        await Suspension<Void>.suspend { suspension in
            guard !all.isEmpty else { return suspension.resume() }
            for (index, one) in all.enumerated() {
                loop.spawn {
                    let results = await self.run(one.step, in: one.scope, on: loop)
                    if gathering.isComplete(with: results, at: index) { suspension.resume() }
                }
            }
        }
        return gathering.results.flatMap(\.self)
    }

    // MARK: One step

    private func variables(_ scope: Scope) -> [String: String] {
        scope.locals.isEmpty ? variables : variables.merging(scope.locals) { $1 }
    }

    /// Runs a step until it is done, the time of what it is part of is up, or the run is interrupted.
    private func single(_ step: Step, in scope: Scope, on loop: EventLoop) async -> StepResult {
        let start = Reactor.monotonicNow()
        let end = await StepRace<StepResult>.run(
            on: loop, until: scope.deadline?.time, heeding: scope.interruption
        ) {
            await self.retried(step, in: scope, on: loop)
        }
        let message: String
        switch end {
        case .done(let result): return result
        case .timedOut: message = scope.deadline?.what ?? ""
        case .interrupted: message = "it was interrupted"
        }
        // The requests that are under way must not be in the way of those that always are.
        world?.abandon()
        let failure = StepFailure(message, at: step.span).failure(in: step.source)
        return result(step.named(variables(scope)), [failure], since: start)
    }

    /// Does a step again until what it expects is so.
    private func retried(_ step: Step, in scope: Scope, on loop: EventLoop) async -> StepResult {
        guard let retry = step.retry else { return await once(step, in: scope) }
        let start = Reactor.monotonicNow()
        let deadline = start + retry.patience.nanoseconds
        var tries = 1
        while true {
            var last = await once(step, in: scope)
            let next = Reactor.monotonicNow() + retry.pause.nanoseconds
            guard last.hasFailed, tries < retry.times, next < deadline,
                scope.interruption?.isTriggered != true
            else {
                last.duration = .nanoseconds(Reactor.monotonicNow() - start)
                last.tries = tries
                return last
            }
            tries += 1
            await loop.reactor.sleep(until: next)
        }
    }

    private func once(_ step: Step, in scope: Scope) async -> StepResult {
        let start = Reactor.monotonicNow()
        let variables = variables(scope)
        let name = step.named(variables)
        guard let world else { return result(name, [], since: start) }
        if world.journal == nil, let reason = step.needsSandbox {
            var skipped = result(name, [], since: start)
            skipped.skipped = reason
            return skipped
        }
        do throws(StepFailure) {
            try step.expectations.checkVariables(variables)
            let performer = StepPerformer(
                step, variables, in: world, guests: guests,
                interruption: surroundings.interruption)
            let outcome = try await performer.perform()
            var failures = step.failures(of: outcome, variables)
            if failures.isEmpty { failures = capture(step, outcome) }
            var done = result(name, failures, since: start, timings: outcome.timings)
            if surroundings.keepsAnswers { done.answer = outcome.answer }
            return done
        } catch {
            return result(name, [error.failure(in: step.source)], since: start)
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

    private func capture(_ step: Step, _ outcome: Outcome) -> [StepResult.Failure] {
        step.captures.compactMap { variable, path, span in
            guard let value = outcome.value(path) else {
                let failure = StepFailure("nothing to capture at `\(path)`", at: span)
                return failure.failure(in: step.source)
            }
            variables[variable] = value.string ?? value.text
            return nil
        }
    }
}

/// The results of steps that are done at a time. Confined to one loop.
private final class Gathering {
    private(set) var results: [[StepResult]]
    private var left: Int

    init(_ count: Int) {
        results = Array(repeating: [], count: count)
        left = count
    }

    /// - Returns: whether these were the last ones.
    func isComplete(with some: [StepResult], at index: Int) -> Bool {
        results[index] = some
        left -= 1
        return left == 0
    }
}

extension StepResult {
    /// As a part of a group, whose name goes before its own.
    fileprivate func inside(_ group: String) -> StepResult {
        guard !group.isEmpty else { return self }
        var copy = self
        copy.name = "\(group): \(name)"
        return copy
    }
}

extension Step {
    /// Why somebody else's endpoint is not asked; nil for what any Dapr can do.
    fileprivate var needsSandbox: String? {
        switch action {
        case .verify: "it asks the journal, which an endpoint of somebody else does not have"
        case .request(let request) where request.isControl:
            "it asks fakedapr itself, and the endpoint is somebody else's"
        default: nil
        }
    }
}
