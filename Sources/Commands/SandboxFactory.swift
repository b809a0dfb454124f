internal import Backends
internal import Blocks
internal import DaprAPI
internal import Glibc
internal import HTTP
internal import Transport

/// Makes sandboxes of what the process serves: the same apps, components and resources, in stores of
/// their own. Confined to the loop of the default sandbox.
final class SandboxFactory: SandboxMaker {
    private let hosts: [SidecarHost]
    /// Tells this process's sandboxes from another one's in a Redis or a folder that both use.
    private let process: String
    private let loop: EventLoop
    /// Held here, and known to the default sandbox.
    private var sandboxes: Sandboxes?
    private var hasSwept = false
    /// Sandboxes made: the folder and keys of one that is still closing are not those of its namesake.
    private var made = 0

    /// Lets `hosts`, which share a sandbox, have others made. nil when none may be made.
    init?(of hosts: [SidecarHost], on loop: EventLoop) {
        guard let first = hosts.first, first.plan.settings.servesControl else { return nil }
        self.hosts = hosts
        self.loop = loop
        process = "\(getpid())-\(String(UInt32.random(in: 0 ... .max), radix: 36))"
        let sandboxes = Sandboxes(self, on: loop.reactor)
        self.sandboxes = sandboxes
        first.sidecar.sandbox.sandboxes = sandboxes
    }

    /// Deletes every sandbox.
    func close() async {
        await sandboxes?.close()
        sandboxes = nil
        if hasSwept { FileContents.removeFolder("\(folder)/\(process)") }
    }

    private var folder: String { "\(hosts.first?.plan.opener.dataFolder ?? ".")/sandboxes" }

    /// Removes what processes have left that were killed.
    private func sweep() {
        guard !hasSwept else { return }
        hasSwept = true
        for name in FileContents.names(in: folder) ?? [] {
            guard let owner = name.split(separator: "-").first.flatMap({ pid_t($0) }), owner > 0,
                kill(owner, 0) != 0, errno == ESRCH
            else { continue }
            FileContents.removeFolder("\(folder)/\(name)")
        }
    }

    func make(
        _ id: String, _ wish: SandboxWish, in sandboxes: Sandboxes
    ) async throws(Sandbox.ContentsFailure) -> any HostedSandbox {
        sweep()
        made += 1
        do throws(Failure) {
            let new = ServedSandbox(
                id, wish, beside: hosts, in: "\(folder)/\(process)/\(made)-\(id)",
                keyPrefix: "fakedapr:\(process):\(made)-\(id):", on: loop)
            new.sandbox.sandboxes = sandboxes
            try await new.open(hasPorts: wish.hasPorts)
            return new
        } catch {
            throw Sandbox.ContentsFailure("cannot make the sandbox \(id): \(error.message)")
        }
    }
}

/// A sandbox beside the default one, with a sidecar for each of its apps.
private final class ServedSandbox: AnsweringSandbox {
    let sandbox: Sandbox
    private(set) var urls: [(appID: String, url: String)] = []
    private let originals: [SidecarHost]
    private var hosts: [SidecarHost] = []
    private let folder: String
    private let loop: EventLoop

    init(
        _ id: String, _ wish: SandboxWish, beside hosts: [SidecarHost], in folder: String,
        keyPrefix: String, on loop: EventLoop
    ) {
        self.loop = loop
        self.folder = folder
        originals = hosts
        let clock = wish.clock ?? hosts.first?.sidecar.sandbox.beginning ?? ClockSetting(.real)
        sandbox = Sandbox(
            id: id, on: loop, clock: SandboxClock(clock.mode, at: clock.time, on: loop.reactor),
            random: RandomSource(seed: wish.seed),
            keyPrefix: keyPrefix, folder: folder)
        sandbox.resolver = hosts.first?.sidecar.sandbox.resolver
    }

    /// Opens everything, or nothing.
    func open(hasPorts: Bool) async throws(Failure) {
        do throws(Failure) {
            for original in originals {
                let host = SidecarHost(plan(original, hasPorts), in: sandbox)
                hosts.append(host)
                let address = try await host.open(on: loop) { [weak self] _ in self?.end() }
                if hasPorts { urls.append((host.sidecar.appID, address.url)) }
            }
            do throws(StateError) {
                if sandbox.clock.mode != .real { try await sandbox.tellStores() }
            } catch {
                throw Failure(.runtime, "\(error)")
            }
            for (host, original) in zip(hosts, originals) {
                await host.join(original, on: loop)
            }
        } catch {
            await close()
            throw error
        }
    }

    private func plan(_ original: SidecarHost, _ hasPorts: Bool) -> SidecarPlan {
        var plan = original.plan
        plan.components = original.components
        plan.addresses = hasPorts ? [.loopback(port: 0)] : []
        plan.grpcPort = nil
        // What has changed since is asked of the original.
        plan.resources = nil
        plan.opener.warn = { _ in }
        plan.grace = min(plan.grace, .seconds(1))
        if let known = original.sidecar.subscriptions?.known { plan.subscriptions = known }
        // The application is the same one and was asked already.
        plan.settings.asksForConfig = false
        if original.sidecar.isReady { plan.settings.asksForSubscriptions = false }
        plan.settings.appHealthCheck = nil
        return plan
    }

    func handler(of appID: String) -> (any RequestHandler)? {
        hosts.first { $0.sidecar.appID == appID }?.handler
    }

    /// Somebody has asked one of its sidecars for its end.
    private func end() {
        loop.spawn { [sandbox] in _ = await sandbox.sandboxes?.remove(sandbox.id) }
    }

    func close() async {
        // An application that hangs does not hold the end.
        for sidecar in sandbox.sidecars {
            _ = await sidecar.subscriptions?.pause(patience: .seconds(1))
        }
        for host in hosts { _ = await host.stop(on: loop) }
        (sandbox.channels as? HTTPChannels)?.close()
        await sandbox.close()
        FileContents.removeFolder(folder)
    }
}
