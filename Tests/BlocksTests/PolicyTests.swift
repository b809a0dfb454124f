import Backends
import CEL
import Synchronization
import TestSupport
import Testing
import Transport
import YAML

@testable import Blocks

/// Policies at work, on a clock that the test moves (resiliency.md §1–3 of the specification).
@Suite struct PolicyTests {
    // MARK: A sidecar with policies

    /// A sidecar, its clock, and what it logs.
    private final class World {
        let clock: SandboxClock
        let sandbox: Sandbox
        let lines = Lines()
        private(set) var resiliency: Resiliency

        init(_ resources: [String], on loop: EventLoop) {
            clock = SandboxClock(.manual, at: Timestamp(seconds: 1000), on: loop.reactor)
            sandbox = Sandbox(on: loop, clock: clock, random: RandomSource(seed: 7))
            resiliency = Resiliency([], in: sandbox)
            let parsed = resources.flatMap { text in
                ResourceParser.parse(
                    SourceText(name: "r.yaml", text: text),
                    ResourceContext(appID: "me", environment: [:], uuid: { "" })
                ).resiliencies
            }
            let lines = lines
            resiliency = Resiliency(
                parsed, in: sandbox,
                log: lines)
        }

        /// Runs to the end, moving the clock to whoever waits for it.
        func elapsed(_ body: @escaping () async -> Void) async -> Duration {
            let start = clock.now
            var isOver = false
            sandbox.loop.spawn {
                await body()
                isOver = true
            }
            while !isOver {
                await sandbox.loop.reactor.sleep(for: .microseconds(100))
                if !isOver, clock.alarmCount > 0 { clock.advanceToNextAlarm() }
            }
            return .nanoseconds(clock.now.nanoseconds - start.nanoseconds)
        }
    }

    private final class Lines: SidecarLog {
        private let all = Mutex<[String]>([])
        func add(_ line: String) { all.withLock { $0.append(line) } }
        func write(_ level: LogLevel, _ message: String, scope: String) {
            add("\(level): \(message)")
        }
        var text: [String] { all.withLock { $0 } }
    }

    /// An operation that answers what it was told to, then the last of it for ever.
    private final class Script {
        private var answers: [Int]
        private(set) var calls = 0

        init(_ answers: [Int]) { self.answers = answers }

        func next() -> Int {
            calls += 1
            return answers.count > 1 ? answers.removeFirst() : answers[0]
        }
    }

    private func resource(_ policies: String, _ targets: String = "{}") -> String {
        "kind: Resiliency\nmetadata: {name: r}\nspec:\n  policies: \(policies)\n"
            + "  targets: \(targets)\n"
    }

    private struct Run: Equatable {
        var outcome: String
        var calls: Int
        var elapsed: Duration
    }

    /// Invokes app `a` with a script of statuses.
    private func run(
        _ policies: String,
        targets: String = "{apps: {a: {timeout: t, retry: r, circuitBreaker: b}}}",
        answers: [Int], mayRetry: Bool = true, times: Int = 1, lines: Lines? = nil
    ) async throws -> Run {
        let text = resource(policies, targets)
        return try await onLoop { loop in
            let world = World([text], on: loop)
            let script = Script(answers)
            var outcomes: [String] = []
            let elapsed = await world.elapsed {
                for _ in 0..<times {
                    guard let policy = world.resiliency.app("a", method: "m") else {
                        outcomes.append("no policy")
                        continue
                    }
                    outcomes.append(await Self.outcome(of: policy, script, mayRetry, world.sandbox))
                }
            }
            for line in world.lines.text { lines?.add(line) }
            return Run(
                outcome: outcomes.joined(separator: ","), calls: script.calls, elapsed: elapsed)
        }
    }

