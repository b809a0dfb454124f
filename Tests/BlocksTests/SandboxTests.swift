import Backends
import Bytes
import TestSupport
import Testing
import Transport

@testable import Blocks

/// A sandbox's clock, randomness and back ends are parameters.
@Suite struct SandboxTests {
    private static func sidecar(
        _ clock: SandboxClock, seed: UInt64 = 1, on loop: EventLoop
    ) throws -> (Sidecar, StateComponent) {
        let sandbox = Sandbox(on: loop, clock: clock, random: RandomSource(seed: seed))
        let sidecar = Sidecar(appID: "app", settings: SidecarSettings(), in: sandbox)
        let component = StateComponent(
            name: "s", type: "state.in-memory", version: "v1", family: .memory,
            store: MemoryStateStore(clock: clock, random: sandbox.random),
            keyPrefix: try KeyPrefix(
                strategy: nil, appID: "app", component: "s", namespace: nil))
        sidecar.add(component)
        return (sidecar, component)
    }

    private static let key = Array("k".utf8)[...]

    @Test(
        arguments: [
            (["ttlInSeconds": "10"], 9, true), (["ttlInSeconds": "10"], 10, false),
            ([:], 100_000, true),
            (["ttlInSeconds": "0"], 100_000, true), (["ttlInSeconds": "-1"], 100_000, true),
            (["ttlInSeconds": "9223372036854775807"], 100_000, true),
        ] as [(Metadata, Int, Bool)])
    func `a value in memory lives by the sandbox's clock`(
        metadata: Metadata, after: Int, isThere: Bool
    ) async throws {
        let found = try await onLoop { loop in
            let clock = SandboxClock(
                .manual, at: Timestamp(seconds: 1000), on: loop.reactor)
            let (sidecar, component) = try Self.sidecar(clock, on: loop)
            let item = StateItem(key: Self.key, value: [0x31], metadata: metadata)
            try await sidecar.state.save([item], in: component)
            clock.move(by: .seconds(after))
            return try await sidecar.state.get(Self.key, consistency: nil, from: component) != nil
        }
        #expect(found == isThere)
    }

    @Test func `a clock moves by parts of a second too`() async throws {
        let clock = SandboxClock(.manual, at: Timestamp(nanoseconds: 5), on: try Reactor())
        clock.move(by: .milliseconds(1500))
        #expect(clock.now == Timestamp(nanoseconds: 1_500_000_005))
    }

    @Test func `the same seed gives the same etags, another one others`() async throws {
        func etag(seed: UInt64) async throws -> ByteSlice? {
            try await onLoop { loop in
                let clock = SandboxClock(.manual, at: Timestamp(seconds: 1), on: loop.reactor)
                let (sidecar, component) = try Self.sidecar(clock, seed: seed, on: loop)
                try await sidecar.state.save(
                    [StateItem(key: Self.key, value: [0x31])], in: component)
                return try await sidecar.state.get(Self.key, consistency: nil, from: component)?
                    .etag
            }
        }
        let first = try await etag(seed: 7)
        #expect(first?.count == 36)
        #expect(try await etag(seed: 7) == first)
        #expect(try await etag(seed: 8) != first)
    }

    @Test func `two components that name one connection share its back end`() async throws {
        let isShared = try await onLoop { loop in
            let clock = SandboxClock(.manual, at: Timestamp(seconds: 1), on: loop.reactor)
            let sandbox = Sandbox(on: loop, clock: clock, random: RandomSource(seed: 1))
            let make = { MemoryStateStore(clock: clock, random: sandbox.random) as any StateStore }
            let one = await sandbox.backend("a") { make() }
            let again = await sandbox.backend("a") { make() }
            let other = await sandbox.backend("b") { make() }
            return (one === again, one === other)
        }
        #expect(isShared == (true, false))
    }

    @Test func `a component is found by its exact name`() async throws {
        let answers = try await onLoop { loop in
            let clock = SandboxClock(.manual, at: Timestamp(seconds: 1), on: loop.reactor)
            let (sidecar, _) = try Self.sidecar(clock, on: loop)
            let bare = Sidecar(appID: "b", settings: SidecarSettings(), in: sidecar.sandbox)
            func problem(_ sidecar: Sidecar, _ name: String) -> StateProblem? {
                do throws(StateProblem) {
                    _ = try sidecar.state.component(named: Array(name.utf8)[...])
                    return nil
                } catch { return error }
            }
            return [problem(sidecar, "s"), problem(sidecar, "S"), problem(bare, "s")]
        }
        #expect(answers == [nil, .notFound(store: "S"), .notConfigured(store: "s")])
    }

    @Test func `what was noted keeps its place when it is noted again`() async throws {
        let notes = try await onLoop { loop in
            let clock = SandboxClock(.manual, at: Timestamp(seconds: 1), on: loop.reactor)
            let (sidecar, _) = try Self.sidecar(clock, on: loop)
            for (key, value) in [("b", "1"), ("a", "2"), ("b", "3")] {
                sidecar.setExtended(key, to: value)
            }
            return sidecar.extended.map { "\($0.key)=\($0.value)" }
        }
        #expect(notes == ["b=3", "a=2"])
    }
}
