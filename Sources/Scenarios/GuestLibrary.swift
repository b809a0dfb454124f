internal import Transport
package import WasmRunner

/// The guests of a scenario run: one engine for all of them, every module compiled once.
///
/// Shared by the loops of all cases; the engine is made when the first guest is to run.
package final class GuestLibrary: Sendable {
    private struct State {
        var runner: GuestRunner?
        var modules: [String: (module: CompiledModule, timings: GuestTimings)] = [:]
    }

    private let cache: ModuleCache?
    private let compiler: EngineSettings.Compiler?
    private let state = Guarded(State())

    /// - Parameter compiler: nil for Winch, and Cranelift for what Winch does not know.
    package init(cache: ModuleCache?, compiler: EngineSettings.Compiler? = nil) {
        self.cache = cache
        self.compiler = compiler
    }

    /// Runs a guest on a thread of its own; the caller's loop goes on meanwhile.
    package func run(_ run: GuestRun) async throws(GuestError) -> GuestOutcome {
        try await Suspension<Result<GuestOutcome, GuestError>>.suspend { suspension in
            do throws(SystemError) {
                try Thread.start(stackSize: 2 << 20) { [self] in
                    let result: Result<GuestOutcome, GuestError>
                    do throws(GuestError) { result = .success(try runBlocking(run)) } catch {
                        result = .failure(error)
                    }
                    suspension.resume(returning: result)
                }
            } catch {
                suspension.resume(returning: .failure(.thread(error)))
            }
        }.get()
    }

    private func runBlocking(_ run: GuestRun) throws(GuestError) -> GuestOutcome {
        let (runner, module, timings) = try prepare(run.name)
        var outcome = try runner.run(run, module)
        outcome.timings.load = timings.load
        outcome.timings.compile = timings.compile
        outcome.timings.isCached = timings.isCached
        return outcome
    }

    private func prepare(
        _ path: String
    ) throws(GuestError) -> (GuestRunner, CompiledModule, GuestTimings) {
        try state.withLock {
            state -> Result<(GuestRunner, CompiledModule, GuestTimings), GuestError> in
            do throws(GuestError) {
                let runner: GuestRunner
                let start = Reactor.monotonicNow()
                if let known = state.runner {
                    runner = known
                } else {
                    var settings = EngineSettings()
                    settings.compiler = compiler ?? settings.compiler
                    runner = GuestRunner(
                        try Engine(settings), cache: cache, fallsBack: compiler == nil)
                }
                let load = Duration.nanoseconds(Reactor.monotonicNow() - start)
                state.runner = runner
                if let known = state.modules[path] {
                    return .success((runner, known.module, known.timings))
                }
                let made = try runner.module(try GuestRunner.read(path))
                var again = made.timings
                again.compile = .zero
                again.isCached = true
                state.modules[path] = (made.module, again)
                var first = made.timings
                first.load = load
                return .success((runner, made.module, first))
            } catch {
                return .failure(error)
            }
        }.get()
    }
}
