internal import Bytes
internal import YAML

/// What an application has answered to `GET /dapr/subscribe`, as the journal notes it.
extension Sidecar {
    /// - Parameters:
    ///   - subscriptions: what was made of it.
    ///   - problem: why nothing was.
    func noteSubscriptions(
        status: Int, _ body: ByteSlice, _ subscriptions: [Subscription], problem: String? = nil
    ) {
        var detail = JournalDetail()
        detail.hint = problem ?? subscriptions.lazy.compactMap { self.hint(for: $0) }.first
        if let hint = detail.hint {
            log?.write(.info, "hint: \(hint)", scope: "fakedapr.hint")
        }
        note(
            .subscribe, status: status, detail, method: "GET", target: "/dapr/subscribe",
            response: body)
    }

    /// Why a subscription brings nothing; nil for one that may.
    private func hint(for subscription: Subscription) -> String? {
        let topic = "the topic \(subscription.topic)"
        let names = pubSubComponents.map(\.name)
        guard let component = pubSubComponents.first(where: { $0.name == subscription.pubsub })
        else {
            if let absent = absent.first(where: { $0.name == subscription.pubsub }) {
                return "\(appID) subscribes to \(topic) of \(absent.name), which is not there: "
                    + absent.reason
            }
            let near = Suggestion.hint(for: subscription.pubsub, among: names) ?? "there is none"
            return "\(appID) subscribes to \(topic) of \(subscription.pubsub), which is no pub/sub "
                + "component: \(near)"
        }
        guard component.scopes.maySubscribe(to: subscription.topic) else {
            return "the component's subscriptionScopes, allowedTopics or protectedTopics keep "
                + "\(appID) from \(topic)"
        }
        return subscription.rules.isEmpty
            ? "the subscription to \(topic) has no route: every message is dropped" : nil
    }
}
