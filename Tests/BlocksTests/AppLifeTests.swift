import Backends
import Bytes
import TestSupport
import Testing
import Transport

@testable import Blocks

/// The application's health as its sidecar follows it.
@Suite(.timeLimit(.minutes(1))) struct AppLifeTests {
    /// Answers health checks as it is told.
    private final class Channel: AppChannel {
        var isHealthy = true
        var status = 200

        func call(_ request: AppRequest) async throws(AppChannelError) -> AppResponse {
            AppResponse(status: 404, fields: [], body: .bytes([]))
        }

        func probe(_ request: AppRequest) async throws(AppChannelError) -> AppResponse {
            AppResponse(status: status, fields: [], body: .bytes([]))
        }
    }

    /// Hangs in what it is told of an application that is not well, until it is let go.
    private final class Observer: AppObserver {
        private(set) var told: [String] = []
        private var held: Suspension<Void>?

        func appIsReady() async { told.append("ready") }

        func appIsUnhealthy() async {
            told.append("unhealthy")
            await Suspension<Void>.suspend { held = $0 }
        }

        func letGo() {
            held?.resume()
            held = nil
        }
    }

    private static func until(
        _ reactor: Reactor, _ condition: () -> Bool
    ) async throws {
        let deadline = Reactor.monotonicNow() + Duration.seconds(50).nanoseconds
        while !condition() {
            try #require(Reactor.monotonicNow() < deadline)
            await reactor.sleep(for: .milliseconds(1))
        }
    }

    @Test func `checks go on while a delivery hangs, and what follows comes in its order`()
        async throws
    {
        let told = try await onLoop { loop in
            let listener = try Listener(at: .loopback(port: 0), on: loop.reactor)
            defer { listener.close() }
            let sandbox = Sandbox(
                on: loop, clock: SandboxClock(on: loop.reactor), random: RandomSource(seed: 1))
            var settings = SidecarSettings()
            settings.appHealthCheck = AppHealthCheck(interval: .milliseconds(2), threshold: 1)
            settings.asksForSubscriptions = false
            let sidecar = Sidecar(appID: "me", settings: settings, in: sandbox)
            let (channel, observer) = (Channel(), Observer())
            let life = AppLife(
                of: sidecar, channel, host: "127.0.0.1", port: listener.address.port, declared: [])
            life.add(observer)
            loop.spawn { await life.run {} }
            try await Self.until(loop.reactor) { observer.told == ["ready"] }
            channel.status = 500
            try await Self.until(loop.reactor) { observer.told == ["ready", "unhealthy"] }
            #expect(!channel.isHealthy)
            channel.status = 200
            try await Self.until(loop.reactor) { channel.isHealthy }
            #expect(observer.told == ["ready", "unhealthy"])
            observer.letGo()
            try await Self.until(loop.reactor) { observer.told.count == 3 }
            await life.stop(patience: .seconds(20))
            return observer.told
        }
        #expect(told == ["ready", "unhealthy", "ready"])
    }
}
