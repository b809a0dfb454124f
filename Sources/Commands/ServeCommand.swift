internal import ArgumentParser
internal import Backends
internal import Blocks
internal import DaprAPI
internal import Glibc
internal import HTTP
internal import Transport

/// `fakedapr serve`: one sidecar until it is told to stop.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run a Dapr sidecar.")

    @Option(name: [.customLong("dapr-http-port"), .customLong("port")])
    var port: UInt16 = 3500

    func run() async throws {
        let loop = try EventLoop()
        try await loop.run { [port] loop in
            let sandbox = Sandbox(on: loop, clock: RealClock(), random: RandomSource())
            let sidecar = Sidecar(appID: "app", settings: SidecarSettings(), in: sandbox)
            sidecar.add(
                StateComponent(
                    name: "statestore", type: "state.in-memory", version: "v1", family: .memory,
                    store: MemoryStateStore(clock: sandbox.clock, random: sandbox.random),
                    keyPrefix: try KeyPrefix(
                        strategy: nil, appID: "app", component: "statestore", namespace: nil)))
            sidecar.isReady = true
            sidecar.isOutboundReady = true
            let front = Front(sidecar: sidecar) { _ in }
            let server = Server(limits: HTTPLimits(), on: loop.reactor) {
                await front.respond(to: $0)
            }
            server.serve(try Listener(at: .loopback(port: port), on: loop.reactor), on: loop)
            await Suspension<Void>.suspend { _ in }
        }
    }
}
