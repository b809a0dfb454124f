package import Bytes

/// What a pub/sub component stands on: topics that messages are put on and taken from.
///
/// Confined to the sandbox's loop; one with a thread or connections of its own waits for them there.
/// Brokers differ where Dapr's do (`pubsub.md` §7–8 of the specification).
package protocol MessageBroker: AnyObject {
    /// What the broker can do, as Dapr's metadata lists it.
    var features: [BrokerFeature] { get }

    /// Puts a message on its topic; returns when the broker has it.
    func publish(_ message: BrokerMessage) async throws(BrokerError)

    /// Begins to hand the topic's messages to `handler`; returns when it has begun.
    func subscribe(
        _ subscription: BrokerSubscription, _ handler: any MessageHandler
    ) async throws(BrokerError) -> any BrokerConsumer

    /// What lies on the topics that were published or subscribed to here, ordered by topic.
    func export() async throws(BrokerError) -> [TopicContents]

    /// Empties the topics that were published or subscribed to here, for those who subscribe later
    /// too, and puts `contents` down. Messages of other programs stay for their own groups.
    ///
    /// No subscription may run meanwhile: what it had taken would be handed out afterwards.
    func replace(with contents: [TopicContents]) async throws(BrokerError)

    /// Ends every subscription and lets go of files, connections and threads.
    func close() async
}

/// A capability as Dapr's metadata spells it.
package enum BrokerFeature: String, Sendable {
    case subscribeWildcards = "SUBSCRIBE_WILDCARDS"
}

/// One message as brokers carry it.
package struct BrokerMessage: Sendable, Equatable {
    package var topic: String
    package var data: ByteSlice
    /// What the request's metadata said, which subscribers see as header fields.
    package var metadata: Metadata
    /// Which time it is handed out, from 1.
    package var attempt = 1

    package init(topic: String, data: ByteSlice, metadata: Metadata = [:]) {
        self.topic = topic
        self.data = data
        self.metadata = metadata
    }
}

/// What a subscriber wants.
package struct BrokerSubscription: Sendable {
    /// Where the broker has wildcards, one at the end stands for all topics that begin so.
    package var topic: String
    /// Who shares the messages: the consumers of one group get each message once between them.
    package var group: String
    /// The subscription's own metadata.
    package var metadata: Metadata
    /// Messages handed out at a time at most, where the broker keeps an order otherwise: one, or as
    /// many as a bulk subscription takes together.
    package var concurrency: Int

    package init(
        topic: String, group: String, metadata: Metadata = [:], concurrency: Int = 1
    ) {
        self.topic = topic
        self.group = group
        self.metadata = metadata
        self.concurrency = concurrency
    }
}

/// Takes the messages of one subscription, on the sandbox's loop.
package protocol MessageHandler: AnyObject {
    /// Handles one message to its end, dead-letter topic included.
    func handle(_ message: BrokerMessage) async -> MessageOutcome
}

/// What became of a delivery.
package enum MessageOutcome: Sendable, Equatable {
    /// Handled, dropped, or on its dead-letter topic.
    case done
    /// The broker has the message back; what it does with it differs per broker.
    case failed(String)
    /// Nobody was there to handle it; the broker has it back, and may wait for somebody.
    case unreachable(String)
}

/// A subscription that runs.
package protocol BrokerConsumer: AnyObject {
    /// Ends it: nothing new is handed out, and what is being handled is waited for.
    func cancel() async
}

/// Why a broker did not do what it was asked, in the broker's words.
package enum BrokerError: Error, Equatable, Sendable {
    case failed(String)
    /// Its file, server or connection is not there.
    case unavailable(String)
    /// It was closed.
    case closed

    package var text: String {
        switch self {
        case .failed(let text), .unavailable(let text): text
        case .closed: "component is closed"
        }
    }
}
