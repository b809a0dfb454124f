package import Bytes
package import Transport

/// Told when the application can be spoken to: who subscribes, binds, hosts actors.
package protocol AppObserver: AnyObject {
    /// The application accepts connections, is well and was asked for its configuration. Called
    /// again when it is well again after it was not.
    func appIsReady() async

    /// Health checks say that the application is not well: nothing is delivered to it.
    func appIsUnhealthy() async
}

/// daprd's app health checks (`--enable-app-health-check`).
package struct AppHealthCheck: Sendable {
    package var path: String
    package var interval: Duration
    package var timeout: Duration
    /// Failures in a row until the application counts as not well.
    package var threshold: Int

    package init(
        path: String = "/healthz", interval: Duration = .seconds(5),
        timeout: Duration = .milliseconds(500), threshold: Int = 3
    ) {
        self.path = path
        self.interval = interval
        self.timeout = timeout
        self.threshold = threshold
    }
}

/// The application as its sidecar sees it: waited for, asked for its configuration, checked.
///
/// In order: its port accepts connections; with health checks, the first one succeeds;
/// `GET /dapr/config`; the subscriptions; further observers. Confined to the sandbox's loop.
package final class AppLife {
    private let sidecar: Sidecar
    private let channel: any AppChannel
    private let host: String
    private let port: UInt16
    private let loop: EventLoop
    private var isStopped = false
    private var hasBegun = false
    /// What the observers were told last.
    private var isToldReady = false
    private var isTelling = false
    private var observers: [any AppObserver]

    /// - Parameter declared: the subscriptions of resource files.
    package init(
        of sidecar: Sidecar, _ channel: any AppChannel, host: String, port: UInt16,
        declared: [Subscription]
    ) {
        let subscriptions = Subscriptions(of: sidecar, declared: declared)
        sidecar.subscriptions = subscriptions
        observers = [subscriptions]
        self.sidecar = sidecar
        self.channel = channel
        self.host = host
        self.port = port
        loop = sidecar.sandbox.loop
    }

    /// Adds who is told after those before.
    package func add(_ observer: any AppObserver) { observers.append(observer) }

    /// Ends the waiting, the checks and the subscriptions; what is being delivered is waited for, at
    /// most for `patience`.
    package func stop(patience: Duration) async {
        isStopped = true
        await sidecar.subscriptions?.stop(patience: patience)
    }

    /// Waits for the application and tells the observers; with health checks it never returns before
    /// `stop`.
    ///
    /// - Parameter onReady: called once, when the application accepts connections and, unless health
    ///   checks say otherwise, the observers have been told.
    package func run(onReady: () -> Void) async {
        let protocolName = sidecar.settings.appProtocol
        sidecar.log?.write(
            .info,
            "application protocol: \(protocolName). waiting on port \(port).  This will block until "
                + "the app is listening on that port.", scope: Self.scope)
        await waitForPort()
        guard !isStopped else { return }
        sidecar.log?.write(.info, "application discovered on port \(port)", scope: Self.scope)
        guard let check = sidecar.settings.appHealthCheck else {
            await begin()
            return onReady()
        }
        channel.isHealthy = false
        onReady()
        await watch(check)
    }

    private func begin() async {
        if !hasBegun {
            hasBegun = true
            await askForConfiguration()
        }
        for observer in observers where !isStopped { await observer.appIsReady() }
    }

    // MARK: The port

    private func waitForPort() async {
        while !isStopped, await !Self.accepts(host, port, on: loop.reactor) {
            await loop.reactor.sleep(for: Self.patience)
        }
    }

    /// daprd looks every 100 ms.
    private static let patience = Duration.milliseconds(25)

    /// Whether somebody listens there.
    package static func accepts(
        _ host: String, _ port: UInt16, on reactor: Reactor
    ) async -> Bool {
        let deadline = Reactor.monotonicNow() + Duration.milliseconds(500).nanoseconds
        for address in await Resolver.resolve(host, port: port, until: deadline, on: reactor) {
            let stream = try? await ByteStream.connect(to: address, deadline: deadline, on: reactor)
            stream?.close()
            if stream != nil { return true }
        }
        return false
    }

    // MARK: The first question

    /// Actors are configured by it; an application that does not know the route has none.
    private func askForConfiguration() async {
        guard sidecar.settings.asksForConfig else { return }
        let request = AppRequest(
            method: "GET", target: Array("/dapr/config".utf8)[...], fields: questionFields)
        guard let answer = try? await channel.call(request) else { return }
        await answer.body.discard()
    }

    private var questionFields: [AppField] {
        [AppField("Content-Type", "application/json"), AppField("Dapr-App-Id", sidecar.appID)]
    }

    // MARK: Health

    private func watch(_ check: AppHealthCheck) async {
        var failures = 0
        while !isStopped {
            let begin = Reactor.monotonicNow()
            if await isWell(check) {
                failures = 0
                if !channel.isHealthy {
                    channel.isHealthy = true
                    sidecar.log?.write(.info, "App entered healthy status", scope: Self.scope)
                    tell()
                }
            } else {
                failures += 1
                if channel.isHealthy, failures >= check.threshold {
                    channel.isHealthy = false
                    sidecar.log?.write(.warn, "App entered un-healthy status", scope: Self.scope)
                    tell()
                }
            }
            // An application that is not well yet is looked at more often: nobody waits five seconds
            // for the first message.
            let pause = hasBegun ? check.interval : min(check.interval, .milliseconds(100))
            await loop.reactor.sleep(until: begin + pause.nanoseconds)
        }
    }

    /// Tells the observers how the application is, apart from the checks: a delivery that hangs holds
    /// up who waits for it, not the checks, which go on and may find the application well again.
    private func tell() {
        guard !isTelling else { return }
        isTelling = true
        loop.spawn {
            while !self.isStopped, self.isToldReady != self.channel.isHealthy {
                self.isToldReady.toggle()
                if self.isToldReady {
                    await self.begin()
                } else {
                    for observer in self.observers { await observer.appIsUnhealthy() }
                }
            }
            self.isTelling = false
        }
    }

    private static let scope = "dapr.runtime"

    private func isWell(_ check: AppHealthCheck) async -> Bool {
        let path = check.path.hasPrefix("/") ? check.path : "/\(check.path)"
        var request = AppRequest(method: "GET", target: Array(path.utf8)[...])
        request.deadline = Reactor.monotonicNow() + check.timeout.nanoseconds
        guard let answer = try? await channel.probe(request) else { return false }
        await answer.body.discard()
        return 200..<300 ~= answer.status
    }
}

extension AppBody {
    /// Ends what is still coming: nobody reads it.
    package func cancel() {
        if case .stream(let source) = self { source.cancel() }
    }

    /// Reads and drops what is still coming, so that its connection can be used again.
    package func discard() async {
        guard case .stream(let source) = self else { return }
        while (try? await source.next()) ?? nil != nil {}
    }

    /// All of it, at most `limit` bytes.
    package func collect(upTo limit: Int) async throws(BodySourceError) -> ByteSlice {
        guard case .stream(let source) = self else {
            if case .bytes(let bytes) = self { return bytes }
            return []
        }
        var collected: ByteSlice = []
        while let piece = try await source.next() {
            guard collected.count + piece.count <= limit else {
                source.cancel()
                throw .tooLarge
            }
            if collected.isEmpty { collected = piece } else { collected.append(contentsOf: piece) }
        }
        return collected
    }
}
