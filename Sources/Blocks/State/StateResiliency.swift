internal import Backends

/// What is asked of a store, under the policy that surrounds its component.
extension StateBlock {
    /// Does one operation; with no policy, straight away.
    ///
    /// - Parameter retriesEtags: whether an etag error is tried again, as Dapr does it with all
    ///   operations but a save.
    func perform<Value>(
        on component: StateComponent, retriesEtags: Bool = true,
        _ operation: @escaping () async throws(StateError) -> Value
    ) async throws(StateProblem) -> Value {
        guard let policy = sidecar.resiliency.outbound(component.name, .stateStore) else {
            do throws(StateError) { return try await operation() } catch { throw .store(error) }
        }
        let result = try await run(policy) {
            await Self.outcome(of: operation)
        } judge: { result in
            guard case .failure(let error) = result else { return .success }
            return retriesEtags || !error.isAboutEtag
                ? .failure("\(error)") : .permanent("\(error)")
        }
        do throws(StateError) { return try result.get() } catch { throw .store(error) }
    }

    /// Several writes that do not depend on each other; only those that failed are tried again.
    ///
    /// - Returns: what became of each, by its index.
    func saveEach(
        _ writes: [(index: Int, write: StateWrite)], in component: StateComponent
    ) async throws(StateProblem) -> [Int: Result<Void, StateError>] {
        var results: [Int: Result<Void, StateError>] = [:]
        guard let policy = sidecar.resiliency.outbound(component.name, .stateStore) else {
            let made = await store(of: component).setEach(writes.map(\.write))
            for (write, result) in zip(writes, made) { results[write.index] = result }
            return results
        }
        let remaining = Remaining(writes)
        _ = try await run(policy) {
            let attempted = remaining.writes
            let made = await store(of: component).setEach(attempted.map(\.write))
            return zip(attempted, made).map { ($0.index, $1) }
        } judge: { outcome in
            for (index, result) in outcome { results[index] = result }
            return remaining.verdict(on: results)
        }
        return results
    }

    /// The policy's own refusals are the store's failures to the caller.
    private func run<Value>(
        _ policy: ResiliencyPolicy, _ operation: @escaping () async -> Value,
        judge: (Value) -> PolicyVerdict
    ) async throws(StateProblem) -> Value {
        do throws(PolicyError) {
            return try await policy.run(for: caller, operation, judge: judge)
        } catch {
            throw .store(.failed(error.text))
        }
    }

    private static func outcome<Value>(
        of operation: () async throws(StateError) -> Value
    ) async -> Result<Value, StateError> {
        do throws(StateError) { return .success(try await operation()) } catch {
            return .failure(error)
        }
    }

    /// The writes of a save that the next attempt sends.
    private final class Remaining {
        private(set) var writes: [(index: Int, write: StateWrite)]

        init(_ writes: [(index: Int, write: StateWrite)]) { self.writes = writes }

        func verdict(on results: [Int: Result<Void, StateError>]) -> PolicyVerdict {
            var failure: StateError?
            writes.removeAll { write in
                guard case .failure(let error)? = results[write.index] else { return true }
                failure = error
                return error.isAboutEtag
            }
            guard let failure else { return .success }
            return writes.isEmpty ? .permanent("\(failure)") : .failure("\(failure)")
        }
    }
}

extension StateError {
    fileprivate var isAboutEtag: Bool {
        switch self {
        case .etagMismatch, .etagInvalid: true
        case .failed: false
        }
    }
}