    /// A status below zero is an operation that takes so many seconds.
    private static func outcome(
        of policy: ResiliencyPolicy, _ script: Script, _ mayRetry: Bool, _ sandbox: Sandbox
    ) async -> String {
        do throws(PolicyError) {
            let status = try await policy.run(mayRetry: mayRetry) {
                let status = script.next()
                if status < 0 { await sandbox.sleep(for: .seconds(-status)) }
                #expect(sandbox.loop.reactor.isOnLoop)
                return status
            } judge: { status in
                status >= 200 && status < 400
                    ? .success : .failure(code: status, "status \(status)")
            }
            return String(status)
        } catch {
            return error.text
        }
    }

    // MARK: Retries

    @Test(arguments: [
        ("{retries: {r: {duration: 200ms, maxRetries: 3}}}", [500], "500", 4, 600),
        ("{retries: {r: {duration: 200ms, maxRetries: 3}}}", [503, 503, 200], "200", 3, 400),
        ("{retries: {r: {duration: 200ms, maxRetries: 3}}}", [404, 302], "302", 2, 200),
        ("{retries: {r: {duration: 200ms, maxRetries: 0}}}", [500], "500", 1, 0),
        ("{retries: {r: {duration: 1s}}}", [500, 500, 500, 500, 200], "200", 5, 4000),
        (
            "{retries: {r: {duration: 1s, matching: {httpStatusCodes: '500'}}}}", [500, 404], "404",
            2, 1000
        ),
    ])
    func `a constant policy retries after the same time each`(
        policies: String, answers: [Int], outcome: String, calls: Int, milliseconds: Int
    ) async throws {
        let run = try await run(policies, answers: answers)
        let expected = Run(outcome: outcome, calls: calls, elapsed: .milliseconds(milliseconds))
        #expect(run == expected)
    }

    @Test func `what cannot be sent twice is not`() async throws {
        let run = try await run(
            "{retries: {r: {duration: 1s, maxRetries: 3}}}", answers: [500], mayRetry: false)
        #expect(run == Run(outcome: "500", calls: 1, elapsed: .zero))
    }

    @Test func `an exponential policy grows by half, capped before its jitter`() {
        var policy = RetryPolicy()
        policy.kind = .exponential
        policy.maxInterval = .seconds(2)
        let clock = Timestamp(seconds: 0)
        let random = RandomSource(seed: 3)
        for _ in 0..<100 {
            var backoff = Backoff(policy, at: clock)
            for expected in [0.5, 0.75, 1.125, 1.6875, 2, 2] {
                guard let pause = backoff.next(at: clock, random) else {
                    Issue.record("no pause")
                    return
                }
                let ratio = pause / .seconds(expected)
                #expect(ratio >= 0.499 && ratio <= 1.501)
            }
        }
    }

    @Test func `an exponential policy gives up after a quarter of an hour`() {
        var policy = RetryPolicy()
        policy.kind = .exponential
        let start = Timestamp(seconds: 0)
        var backoff = Backoff(policy, at: start)
        let random = RandomSource(seed: 3)
        #expect(backoff.next(at: Timestamp(seconds: 899), random) != nil)
        #expect(backoff.next(at: Timestamp(seconds: 900), random) == nil)
    }

    // MARK: Timeouts

