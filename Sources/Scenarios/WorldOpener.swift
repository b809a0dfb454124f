internal import Blocks
internal import Matching
internal import Transport
internal import YAML

/// Opens the world of a case: the scenario's own sidecar, then those of its applications, then the
/// applications, and waits until each can be spoken to.
///
/// Confined to the case's loop.
struct WorldOpener {
    private let scenarioCase: ScenarioCase
    private let number: Int
    private let surroundings: Surroundings
    private let variables: () -> [String: String]

    /// - Parameter variables: what they are when a scripted application answers.
    init(
        _ scenarioCase: ScenarioCase, number: Int, in surroundings: Surroundings,
        variables: @escaping () -> [String: String]
    ) {
        self.scenarioCase = scenarioCase
        self.number = number
        self.surroundings = surroundings
        self.variables = variables
    }

    private var scenario: Scenario { scenarioCase.scenario }

    /// Opens it; what was begun is ended when something fails.
    func open(on loop: isolated EventLoop) async throws(StepFailure) -> World {
        if let endpoint = surroundings.endpoint { return World(endpoint, on: loop) }
        let opener = surroundings.opener(number)
        let world = try await own(opener, on: loop)
        do throws(StepFailure) { try await addApps(to: world, opener, on: loop) } catch {
            await world.close(on: loop)
            throw error
        }
        return world
    }

    /// With the scenario's own sidecar alone.
    private func own(
        _ opener: any ComponentOpener, on loop: isolated EventLoop
    ) async throws(StepFailure) -> World {
        let description = scenario.sidecar
        let parts = try parts(description.appID, description.components, description.resources)
        do throws(ComponentFailure) {
            return try await World(
                description.appID, parts, opener: opener,
                keyPrefix: surroundings.keyPrefix(number), random: scenario.random, on: loop)
        } catch {
            throw failure(error, at: nil)
        }
    }

    private func addApps(
        to world: World, _ opener: any ComponentOpener, on loop: isolated EventLoop
    ) async throws(StepFailure) {
        var started: [(CaseSidecar, AppDescription)] = []
        // Every sidecar is there before any application is.
        for app in scenario.apps {
            let parts = try self.parts(
                app.id, app.components, app.resources + scenario.sidecar.resources)
            do throws(ComponentFailure) {
                let sidecar = try await world.add(app.id, parts, opener: opener, on: loop)
                try start(app, in: sidecar, parts.resources.subscriptions, on: loop)
                started.append((sidecar, app))
            } catch {
                throw failure(error, at: app.span)
            }
        }
        for (sidecar, app) in started {
            do throws(ComponentFailure) {
                try await sidecar.waitUntilReady(within: app.patience)
            } catch {
                throw failure(error, at: app.span, wrote: sidecar.output)
            }
        }
    }

    private func start(
        _ app: AppDescription, in sidecar: CaseSidecar, _ subscriptions: [Subscription],
        on loop: isolated EventLoop
    ) throws(ComponentFailure) {
        switch app.kind {
        case .scripted(let description):
            let scripted = ScriptedApp(
                app.id, description, in: sidecar.sidecar.sandbox, variables: variables)
            try sidecar.start(scripted, subscriptions: subscriptions, on: loop)
        case .command(let command):
            let values = scenarioCase.values
            let words = command.words.map { $0.filled(values).text ?? $0.text }
            let environment = Dictionary(
                command.environment.map {
                    ($0.name, $0.value.filled(values).text ?? $0.value.text)
                },
                uniquingKeysWith: { $1 })
            try sidecar.start(
                words, environment: environment, in: scenario.folder, listens: command.listens,
                subscriptions: subscriptions)
        }
    }

    /// Components by type go before those of files.
    private func parts(
        _ id: String, _ described: [(name: String, type: Template)]?, _ paths: [Template]
    ) throws(StepFailure) -> CaseSidecar.Parts {
        var parts = CaseSidecar.Parts()
        parts.resources = try scenarioCase.resources(of: id, paths)
        let found = parts.resources.components
        // Files that bring components stand for those that nobody has named.
        if described != nil || scenario.sidecar.components != nil || found.isEmpty {
            do throws(Diagnostic) {
                parts.components = try scenarioCase.components(described)
            } catch {
                throw StepFailure(
                    error.message, at: error.span, hint: error.hint, isInfrastructure: true)
            }
        }
        let names = parts.components.map(\.name)
        parts.components += found.filter { !names.contains($0.name) }
        return parts
    }

    private func failure(
        _ error: ComponentFailure, at span: SourceSpan?, wrote output: String = ""
    ) -> StepFailure {
        let place = scenario.sidecar.components?.first { $0.name == error.component }?.type.span
        var failure = StepFailure(
            error.message, at: place ?? span ?? StepFailure.start, isInfrastructure: true)
        if !output.isEmpty { failure.context = "the app wrote\n\(output)" }
        return failure
    }
}
