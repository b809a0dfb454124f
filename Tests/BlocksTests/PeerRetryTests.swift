import Backends
import Bytes
import Testing
import Transport
import YAML

@testable import Blocks

/// Calls of another process's sidecar that cannot be reached (invoke.md §6 and resiliency.md §3 of
/// the specification).
@Suite struct PeerRetryTests {
    private final class Peers: NameResolver, OutboundChannels, AppChannel {
        var isHealthy = true
        private(set) var calls = 0
        /// How many calls fail before one is answered.
        private let failures: Int

        init(failures: Int) { self.failures = failures }

        func resolve(_ appID: String) async -> PeerAddress? {
            PeerAddress(address: .loopback(port: 1))
        }

        func peer(_ peer: PeerAddress) -> any AppChannel { self }

        func external(_ url: String, token: String?) throws(AppChannelError) -> any AppChannel {
            self
        }

        func call(_ request: AppRequest) async throws(AppChannelError) -> AppResponse {
            calls += 1
            guard calls > failures else { throw .failed("connection refused") }
            return AppResponse(status: 200, fields: [], body: .bytes([]))
        }

        func probe(_ request: AppRequest) async throws(AppChannelError) -> AppResponse {
            try await call(request)
        }
    }

    private final class Stream: BodySource {
        var remaining: Int? { nil }
        func next() async throws(BodySourceError) -> ByteSlice? { nil }
        func cancel() {}
    }

    private struct Outcome: Equatable {
        var text: String
        var calls: Int
        var seconds: Int64
    }

    private func invoke(
        failures: Int, policies: String = "", streams: Bool = false
    ) async throws -> Outcome {
        let loop = try EventLoop()
        defer { loop.stop() }
        return try await loop.run { (loop) throws in
            let clock = SandboxClock(.manual, at: Timestamp(seconds: 0), on: loop.reactor)
            let sandbox = Sandbox(on: loop, clock: clock, random: RandomSource(seed: 1))
            let peers = Peers(failures: failures)
            sandbox.resolver = peers
            sandbox.channels = peers
            let sidecar = Sidecar(appID: "me", settings: SidecarSettings(), in: sandbox)
            let resources = ResourceParser.parse(
                SourceText(name: "r.yaml", text: policies),
                ResourceContext(appID: "me", environment: [:], uuid: { "" })
            ).resiliencies
            sidecar.resiliency = Resiliency(resources, in: sandbox)
            var text: String?
            loop.spawn {
                text = await Self.outcome(sidecar.invocation(from: nil), streams)
            }
            while text == nil {
                await loop.reactor.sleep(for: .microseconds(100))
                if clock.alarmCount > 0 { clock.move(by: .seconds(1)) }
            }
            return Outcome(text: text ?? "", calls: peers.calls, seconds: clock.now.seconds)
        }
    }

    private static func outcome(_ block: InvokeBlock, _ streams: Bool) async -> String {
        do throws(InvocationError) {
            let destination = try await block.destination("far")
            let request = AppRequest(
                method: "POST", target: Array("/m".utf8)[...],
                body: streams ? .stream(Stream()) : .bytes([]))
            return String(try await block.call(destination, request, id: "far").status)
        } catch {
            return error.text
        }
    }

    private static let reason = "rpc error: code = Unavailable desc = connection refused"

    @Test func `it is tried three more times, a second apart`() async throws {
        let outcome = try await invoke(failures: 9)
        let text = "failed to invoke target far after 3 retries. Error: \(Self.reason)"
        #expect(outcome == Outcome(text: text, calls: 4, seconds: 3))
    }

    @Test func `one that comes back meanwhile answers`() async throws {
        #expect(try await invoke(failures: 2) == Outcome(text: "200", calls: 3, seconds: 2))
    }

    @Test func `a policy for the app takes Dapr's own retries away`() async throws {
        let outcome = try await invoke(
            failures: 9,
            policies: "kind: Resiliency\nspec: {targets: {apps: {far: {timeout: t}}}}\n")
        #expect(outcome == Outcome(text: Self.reason, calls: 1, seconds: 0))
    }

    @Test func `a body that streams is sent once`() async throws {
        let outcome = try await invoke(failures: 9, streams: true)
        let text = "failed to invoke target far after 0 retries. Error: \(Self.reason)"
        #expect(outcome == Outcome(text: text, calls: 1, seconds: 0))
    }
}