    @Test func `a timeout is per attempt`() async throws {
        let run = try await run(
            "{timeouts: {t: 400ms}, retries: {r: {duration: 200ms, maxRetries: 3}}}",
            answers: [-40])
        #expect(
            run
                == Run(
                    outcome: "context deadline exceeded", calls: 4, elapsed: .milliseconds(2200)))
    }

    @Test func `an attempt in time is what it was`() async throws {
        let run = try await run("{timeouts: {t: 4s}}", answers: [-3])
        #expect(run.outcome == "-3")
        #expect(run.elapsed == .seconds(3))
    }

    // MARK: Breakers

    @Test(arguments: [
        // Retries count, and the caller gets the breaker's word, not the last answer.
        (
            "{retries: {r: {duration: 1s, maxRetries: 3}}, "
                + "circuitBreakers: {b: {trip: consecutiveFailures >= 2}}}",
            [500], 1, "circuit breaker is open", 2, 2
        ),
        (
            "{circuitBreakers: {b: {}}}", [500], 8,
            "500,500,500,500,500,500,circuit breaker is open,circuit breaker is open", 6, 0
        ),
        (
            "{circuitBreakers: {b: {trip: totalFailures > 1}}}", [500, 200, 500, 200], 4,
            "500,200,500,circuit breaker is open", 3, 0
        ),
        // What is no boolean, or has no value, does not trip.
        ("{circuitBreakers: {b: {trip: consecutiveFailures}}}", [500], 3, "500,500,500", 3, 0),
        ("{circuitBreakers: {b: {trip: nothing > 1}}}", [500], 3, "500,500,500", 3, 0),
        (
            "{timeouts: {t: 1s}, circuitBreakers: {b: {trip: consecutiveFailures > 0}}}", [-9], 2,
            "context deadline exceeded,circuit breaker is open", 1, 1
        ),
    ])
    func `a breaker counts attempts and refuses when it is open`(
        policies: String, answers: [Int], times: Int, outcome: String, calls: Int, seconds: Int
    ) async throws {
        let run = try await run(policies, answers: answers, times: times)
        #expect(run == Run(outcome: outcome, calls: calls, elapsed: .seconds(seconds)))
    }

    private func breaker(
        _ settings: (inout BreakerSettings) -> Void = { _ in }
    ) throws -> (CircuitBreaker, SandboxClock, Lines) {
        let clock = SandboxClock(.manual, at: Timestamp(seconds: 0), on: try Reactor())
        let lines = Lines()
        var made = BreakerSettings(name: "b")
        made.trip = try CELProgram("consecutiveFailures > 0")
        settings(&made)
        let breaker = CircuitBreaker(made, clock: clock) {
            lines.add("\($0.rawValue)→\($1.rawValue)")
        }
        return (breaker, clock, lines)
    }

    @Test func `an open breaker lets through what it may after its timeout`() throws {
        let (breaker, clock, lines) = try breaker {
            $0.maxRequests = 2
            $0.timeout = .seconds(5)
        }
        breaker.end(try breaker.begin(), isSuccess: false)
        clock.move(by: .seconds(5))
        #expect(throws: PolicyError.breakerOpen) { try breaker.begin() }
        clock.move(by: .milliseconds(1))
        let (first, second) = (try breaker.begin(), try breaker.begin())
        #expect(throws: PolicyError.tooManyRequests) { try breaker.begin() }
        breaker.end(first, isSuccess: true)
        breaker.end(second, isSuccess: true)
        #expect(lines.text == ["closed→open", "open→half-open", "half-open→closed"])
        breaker.end(try breaker.begin(), isSuccess: true)
    }

    @Test func `one failure while half open opens it again`() throws {
        let (breaker, clock, lines) = try breaker { $0.maxRequests = 2 }
        let early = try breaker.begin()
        breaker.end(try breaker.begin(), isSuccess: false)
        clock.move(by: .seconds(61))
        let first = try breaker.begin()
        // Of an older generation: not counted.
        breaker.end(early, isSuccess: false)
        breaker.end(first, isSuccess: false)
        #expect(lines.text == ["closed→open", "open→half-open", "half-open→open"])
        #expect(throws: PolicyError.breakerOpen) { try breaker.begin() }
    }

    @Test func `a closed breaker forgets at each interval`() throws {
        let (breaker, clock, lines) = try breaker {
            $0.interval = .seconds(10)
            $0.trip = try? CELProgram("consecutiveFailures > 1")
        }
        breaker.end(try breaker.begin(), isSuccess: false)
        clock.move(by: .seconds(11))
        breaker.end(try breaker.begin(), isSuccess: false)
        #expect(lines.text.isEmpty)
        breaker.end(try breaker.begin(), isSuccess: false)
        #expect(lines.text == ["closed→open"])
    }

    // MARK: Log lines

    @Test func `retries are told once, recovery too`() async throws {
        let lines = Lines()
        _ = try await run(
            "{timeouts: {t: 1s}, retries: {r: {duration: 200ms, maxRetries: 3}}, "
                + "circuitBreakers: {b: {}}}",
            answers: [500, 503, 200], lines: lines)
        #expect(
            lines.text == [
                "info: Loading Resiliency configuration: r",
                "warn: Error processing operation endpoint[a, a:m]. Retrying in 200ms…",
                "debug: Error for operation endpoint[a, a:m] was: status 500",
                "info: Recovered processing operation endpoint[a, a:m] after 3 attempts",
            ])
    }

    @Test func `a breaker's changes are told`() async throws {
        let lines = Lines()
        _ = try await run(
            "{circuitBreakers: {b: {trip: consecutiveFailures > 0}}}", answers: [500], lines: lines)
        #expect(
            lines.text.last
                == #"info: Circuit breaker "a:m" changed state from closed to open"#)
    }

    // MARK: Which policy applies

    private func described(_ policy: ResiliencyPolicy?) -> String {
        guard let policy else { return "none" }
        let timeout = policy.timeout.map { "\($0.components.seconds)s" } ?? "-"
        let retries = policy.retry.map { "\($0.maxRetries)" } ?? "-"
        return "\(policy.operation) \(timeout) \(retries) \(policy.breaker == nil ? "-" : "b")"
    }

    private static let defaults = """
        {timeouts: {DefaultTimeoutPolicy: 1s, DefaultAppTimeoutPolicy: 2s,
          DefaultComponentOutboundTimeoutPolicy: 3s, DefaultPubsubComponentInboundTimeoutPolicy: 4s,
          t: 9s},
         retries: {DefaultRetryPolicy: {maxRetries: 1}, DefaultComponentRetryPolicy: {maxRetries: 2},
          DefaultStatestoreComponentOutboundRetryPolicy: {maxRetries: 3}},
         circuitBreakers: {b: {}}}
        """

    @Test func `a target has what it names, others have the defaults`() async throws {
        let targets =
            "{apps: {a: {timeout: t}, u: {timeout: unknown}}, components: {s: {outbound: {circuitBreaker: b}}}}"
        let text = resource(Self.defaults, targets)
        let found = try await onLoop { loop in
            let policies = World([text], on: loop).resiliency
            return [
                policies.app("a", method: "m"), policies.app("u", method: "m"),
                policies.app("x", method: "y/z"),
                policies.endpoint("e", baseURL: "http://h"), policies.outbound("s", .stateStore),
                policies.inbound("s", .stateStore), policies.outbound("o", .stateStore),
                policies.outbound("p", .pubSub), policies.inbound("p", .pubSub),
                policies.outbound("k", .secretStore),
            ].map(self.described)
        }
        #expect(
            found == [
                "endpoint[a, a:m] 9s - -", "none", "endpoint[x, x:y/z] 2s 1 -",
                "endpoint[e, e:http://h] 2s 1 -", "component[s] output - - b", "none",
                "component[o] output 3s 3 -", "component[p] output 3s 2 -",
                "component[p] input 4s 2 -", "component[k] output 3s 2 -",
            ])
    }

    @Test func `a policy of one file serves a target of another, and the later one wins`()
        async throws
    {
        let texts = [
            resource("{timeouts: {t: 1s}}", "{apps: {a: {timeout: t}}}"),
            resource("{timeouts: {t: 2s, u: 3s}}"),
            resource("{}", "{apps: {b: {timeout: u}}}"),
        ]
        let found = try await onLoop { loop in
            let policies = World(texts, on: loop).resiliency
            return [policies.app("a", method: "m"), policies.app("b", method: "m")]
                .map(self.described)
        }
        #expect(found == ["endpoint[a, a:m] 2s - -", "endpoint[b, b:m] 3s - -"])
    }

    @Test func `each method of an app has its own breaker, remembered by the cache`() async throws {
        let text = resource(
            "{circuitBreakers: {b: {}}}",
            "{apps: {a: {circuitBreaker: b, circuitBreakerCacheSize: 2}}}")
        let same = try await onLoop { loop in
            let policies = World([text], on: loop).resiliency
            func breaker(_ method: String) -> CircuitBreaker? {
                policies.app("a", method: method)?.breaker
            }
            let first = breaker("1")
            var same = [first === breaker("1"), first === breaker("2"), first === breaker("1")]
            _ = breaker("3")
            same.append(first === breaker("1"))
            _ = (breaker("4"), breaker("5"))
            same.append(first === breaker("1"))
            return same
        }
        #expect(same == [true, false, true, true, false])
    }

    @Test func `a component's breaker is one for both directions`() async throws {
        let text = resource(
            "{circuitBreakers: {b: {}, c: {}}}",
            "{components: {s: {inbound: {circuitBreaker: b}, outbound: {circuitBreaker: c}}}}")
        let isSame = try await onLoop { loop in
            let policies = World([text], on: loop).resiliency
            return policies.inbound("s", .pubSub)?.breaker
                === policies.outbound("s", .pubSub)?.breaker
        }
        #expect(isSame)
    }

    @Test func `Dapr's own retries are overridden within bounds`() async throws {
        let text = resource(
            "{retries: {DaprBuiltInServiceRetries: {duration: 2s, maxRetries: 1}, "
                + "DaprBuiltInActorNotFoundRetries: {maxRetries: 9}, "
                + "DaprBuiltInActorRetries: {maxRetries: 7}}}")
        let (found, lines) = try await onLoop { loop in
            let world = World([text], on: loop)
            let found = BuiltInPolicy.allCases.map {
                self.described(world.resiliency.builtIn($0))
            }
            return (found, world.lines.text)
        }
        #expect(
            found == [
                "DaprBuiltInServiceRetries - 3 -", "DaprBuiltInActorRetries - 7 -",
                "DaprBuiltInActorReminderRetries - -1 -", "DaprBuiltInActorNotFoundRetries - 5 -",
                "DaprBuiltInInitializationRetries - 3 -",
            ])
        #expect(
            lines.dropFirst() == [
                "warn: Attempted to override protected policy DaprBuiltInActorNotFoundRetries "
                    + "which is not allowed. Ignoring provided policy and using default.",
                "warn: Attempted override of DaprBuiltInServiceRetries did not meet minimum "
                    + "retry count, resetting to 3.",
            ])
    }

    @Test func `a target that names no policy is told, with the nearest one`() async throws {
        let text = resource(
            "{timeouts: {short: 1s}, circuitBreakers: {b: {}}}",
            "{apps: {a: {timeout: shrot}}, "
                + "components: {s: {inbound: {retry: often}, outbound: {circuitBreaker: none}}}}")
        let lines = try await onLoop { loop in World([text], on: loop).lines.text }
        let end = "which no Resiliency resource has: it goes without"
        #expect(
            lines.dropFirst() == [
                "warn: the target apps.a names the timeout shrot, \(end); did you mean short?",
                "warn: the target components.s.inbound names the retry often, \(end)",
                "warn: the target components.s.outbound names the circuit breaker none, \(end)",
            ])
    }

    @Test func `a resource that cannot be read is told with its place`() async throws {
        let text = resource("{timeouts: {badt: xyz}}")
        let (names, lines) = try await onLoop { loop in
            let world = World([text], on: loop)
            return (world.resiliency.names, world.lines.text)
        }
        #expect(names == ["r"])
        #expect(
            lines == [
                "info: Loading Resiliency configuration: r",
                "error: Could not read resiliency policy r: invalid duration \"badt\", xyz: time: "
                    + "invalid duration \"xyz\" - in r.yaml:1:1",
            ])
    }
}

extension SandboxClock {
    /// Moves the clock by the shortest step that an alarm waits for.
    fileprivate func advanceToNextAlarm() {
        var step = Duration.milliseconds(1)
        let before = alarmCount
        while alarmCount == before {
            move(by: step)
            step = .milliseconds(1)
        }
    }
}
