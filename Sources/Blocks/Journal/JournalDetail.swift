/// Which topic a message went to or came from.
package struct MessageRecord: Sendable, Hashable {
    /// The component's name.
    package let pubsub: String
    package let topic: String

    package init(pubsub: String, topic: String) {
        self.pubsub = pubsub
        self.topic = topic
    }
}

/// What became of one attempt at handing a message on.
package enum DeliveryOutcome: String, Sendable, CaseIterable {
    /// The application took it.
    case success
    /// The application said that it does not want it: `DROP`, or 404.
    case drop
    /// The application failed or said `RETRY`: policy, broker and dead letters decide what follows.
    case retry
    /// The application did not answer.
    case unreachable
    /// It was too old when its turn came: no application was asked.
    case expired
    /// No rule of the subscription matched: no application was asked.
    case unrouted
    /// It could not be read, or a rule could not be worked out: no application was asked.
    case unreadable
    /// It was published to the subscription's dead-letter topic.
    case deadLetter
}

/// What only some entries of the journal have.
package struct JournalDetail: Sendable, Equatable {
    package var message: MessageRecord?
    /// Which attempt at a delivery this was, from 1.
    package var attempt: Int?
    package var outcome: DeliveryOutcome?
    /// Whom an invocation went to, as the caller named it: an app id, an HTTPEndpoint, a URL.
    /// nil where the path says it: see `JournalEntry.callee`.
    package var callee: String?
    /// The fault that was applied, as people name it.
    package var fault: String?
    /// How to mend what is puzzling about the answer.
    package var hint: String?

    package init(message: MessageRecord? = nil) { self.message = message }

    /// Whether there is nothing in it.
    var isEmpty: Bool {
        message == nil && attempt == nil && outcome == nil && callee == nil && fault == nil
            && hint == nil
    }

    /// Bytes that its texts count for.
    var cost: Int {
        let texts = [message?.pubsub, message?.topic, callee, fault, hint]
        return 128 + texts.reduce(0) { $0 + ($1?.utf8.count ?? 0) }
    }
}

/// The detail of an entry, kept apart: an entry without any is that much smaller, and it is moved
/// twice on every request's way.
final class KeptDetail: Sendable {
    let detail: JournalDetail

    init(_ detail: JournalDetail) { self.detail = detail }
}
