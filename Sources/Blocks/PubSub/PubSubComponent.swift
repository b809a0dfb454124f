package import Backends

/// A pub/sub component of a sidecar: its name, and the broker that it stands on.
package final class PubSubComponent {
    package let name: String
    /// As its resource says, `pubsub.redis`, whatever it was mapped to.
    package let type: String
    package let version: String
    package let broker: any MessageBroker
    /// The group that the app's subscriptions share: `consumerID`, or the app id.
    package let group: String
    /// Settings that the sidecar itself obeys: scopes, allowed and protected topics.
    package let settings: [String: String]
    package let scopes: PubSubScopes

    package init(
        name: String, type: String, version: String, broker: any MessageBroker, group: String,
        appID: String, settings: [String: String] = [:]
    ) {
        scopes = PubSubScopes(settings: settings, appID: appID)
        self.name = name
        self.type = type
        self.version = version
        self.broker = broker
        self.group = group
        self.settings = settings
    }
}
