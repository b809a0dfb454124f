internal import Scenarios
internal import Synchronization
internal import Transport

/// Runs cases on several loops, results told as they come and returned in the cases' order.
final class ScenarioPool: Sendable {
    private let cases: [ScenarioCase]
    private let surroundings: Surroundings
    private let guests: GuestLibrary
    private let progress: ScenarioProgress
    private let isFailFast: Bool
    private let next = Atomic(0)
    private let hasFailed = Atomic(false)
    private let results = Guarded<[(number: Int, result: CaseResult)]>([])

    init(
        cases: [ScenarioCase], surroundings: Surroundings, guests: GuestLibrary,
        progress: ScenarioProgress, isFailFast: Bool
    ) {
        self.cases = cases
        self.surroundings = surroundings
        self.guests = guests
        self.progress = progress
        self.isFailFast = isFailFast
    }

    /// Once the run is interrupted no other case is begun and no other step; those that run do what
    /// is always to be done.
    ///
    /// - Parameter hurry: triggered when even that is not waited for any longer.
    func run(jobs: Int, hurry: Interruption) async throws -> [CaseResult] {
        let (ends, end) = AsyncStream<Result<Void, any Error>>.makeStream()
        let token = hurry.whenTriggered { end.yield(.success(())) }
        defer { hurry.forget(token) }
        let work = Task {
            do {
                try await self.workAll(jobs)
                end.yield(.success(()))
            } catch {
                end.yield(.failure(error))
            }
        }
        defer { work.cancel() }
        for await first in ends {
            try first.get()
            break
        }
        return results.withLock(\.self).sorted { $0.number < $1.number }.map(\.result)
    }

    private func workAll(_ jobs: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<min(jobs, max(1, cases.count)) {
                group.addTask { try await self.work() }
            }
            try await group.waitForAll()
        }
    }

    private var isStopped: Bool {
        surroundings.interruption.isTriggered
            || isFailFast && hasFailed.load(ordering: .relaxed)
    }

    /// One loop's share: case after case until none is left.
    private func work() async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        while !isStopped {
            let number = next.add(1, ordering: .relaxed).oldValue
            guard number < cases.count else { break }
            let (one, guests, surroundings) = (cases[number], guests, surroundings)
            progress.began(number, one.title)
            let result = await loop.run { loop in
                await ScenarioRunner(one, number: number, in: surroundings, guests: guests)
                    .run(on: loop)
            }
            // What was broken off has neither passed nor failed.
            guard !surroundings.interruption.isTriggered else { break }
            if result.hasFailed { hasFailed.store(true, ordering: .relaxed) }
            progress.ended(number, result)
            results.withLock { $0.append((number, result)) }
        }
    }
}
