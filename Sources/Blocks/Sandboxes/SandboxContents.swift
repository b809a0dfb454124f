internal import Backends

/// What a sandbox keeps in its back ends, whole.
extension Sandbox {
    /// Why a sandbox's contents could not be read or changed.
    package struct ContentsFailure: Error, Equatable {
        /// *cannot reset the topics of pubsub: why*
        package let text: String
        /// Whether what was asked for is wrong; otherwise a back end has failed.
        package let isRequest: Bool

        package init(_ text: String, isRequest: Bool = false) {
            self.text = text
            self.isRequest = isRequest
        }
    }

    /// A store with the keys that are the sandbox's own in it.
    struct OwnStore {
        /// The component that names it first, and its app.
        let component: String
        let appID: String
        let store: any StateStore
        var scope: KeyScope
    }

    /// Each store once, however many components name it.
    var ownStores: [OwnStore] {
        var own: [OwnStore] = []
        for sidecar in sidecars {
            for component in sidecar.stateComponents {
                let prefix = component.keyPrefix.bytes
                if let index = own.firstIndex(where: { $0.store === component.store }) {
                    own[index].scope = KeyScope(own[index].scope.prefixes + [prefix])
                } else {
                    own.append(
                        OwnStore(
                            component: component.name, appID: sidecar.appID,
                            store: component.store, scope: KeyScope([prefix])))
                }
            }
        }
        return own
    }

    /// A broker that components name.
    struct OwnBroker {
        /// The component that names it first.
        let component: String
        let broker: any MessageBroker
    }

    /// Each broker once.
    var ownBrokers: [OwnBroker] {
        var own: [OwnBroker] = []
        for component in sidecars.flatMap(\.pubSubComponents)
        where !own.contains(where: { $0.broker === component.broker }) {
            own.append(OwnBroker(component: component.name, broker: component.broker))
        }
        return own
    }

    /// Runs `body` while nothing is delivered: what was under way has been answered or counts for
    /// nothing.
    ///
    /// - Returns: what `body` returned, and how many deliveries were given up.
    func pausingDeliveries<Value>(
        _ body: () async throws(ContentsFailure) -> Value
    ) async throws(ContentsFailure) -> (value: Value, givenUp: Int) {
        let subscriptions = sidecars.compactMap(\.subscriptions)
        var givenUp = 0
        for each in subscriptions { givenUp += await each.pause(patience: Self.patience) }
        let result: Result<Value, ContentsFailure>
        do throws(ContentsFailure) { result = .success(try await body()) } catch {
            result = .failure(error)
        }
        for each in subscriptions { await each.resume() }
        return (try result.get(), givenUp)
    }

    /// How long an application may take to answer what was delivered before a reset.
    private static let patience = Duration.seconds(2)
}

extension StateError {
    /// The words, for people.
    var words: String {
        switch self {
        case .failed(let text): text
        case .etagMismatch(let detail): detail ?? "the etag does not fit"
        case .etagInvalid(let detail): detail ?? "the etag is not one of this store's"
        }
    }
}
