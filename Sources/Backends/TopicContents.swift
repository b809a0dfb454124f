/// What a broker keeps of one topic, as it is taken out and put back.
package struct TopicContents: Sendable, Equatable {
    /// Consumers that share the messages, and how many of the latest were not handed to them yet.
    package struct Group: Sendable, Equatable {
        package var name: String
        package var pending: Int

        package init(name: String, pending: Int) {
            self.name = name
            self.pending = pending
        }
    }

    package var topic: String
    /// The oldest first.
    package var messages: [BrokerMessage]
    package var groups: [Group]

    package init(topic: String, messages: [BrokerMessage], groups: [Group] = []) {
        self.topic = topic
        self.messages = messages
        self.groups = groups
    }

    /// Messages of one topic that are taken out at most, the latest ones.
    package static let limit = 10_000
}
