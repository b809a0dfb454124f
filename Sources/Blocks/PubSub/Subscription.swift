package import CEL

/// What an application wants of a topic.
package struct Subscription: Sendable {
    package enum Kind: String, Sendable {
        case declarative = "DECLARATIVE"
        case programmatic = "PROGRAMMATIC"
    }

    /// A path for the events that an expression is true of.
    package struct Rule: Sendable {
        /// nil for every event.
        package var match: CELProgram?
        /// Where events are sent to; begins with a slash.
        package var path: String
        /// The path as it was given, which the sidecar's metadata tells.
        package var shownPath: String

        /// The expression as it was written; nil for every event.
        package var matchText: String? { match?.source }

        package init(match: CELProgram?, path: String) {
            self.match = match
            shownPath = path
            self.path = path.hasPrefix("/") ? path : "/\(path)"
        }
    }

    package struct Bulk: Equatable, Sendable {
        package var isEnabled = false
        package var maxMessages = 100
        package var maxAwait = Duration.milliseconds(1000)
    }

    /// The resource's name; empty for one that the application asked for.
    package var name = ""
    package var pubsub: String
    package var topic: String
    /// In their order; the first that is true counts.
    package var rules: [Rule]
    package var deadLetterTopic: String
    package var metadata: [String: String]
    package var bulk: Bulk
    package var kind: Kind
    /// Where a declarative one stands.
    package var origin: Component.Origin?

    /// Whether events come without an envelope.
    package var isRaw: Bool {
        metadata[ignoringCase: "rawPayload"].flatMap { GoParseBool.parse($0) } ?? false
    }

    /// The path of an event, nil when no rule takes it.
    package func path(for event: CELValue) throws(CELFailure) -> String? {
        for rule in rules {
            guard let match = rule.match else { return rule.path }
            if try match.isTrue(["event": event]) { return rule.path }
        }
        return nil
    }

    /// Whether both want the same, wherever they are described.
    package func isSame(as other: Subscription) -> Bool {
        name == other.name && pubsub == other.pubsub && topic == other.topic
            && rules.map(\.matchText) == other.rules.map(\.matchText)
            && rules.map(\.path) == other.rules.map(\.path)
            && deadLetterTopic == other.deadLetterTopic && metadata == other.metadata
            && bulk == other.bulk
    }

    /// Whether rules have to look into the event.
    package var looksInside: Bool { rules.contains { $0.match != nil } }
}

extension [Subscription] {
    /// With one more: of declarative ones for the same topic the first counts, a programmatic one
    /// goes before them.
    package mutating func add(_ subscription: Subscription) {
        let place = firstIndex {
            $0.pubsub == subscription.pubsub && $0.topic == subscription.topic
        }
        guard let place else { return append(subscription) }
        if subscription.kind == .programmatic { self[place] = subscription }
    }
}
