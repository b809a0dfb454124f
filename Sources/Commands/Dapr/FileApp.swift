internal import Backends
internal import Blocks
internal import Glibc
internal import Transport

/// One application of a run file with its sidecar, from its dependencies to its end. Confined to its
/// loop.
final class FileApp: AppObserver {
    /// Why it did not start, and the status that says so.
    struct StartError: Error {
        let app: String
        let text: String
        let status: ExitStatus
    }

    private enum Stage: Int, Comparable {
        case waiting, started, ready

        static func < (a: Stage, b: Stage) -> Bool { a.rawValue < b.rawValue }
    }

    let plan: FileAppPlan
    /// How the application ended by itself.
    private(set) var exit: ProgramExit?
    let host: SidecarHost
    private let run: RunFilePlan
    private let console: Console
    /// Woken when this or another application has come further.
    private let changes: Waiters
    private var stage = Stage.waiting
    private var group: ProcessGroup?
    private var output: AppOutput?
    private var isStopping = false
    private var isSidecarEnded = false
    private var registration: SidecarRegistration?
    /// Whether its sidecar could not go on: a resource that was changed.
    private(set) var hasFailed = false
    /// Whether its sidecar was told to stop by request.
    private var isShutDown = false

    private var app: AppPlan { plan.app }
    private var awaited: AwaitedApps { host.sidecar.sandbox.awaited }

    init(
        _ plan: FileAppPlan, in sandbox: Sandbox, run: RunFilePlan, _ console: Console,
        _ changes: Waiters
    ) {
        self.plan = plan
        self.run = run
        self.console = console
        self.changes = changes
        host = SidecarHost(plan.app.sidecar, in: sandbox)
    }

    /// Whether nothing of it is waited for any more.
    var hasEnded: Bool { exit != nil || isShutDown }

    /// Opens the sidecar.
    ///
    /// - Parameter onEnd: called when somebody has shut it down by request.
    func open(
        on loop: isolated EventLoop, onEnd: @escaping () -> Void
    ) async throws(StartError) {
        let end: () -> Void = { [weak self] in
            guard let self, !self.isStopping else { return }
            self.isShutDown = true
            self.awaited.remove(self.app.appID)
            loop.spawn {
                await self.endApplication()
                await self.endSidecar(on: loop)
                onEnd()
            }
        }
        host.onFailure = { [weak self] in
            self?.hasFailed = true
            end()
        }
        do throws(Failure) {
            register(try await host.open(on: loop) { _ in end() })
            // From before the first application speaks.
            if app.sidecar.appPort != nil { awaited.add(app.appID) }
        } catch {
            throw StartError(app: app.appID, text: error.message, status: .cannotRun)
        }
    }

    private func register(_ address: SocketAddress) {
        var entry = app.entry(address)
        entry.shares = run.apps.count
        entry.runFile = run.path
        entry.runName = run.name
        entry.appLog = plan.appLogFile ?? ""
        entry.sidecarLog = plan.sidecarLogFile ?? ""
        registration = SidecarRegistration(entry, in: app.registry, app.sidecar.log)
    }

    // MARK: Dependencies

    /// Waits until the applications that it depends on have come far enough.
    func waitForDependencies(_ apps: [FileApp]) async throws(StartError) {
        for dependency in plan.dependencies {
            for other in apps where other.app.appID == dependency.app {
                try await wait(for: other, dependency.condition)
            }
        }
    }

    private func wait(
        for other: FileApp, _ condition: RunFile.Dependency.Condition
    ) async throws(StartError) {
        var patience = Self.patience
        while !other.fulfils(condition) {
            guard !other.hasEnded else {
                throw StartError(
                    app: app.appID,
                    text: "it depends on the app \"\(other.app.appID)\", which ended before it was "
                        + condition.rawValue,
                    status: .cannotRun)
            }
            let deadline = Reactor.monotonicNow() + patience.nanoseconds
            let isWoken = await changes.wait(until: deadline) { other.fulfils(condition) }
            if !isWoken {
                console.warning(
                    "The app \"\(app.appID)\" waits for \"\(other.app.appID)\" to be "
                        + condition.rawValue)
                patience = .seconds(60)
            }
        }
    }

    /// How long a dependency is waited for in silence.
    private static let patience = Duration.seconds(10)

