package import JSON
package import Matching
package import YAML

/// One canned answer of an application: which requests it is for, and what they get.
package struct Stub: Sendable {
    /// Empty until the stub is added and gets one.
    package var id: String
    /// Whose answer it is.
    package var app: String
    /// Parts of the request: `method`, `path`, `query`, `parameters.x`, `headers.x`, `body`, `json`.
    package var conditions: [Expectation]
    /// How often it answers before the stubs after it do; nil for always.
    package var times: Int?
    /// One after the other; what comes after the last is `order`'s to say. Never empty.
    package var replies: [StubReply]
    package var order: Order
    /// As it was described, for who asks which stubs there are.
    package var description: JSONValue

    package enum Order: String, Sendable, CaseIterable {
        /// The last reply goes on.
        case last
        /// From the first again.
        case cycle
    }

    package init(
        id: String = "", app: String = "", conditions: [Expectation], times: Int? = nil,
        replies: [StubReply], order: Order = .last, description: JSONValue = .null
    ) {
        self.id = id
        self.app = app
        self.conditions = conditions
        self.times = times
        self.replies = replies
        self.order = order
        self.description = description
    }

    /// The reply of a use, counted from 0.
    func reply(_ use: Int) -> StubReply {
        switch order {
        case .last: replies[min(use, replies.count - 1)]
        case .cycle: replies[use % replies.count]
        }
    }
}

/// What a request is answered with.
package struct StubReply: Sendable {
    package var status = 200
    package var headers: [(name: String, value: Template)] = []
    package var body: MessageBody?
    /// How long the answer is held back.
    package var delay = Duration.zero

    package init() {}
}

/// What an application is to be: its subscriptions and its stubs.
package struct StubDescription: Sendable {
    package var app: String
    /// What the application subscribes to, as it would answer `GET /dapr/subscribe`; nil when the
    /// description says nothing of it.
    package var subscriptions: JSONValue?
    package var stubs: [Stub]
    package var span: SourceSpan
}
