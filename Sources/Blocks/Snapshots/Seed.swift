internal import Backends
package import Bytes

/// What a test wants to find: keys of stores, messages on topics. They take the place of what is
/// there under the same key, and come after the messages that are there.
package struct Seed: Sendable {
    /// Messages that are published, in this order, as the first app that has the component would.
    package struct Topic: Sendable {
        package var pubsub: String
        package var topic: String
        /// JSON.
        package var events: [ByteSlice]
    }

    package var state: [SeededKey] = []
    package var topics: [Topic] = []
    /// What answers for applications that are not there; they are there before the messages are.
    package var stubs: [StubDescription] = []
    /// What goes wrong on purpose, from after the messages were published.
    package var faults: [Fault] = []

    package init() {}
}

extension Sandbox {
    /// Puts a seed down: state at once, then stubs, then the messages, then faults.
    package func seed(_ seed: Seed) async throws(ContentsFailure) {
        try await changes.take { () async throws(ContentsFailure) in
            // What is wrong with it is found before anything is done: half a seed sown twice is another.
            let publishers = try publishers(of: seed)
            let state = try entries(of: seed.state)
            try check(seed)
            for (own, entries) in state where !entries.isEmpty {
                try await put(entries, in: own, removing: KeyScope([]))
            }
            try await add(seed.stubs)
            for (topic, (block, component)) in zip(seed.topics, publishers) {
                for event in topic.events {
                    try await publish(event, to: topic.topic, block, component)
                }
            }
            try add(seed.faults)
        }
    }

    private func check(_ seed: Seed) throws(ContentsFailure) {
        do throws(Stubs.Refusal) { try stubs.check(seed.stubs) } catch {
            throw ContentsFailure(error)
        }
        do throws(Faults.Refusal) { try faults.check(seed.faults) } catch {
            throw ContentsFailure(error)
        }
    }

    private func add(_ descriptions: [StubDescription]) async throws(ContentsFailure) {
        do throws(Stubs.Refusal) { try await stubs.add(descriptions) } catch {
            throw ContentsFailure(error)
        }
    }

    private func add(_ rules: [Fault]) throws(ContentsFailure) {
        do throws(Faults.Refusal) { try faults.add(rules) } catch {
            throw ContentsFailure(error)
        }
    }

    private func publishers(
        of seed: Seed
    ) throws(ContentsFailure) -> [(PubSubBlock, PubSubComponent)] {
        var publishers: [(PubSubBlock, PubSubComponent)] = []
        for topic in seed.topics {
            let found = sidecars.lazy.compactMap { sidecar in
                sidecar.pubSubComponents.first { $0.name == topic.pubsub }.map {
                    (sidecar.pubSub(for: nil), $0)
                }
            }.first
            guard let found else {
                let known = sidecars.flatMap { $0.pubSubComponents.map(\.name) }
                throw ContentsFailure(
                    unknown("pub/sub component", topic.pubsub, known), isRequest: true)
            }
            publishers.append(found)
        }
        return publishers
    }

    private func publish(
        _ event: ByteSlice, to topic: String, _ block: PubSubBlock, _ component: PubSubComponent
    ) async throws(ContentsFailure) {
        do throws(PublishProblem) {
            try await block.publish(
                event, contentType: "application/json", to: topic, of: component, metadata: [:],
                trace: .init(parent: "", state: ""))
        } catch {
            let why: String
            switch error {
            case .broker(let error): why = error.text
            case .forbidden: why = "the component's scopes do not let the app publish there"
            default: why = "\(error)"
            }
            throw ContentsFailure("cannot seed the topic \(topic) of \(component.name): \(why)")
        }
    }
}

extension Sandbox.ContentsFailure {
    fileprivate init(_ refusal: Stubs.Refusal) {
        self.init(refusal.text + (refusal.hint.map { ": \($0)" } ?? ""), isRequest: true)
    }

    fileprivate init(_ refusal: Faults.Refusal) {
        self.init("\(refusal.text): \(refusal.hint)", isRequest: true)
    }
}
