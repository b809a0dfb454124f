internal import Scenarios
internal import Synchronization
internal import Transport

/// Runs cases on several loops, results told as they come and returned in the cases' order.
final class ScenarioPool: Sendable {
    private let cases: [ScenarioCase]
    private let surroundings: Surroundings
    private let guests: GuestLibrary
    private let report: @Sendable (CaseResult) -> Void
    private let next = Atomic(0)
    private let isStopped = Atomic(false)
    private let results = Guarded<[(number: Int, result: CaseResult)]>([])

    init(
        cases: [ScenarioCase], surroundings: Surroundings, guests: GuestLibrary,
        report: @escaping @Sendable (CaseResult) -> Void
    ) {
        self.cases = cases
        self.surroundings = surroundings
        self.guests = guests
        self.report = report
    }

    /// A signal starts no other case and no other step; those that run have a moment to end, and
    /// to do what is always to be done.
    func run(jobs: Int, until signals: TerminationSignals) async throws -> [CaseResult] {
        let (ends, end) = AsyncStream<Result<Void, any Error>>.makeStream()
        let control = try EventLoop()
        let watch = Task {
            try await self.stop(on: signals, control)
            end.yield(.success(()))
        }
        let work = Task {
            do {
                try await self.workAll(jobs)
                end.yield(.success(()))
            } catch {
                end.yield(.failure(error))
            }
        }
        defer {
            watch.cancel()
            work.cancel()
        }
        for await first in ends {
            try first.get()
            break
        }
        let results = results.withLock(\.self)
        guard !isStopped.load(ordering: .relaxed) else {
            throw Failure(.interrupted, "interrupted: \(results.count) of \(cases.count) cases ran")
        }
        return results.sorted { $0.number < $1.number }.map(\.result)
    }

    /// How long what runs may go on after a signal.
    private static let grace = Duration.milliseconds(1500)

    private func stop(on signals: TerminationSignals, _ control: EventLoop) async throws {
        try await control.run { loop in
            _ = try await signals.next(on: loop.reactor)
        }
        isStopped.store(true, ordering: .relaxed)
        await control.run { loop in await loop.reactor.sleep(for: Self.grace) }
    }

    private func workAll(_ jobs: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<min(jobs, max(1, cases.count)) {
                group.addTask { try await self.work() }
            }
            try await group.waitForAll()
        }
    }

    /// One loop's share: case after case until none is left.
    private func work() async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        while !isStopped.load(ordering: .relaxed) {
            let number = next.add(1, ordering: .relaxed).oldValue
            guard number < cases.count else { break }
            let (one, guests) = (cases[number], guests)
            var surroundings = surroundings
            surroundings.isInterrupted = { self.isStopped.load(ordering: .relaxed) }
            let there = surroundings
            let result = await loop.run { loop in
                await ScenarioRunner(one, number: number, in: there, guests: guests)
                    .run(on: loop)
            }
            guard !isStopped.load(ordering: .relaxed) else { break }
            report(result)
            results.withLock { $0.append((number, result)) }
        }
    }
}
