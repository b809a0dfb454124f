internal import Backends
internal import Blocks
internal import Glibc
internal import Transport

/// The life of a single `run`: a sidecar, then the application; either one's end, a signal or a
/// request ends both. Lives on its loop.
final class RunProcess {
    private let app: AppPlan
    private let console: Console
    private let signals: TerminationSignals
    private let stop = StopRequest()
    private var group: ProcessGroup?
    /// How the application ended by itself.
    private var exit: ProgramExit?
    private var isServing = false
    private var registration: SidecarRegistration?
    private var factory: SandboxFactory?

    init(_ app: AppPlan, _ console: Console, _ signals: TerminationSignals) {
        self.app = app
        self.console = console
        self.signals = signals
    }

    /// - Returns: the status to exit with.
    func run(on loop: isolated EventLoop) async throws -> Int32 {
        let begin = Reactor.monotonicNow()
        waitForSignals(on: loop)
        if app.command.isEmpty { console.plain("WARNING: no application command found.") }
        console.info(Texts.starting(app))
        let sandbox = app.sidecar.world.sandbox(on: loop)
        let host = SidecarHost(app.sidecar, in: sandbox)
        let notes = app.registry.join(sandbox)
        defer { notes?.close() }
        host.onFailure = { [stop] in stop.ask(ExitStatus.cannotRun.rawValue) }
        let address = try await host.open(on: loop) { [self] force in
            if !force { self.console.success("Exited Dapr successfully") }
            self.stop.ask(force: force, on: loop)
        }
        factory = SandboxFactory(of: [host], on: loop)
        isServing = true
        registration = SidecarRegistration(
            app.entry(address), in: app.registry, app.sidecar.log)
        tellSidecarIsUp()
        if !app.command.isEmpty { await host.warnOfStranger(on: loop) }
        host.waitForApp(startedAt: begin, on: loop)
        let failure = start(host.sidecar, on: loop)
        let status = await stop.wait()
        await end(host, sandbox, on: loop)
        if let failure { return failure.status.rawValue }
        return exit?.code ?? status
    }

    /// Dapr looks at the ports when there is no application to be waited for; here they are open.
    private func tellSidecarIsUp() {
        for line in Texts.checks(app) { console.info(line) }
    }

    // MARK: The application

    /// - Returns: why it was not started.
    private func start(_ sidecar: Sidecar, on loop: isolated EventLoop) -> StartFailure? {
        sidecar.setExtended("cliPID", to: String(getpid()))
        guard !app.command.isEmpty else {
            console.plain("")
            console.success(Texts.isUp(app))
            return nil
        }
        do throws(StartFailure) {
            let group = try startGroup(on: loop)
            note(group, sidecar)
            loop.spawn { await self.watch(group) }
            return nil
        } catch {
            console.failure("Failed to find command \(app.command[0]): \(error.text)")
            console.success("Start App failed, try to stop Dapr successfully")
            stop.ask(error.status.rawValue)
            return error
        }
    }

    private func startGroup(on loop: isolated EventLoop) throws(StartFailure) -> ProcessGroup {
        var program = try app.program(ProcessEnvironment.all)
        // A process group of its own may not read a terminal; other input is its to read.
        program.input = isatty(0) == 1 ? .null : .descriptor(0)
        program.output = .descriptor(1)
        program.errors = .descriptor(2)
        do throws(SystemError) {
            let group = try ProcessGroup(program, on: loop.reactor)
            self.group = group
            return group
        } catch {
            throw StartFailure(program, error)
        }
    }

    private func note(_ group: ProcessGroup, _ sidecar: Sidecar) {
        console.info("Updating metadata for appPID: \(group.id)")
        registration?.note(appProcessID: group.id)
        sidecar.setExtended("appPID", to: String(group.id))
        let command = app.command.joined(separator: " ")
        console.info("Updating metadata for app command: \(command)")
        sidecar.setExtended("appCommand", to: command)
        console.success(Texts.isUp(app))
    }

    private func watch(_ group: ProcessGroup) async {
        let exit = await group.waitForExit()
        guard !stop.isAsked else { return }
        self.exit = exit
        let text = Texts.exited(exit)
        if exit == .status(0) { console.success(text) } else { console.failure(text) }
        stop.ask(exit.code)
    }

    // MARK: Ending

    private func end(_ host: SidecarHost, _ sandbox: Sandbox, on loop: isolated EventLoop) async {
        console.info("\nterminated signal received: shutting down")
        // The sidecar answers until the application is gone, but brings it nothing new.
        loop.spawn { await host.stopDelivering() }
        await group?.stop(grace: .seconds(1))
        await factory?.close()
        _ = await host.stop(on: loop)
        await sandbox.close()
        registration?.release()
        console.success("Exited Dapr successfully")
        guard group != nil else { return }
        if let exit, exit != .status(0) {
            console.failure("Error exiting App: \(Texts.failed(exit))")
        } else {
            console.success("Exited App successfully")
        }
    }

    private func waitForSignals(on loop: isolated EventLoop) {
        let reactor = loop.reactor
        loop.spawn { [self, signals] in
            guard (try? await signals.next(on: reactor)) != nil else { return }
            guard self.isServing else { ProcessExit.now(ExitStatus.interrupted.rawValue) }
            self.stop.ask(0)
            // A second signal does not wait.
            guard (try? await signals.next(on: reactor)) != nil else { return }
            self.group?.signal(SIGKILL)
            ProcessExit.now(ExitStatus.interrupted.rawValue)
        }
    }
}

/// Lines of `dapr run` that several places need.
enum Texts {
    /// What is told of the ports when there is no application to be waited for.
    static func checks(_ app: AppPlan) -> [String] {
        guard app.sidecar.appPort == nil else { return [] }
        return [
            "Checking if Dapr sidecar is listening on HTTP port \(app.httpPort)",
            "Checking if Dapr sidecar is listening on GRPC port \(app.grpcPort)",
            "Dapr sidecar is up and running.",
        ]
    }

    static func isUp(_ app: AppPlan) -> String {
        let whose = app.command.isEmpty ? "Dapr" : "Both Dapr and your app"
        return "You're up and running! \(whose) logs will appear here.\n"
    }

    static func starting(_ app: AppPlan) -> String {
        guard case .unix(let path)? = app.sidecar.addresses.first else {
            return "Starting Dapr with id \(app.appID). "
                + "HTTP Port: \(app.httpPort). gRPC Port: \(app.grpcPort)"
        }
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            .joined(separator: "/")
        return "Starting Dapr with id \(app.appID). HTTP Socket: \(path). "
            + "gRPC Socket: \(folder)/dapr-\(app.appID)-grpc.socket."
    }

    /// How an application ended.
    static func exited(_ exit: ProgramExit) -> String {
        switch exit {
        case .status(0): "Exited App successfully"
        case .status(let code): "The App process exited with error code: \(code)"
        case .signal(let number):
            "The App process was terminated by signal: \(SignalName.of(number))"
        }
    }

    static func failed(_ exit: ProgramExit) -> String {
        switch exit {
        case .status(let code): "app exited with status \(code)"
        case .signal(let number): "app was terminated by signal \(SignalName.of(number))"
        }
    }
}
