/// Retries that Dapr always has.
package enum BuiltInPolicy: String, CaseIterable, Sendable {
    case service = "DaprBuiltInServiceRetries"
    case actor = "DaprBuiltInActorRetries"
    case actorReminder = "DaprBuiltInActorReminderRetries"
    case actorNotFound = "DaprBuiltInActorNotFoundRetries"
    case initialization = "DaprBuiltInInitializationRetries"

    var retry: RetryPolicy {
        switch self {
        case .service, .actor: return .constant(.seconds(1), maxRetries: 3)
        case .actorNotFound: return .constant(.seconds(1), maxRetries: 5)
        case .actorReminder:
            var policy = RetryPolicy()
            policy.kind = .exponential
            return policy
        case .initialization:
            var policy = RetryPolicy()
            policy.kind = .exponential
            policy.maxInterval = .seconds(1)
            policy.maxRetries = 3
            policy.maxElapsed = .seconds(10)
            return policy
        }
    }
}

/// The kinds of components, as default policies spell them.
package enum ComponentKind: String, Sendable {
    case binding = "Binding"
    case configuration = "Configuration"
    case lock = "Lock"
    case pubSub = "Pubsub"
    case crypto = "Crypto"
    case conversation = "Conversation"
    case secretStore = "Secretstore"
    case stateStore = "Statestore"
}
