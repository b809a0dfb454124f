internal import Backends
internal import Blocks
internal import Glibc
internal import Transport

/// The life of `run -f`: a sidecar per application in one sandbox, then the applications, until all
/// have ended, a signal comes, or one cannot be started. Lives on its loop.
final class RunFileProcess {
    private let plan: RunFilePlan
    private let console: Console
    /// `--stay`: to go on when all applications have ended, as Dapr does.
    private let stays: Bool
    private let signals: TerminationSignals
    private let stop = StopRequest()
    private var apps: [FileApp] = []
    private var factory: SandboxFactory?

    init(
        _ plan: RunFilePlan, _ console: Console, stays: Bool, _ signals: TerminationSignals
    ) {
        self.plan = plan
        self.console = console
        self.stays = stays
        self.signals = signals
    }

    /// - Returns: the status to exit with: the worst of the applications that ended by themselves.
    func run(on loop: isolated EventLoop) async throws -> Int32 {
        waitForSignals(on: loop)
        let sandbox = (plan.apps.first?.app.sidecar.world ?? SandboxPlan()).sandbox(on: loop)
        let notes = plan.apps.first?.app.registry.join(sandbox)
        defer { notes?.close() }
        let changes = Waiters(on: loop.reactor)
        apps = plan.apps.map { FileApp($0, in: sandbox, run: plan, console, changes) }
        var status: Int32 = 0
        do throws(FileApp.StartError) {
            // All sidecars are there before the first application speaks.
            for app in apps {
                try await app.open(on: loop) { [self] in self.look() }
            }
            factory = SandboxFactory(of: apps.map(\.host), on: loop)
            for app in apps { loop.spawn { await self.start(app, on: loop) } }
            status = await stop.wait()
        } catch {
            status = tell(error)
        }
        await end(on: loop)
        await sandbox.close()
        let failed = apps.contains(where: \.hasFailed) ? ExitStatus.cannotRun.rawValue : 0
        return max(status, failed, apps.compactMap { $0.exit?.code }.max() ?? 0)
    }

    private func start(_ app: FileApp, on loop: EventLoop) async {
        do throws(FileApp.StartError) {
            try await app.waitForDependencies(apps)
            guard !stop.isAsked else { return }
            try await app.start(on: loop) { [self] in self.look() }
        } catch {
            guard !stop.isAsked else { return }
            stop.ask(tell(error))
        }
    }

    private func tell(_ error: FileApp.StartError) -> Int32 {
        console.failure("Error starting Dapr and app (\"\(error.app)\"): \(error.text)")
        return error.status.rawValue
    }

    /// Ends the run when no application is left. A sidecar alone goes on.
    private func look() {
        guard !stays, apps.allSatisfy(\.hasEnded) else { return }
        stop.ask(0)
    }

    // MARK: Ending

    private func end(on loop: isolated EventLoop) async {
        let rest = Countdown(apps.count)
        for app in apps {
            loop.spawn {
                await app.endApplication()
                rest.finishOne()
            }
        }
        await rest.wait()
        await factory?.close()
        // Sidecars answer until the last application is gone.
        for app in apps { await app.endSidecar(on: loop) }
    }

    private func waitForSignals(on loop: isolated EventLoop) {
        let reactor = loop.reactor
        loop.spawn { [self, signals] in
            guard (try? await signals.next(on: reactor)) != nil else { return }
            self.console.plain("")
            self.console.info(
                "Received signal to stop Dapr and app processes. "
                    + "Shutting down Dapr and app processes.")
            self.stop.ask(0)
            // A second signal does not wait.
            guard (try? await signals.next(on: reactor)) != nil else { return }
            for app in self.apps { app.kill() }
            ProcessExit.now(ExitStatus.interrupted.rawValue)
        }
    }
}

/// Waits until a number of tasks have finished. Confined to its loop.
final class Countdown {
    private var rest: Int
    private var waiting: Suspension<Void>?

    init(_ count: Int) { rest = count }

    func finishOne() {
        rest -= 1
        guard rest == 0 else { return }
        waiting?.resume()
        waiting = nil
    }

    /// For one task.
    func wait() async {
        await Suspension<Void>.suspend { suspension in
            if rest <= 0 { suspension.resume() } else { waiting = suspension }
        }
    }
}
