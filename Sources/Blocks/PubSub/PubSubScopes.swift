/// Who may publish and subscribe to what (pubsub.md §1.5 of the specification). Pure.
package struct PubSubScopes: Sendable {
    private let allowed: Set<String>
    private let protected: Set<String>
    /// The topics that an app is limited to; nil for an app that is not listed.
    private let publishing: Set<String>?
    private let subscribing: Set<String>?

    package init(settings: [String: String], appID: String) {
        allowed = Self.topics(settings[ignoringCase: "allowedTopics"])
        protected = Self.topics(settings[ignoringCase: "protectedTopics"])
        publishing = Self.scope(settings[ignoringCase: "publishingScopes"], appID)
        subscribing = Self.scope(settings[ignoringCase: "subscriptionScopes"], appID)
    }

    package func mayPublish(to topic: String) -> Bool { may(publishing, topic) }

    package func maySubscribe(to topic: String) -> Bool { may(subscribing, topic) }

    private func may(_ scope: Set<String>?, _ topic: String) -> Bool {
        if !allowed.isEmpty, !allowed.contains(topic) { return false }
        if protected.contains(topic) { return scope?.contains(topic) ?? false }
        return scope?.contains(topic) ?? true
    }

    private static func topics(_ text: String?) -> Set<String> {
        Set((text ?? "").filter { $0 != " " }.split(separator: ",").map(String.init))
    }

    /// `app1=t1,t2;app2=t3`; an app with nothing behind its name may do nothing.
    private static func scope(_ text: String?, _ appID: String) -> Set<String>? {
        for part in (text ?? "").filter({ $0 != " " }).split(separator: ";") {
            let words = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard words.count == 2, words[0] == appID else { continue }
            return Set(words[1].split(separator: ",").map(String.init))
        }
        return nil
    }
}
