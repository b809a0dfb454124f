internal import Backends

/// Publishing under the policy that surrounds the component: what applications publish, and dead
/// letters.
extension PubSubComponent {
    func publish(
        _ message: BrokerMessage, from sidecar: Sidecar,
        for caller: (any PolicyCaller)? = nil
    ) async throws(BrokerError) {
        guard let policy = sidecar.resiliency.outbound(name, .pubSub) else {
            return try await send(message, from: sidecar)
        }
        let error = await published([message], from: sidecar, policy, caller)[0]
        if let error { throw error }
    }

    /// Publishes several messages; only those that failed are tried again.
    ///
    /// - Returns: for each message why it was not published, or nil.
    func publish(
        _ messages: [BrokerMessage], from sidecar: Sidecar,
        for caller: (any PolicyCaller)? = nil
    ) async -> [BrokerError?] {
        guard let policy = sidecar.resiliency.outbound(name, .pubSub) else {
            return await send(messages, from: sidecar)
        }
        return await published(messages, from: sidecar, policy, caller)
    }

    private func published(
        _ messages: [BrokerMessage], from sidecar: Sidecar, _ policy: ResiliencyPolicy,
        _ caller: (any PolicyCaller)?
    ) async -> [BrokerError?] {
        let rest = Remaining(messages)
        do throws(PolicyError) {
            _ = try await policy.run(for: caller) {
                let open = rest.open
                return (open, await self.send(open.map { messages[$0] }, from: sidecar))
            } judge: { open, errors in
                rest.take(errors, of: open)
            }
        } catch {
            rest.fail(with: .failed(error.text))
        }
        return rest.errors
    }

    /// Hands a message to the broker, if no fault rule has anything to say of it.
    private func send(
        _ message: BrokerMessage, from sidecar: Sidecar
    ) async throws(BrokerError) {
        let faults = sidecar.sandbox.faults
        guard !faults.isIdle else { return try await broker.publish(message) }
        try await faults.publish(message, to: self, from: sidecar)
    }

    private func send(
        _ messages: [BrokerMessage], from sidecar: Sidecar
    ) async -> [BrokerError?] {
        var errors: [BrokerError?] = []
        for message in messages {
            do throws(BrokerError) {
                try await send(message, from: sidecar)
                errors.append(nil)
            } catch {
                errors.append(error)
            }
        }
        return errors
    }

    /// What has not been published yet.
    private final class Remaining {
        private(set) var errors: [BrokerError?]
        /// Places in the list of messages.
        private(set) var open: [Int]

        init(_ messages: [BrokerMessage]) {
            errors = messages.map { _ in nil }
            open = Array(messages.indices)
        }

        func take(_ results: [BrokerError?], of places: [Int]) -> PolicyVerdict {
            for (place, error) in zip(places, results) { errors[place] = error }
            open = places.filter { errors[$0] != nil }
            guard let first = open.first, let error = errors[first] else { return .success }
            return .failure(error.text)
        }

        /// The policy itself has ended it.
        func fail(with error: BrokerError) {
            for place in open { errors[place] = error }
        }
    }
}
