import Transport

@testable import WasmRunner

/// Runs guests given as text, each on a thread of its own: the tests' pool stays free.
enum Guests {
    /// The engine of most tests.
    static let engine: Result<Engine, GuestError> = makeEngine(EngineSettings())

    static func makeEngine(_ settings: EngineSettings) -> Result<Engine, GuestError> {
        do throws(GuestError) { return .success(try Engine(settings)) } catch {
            return .failure(error)
        }
    }

    static func run(
        _ module: String, allowed: [String]? = ["insecure:allow-all"],
        _ change: (inout GuestRun) -> Void = { _ in }
    ) async throws -> GuestOutcome {
        var run = GuestRun(name: "folder/guest.wasm", boundary: .reference(allowedHosts: allowed))
        change(&run)
        return try await self.run(Array(module.utf8), run, on: engine.get())
    }

    static func run(
        _ module: [UInt8], _ run: GuestRun, on engine: Engine, cache: ModuleCache? = nil
    ) async throws -> GuestOutcome {
        try await onThread { () throws(GuestError) in
            let runner = GuestRunner(engine, cache: cache)
            let (compiled, timings) = try runner.module(module)
            var outcome = try runner.run(run, compiled)
            outcome.timings.isCached = timings.isCached
            return outcome
        }.get()
    }

    private static func onThread(
        _ body: @escaping @Sendable () throws(GuestError) -> GuestOutcome
    ) async -> Result<GuestOutcome, GuestError> {
        await Suspension.suspend { suspension in
            do throws(SystemError) {
                try Thread.start(stackSize: 2 << 20) {
                    do throws(GuestError) {
                        suspension.resume(returning: .success(try body()))
                    } catch {
                        suspension.resume(returning: .failure(error))
                    }
                }
            } catch {
                suspension.resume(returning: .failure(.thread(error)))
            }
        }
    }
}