    private func fulfils(_ condition: RunFile.Dependency.Condition) -> Bool {
        switch condition {
        case .started: stage >= .started
        // Observers are told in their order, and this one is the last: subscriptions are there.
        case .healthy, .subscribed: stage == .ready
        }
    }

    func appIsReady() async {
        stage = .ready
        awaited.remove(app.appID)
        changes.wake()
    }

    func appIsUnhealthy() async {}

    // MARK: Starting

    /// Starts the application and tells so.
    func start(
        on loop: EventLoop, onEnd: @escaping () -> Void
    ) async throws(StartError) {
        let id = app.appID
        console.info("Validating config and starting app \"\(id)\"")
        if app.command.isEmpty {
            console.warning("No application command found for app \"\(id)\" present in \(run.path)")
        }
        console.info(
            "Started Dapr with app id \"\(id)\". HTTP Port: \(app.httpPort). "
                + "gRPC Port: \(app.grpcPort)")
        console.info("Writing log files to directory : \(plan.logFolder)")
        noteSidecar()
        if !app.command.isEmpty {
            await host.warnOfStranger(on: loop)
            try startApplication(on: loop, onEnd)
        }
        stage = app.sidecar.appPort == nil ? .ready : .started
        changes.wake()
        plan.sidecarLog.write(Texts.isUp(app))
        host.add(self)
        host.waitForApp(on: loop)
    }

    private func noteSidecar() {
        let log = plan.sidecarLog
        log.write(Texts.starting(app))
        for line in Texts.checks(app) { log.write(line) }
        let notes = [
            ("cliPID", String(getpid())), ("runTemplatePath", run.path),
            ("runTemplateName", run.name), ("appLogPath", plan.appLogFile ?? ""),
            ("daprdLogPath", plan.sidecarLogFile ?? ""),
        ]
        for (key, value) in notes where !value.isEmpty { host.sidecar.setExtended(key, to: value) }
    }

    private func startApplication(
        on loop: EventLoop, _ onEnd: @escaping () -> Void
    ) throws(StartError) {
        do throws(StartFailure) {
            let group = try startGroup(loop.reactor)
            note(group)
            output = AppOutput(of: group, app.appID, to: plan.appLog, on: loop)
            loop.spawn {
                await self.watch(group)
                onEnd()
            }
        } catch {
            throw StartError(app: app.appID, text: error.text, status: error.status)
        }
    }

    private func startGroup(_ reactor: Reactor) throws(StartFailure) -> ProcessGroup {
        var program = try app.program(ProcessEnvironment.all)
        program.output = .lines
        program.errors = .lines
        do throws(SystemError) {
            let group = try ProcessGroup(program, on: reactor)
            self.group = group
            return group
        } catch {
            throw StartFailure(program, error)
        }
    }

    private func note(_ group: ProcessGroup) {
        let command = app.command.joined(separator: " ")
        plan.sidecarLog.write("Updating metadata for appPID: \(group.id)")
        plan.sidecarLog.write("Updating metadata for app command: \(command)")
        registration?.note(appProcessID: group.id)
        host.sidecar.setExtended("appPID", to: String(group.id))
        host.sidecar.setExtended("appCommand", to: command)
    }

    // MARK: Ending

    private func watch(_ group: ProcessGroup) async {
        let exit = await group.waitForExit()
        awaited.remove(app.appID)
        guard !isStopping else { return }
        self.exit = exit
        // What it has left behind goes too, and its last lines come before the news of its end.
        await group.stop(grace: Self.grace)
        await output?.finish()
        plan.appLog.write(Texts.exited(exit))
        changes.wake()
    }

    /// Ends the application, if it runs.
    func endApplication() async {
        isStopping = true
        guard exit == nil, let group else { return }
        host.sidecar.sandbox.loop.spawn { await self.host.stopDelivering() }
        await group.stop(grace: Self.grace)
        await output?.finish()
        plan.sidecarLog.write("Exited App successfully")
    }

    func endSidecar(on loop: isolated EventLoop) async {
        guard !isSidecarEnded else { return }
        isSidecarEnded = true
        plan.sidecarLog.write("termination signal received: shutting down")
        _ = await host.stop(on: loop)
        registration?.release()
        plan.sidecarLog.write("Exited Dapr successfully")
    }

    /// How long an application may take to end.
    private static let grace = Duration.seconds(1)

    func kill() { group?.signal(SIGKILL) }
}
