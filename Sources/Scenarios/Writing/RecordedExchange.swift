internal import JSON

/// A request that was made, and what came of it when that is known: what a scenario's step is written
/// from.
package struct RecordedExchange: Sendable {
    package var method: String
    /// Path and query.
    package var target: String
    package var headers: [(name: String, value: String)] = []
    package var body = ""
    /// nil when nobody has asked yet.
    package var answer: Answer?
    /// Whose sidecar was asked; nil for the scenario's own.
    package var app: String?

    package struct Answer: Sendable {
        package var status: Int
        package var body: String

        package init(status: Int, body: String) {
            self.status = status
            self.body = body
        }
    }

    package init(method: String, target: String) {
        self.method = method
        self.target = target
    }

    var json: JSONValue? { Self.json(body) }

    static func json(_ text: String) -> JSONValue? { try? JSONValue.parse(Array(text.utf8)[...]) }

    /// Whether the component that it names was not there.
    var hasFoundNoComponent: Bool {
        let code = answer.flatMap { Self.json($0.body)?["errorCode"]?.string }
        return [
            "ERR_STATE_STORE_NOT_FOUND", "ERR_STATE_STORE_NOT_CONFIGURED", "ERR_PUBSUB_NOT_FOUND",
        ].contains(code)
    }

    /// The words of its path.
    var path: [Substring] { target.prefix { $0 != "?" }.split(separator: "/") }
}

/// A whole recording: what was asked of sidecars, and what applications answered.
package struct Recording: Sendable {
    package var appID = "app"
    package var exchanges: [RecordedExchange] = []
    package var apps: [RecordedApp] = []

    package init() {}
}

/// An application as its answers show it.
package struct RecordedApp: Sendable {
    package let id: String
    package var subscriptions: [Subscription] = []
    /// Requests that it got, each once.
    package var rules: [RecordedExchange] = []

    package struct Subscription: Sendable, Equatable {
        package let pubsub: String
        package let topic: String
        package let route: String
        /// How many messages came by it.
        package var count: Int
    }
}
