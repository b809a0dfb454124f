internal import Bytes

/// How `pubsub.redis` reads its streams (pubsub.md §7 of the specification).
package struct RedisStreamSettings: Equatable, Sendable {
    /// Why a component's metadata is refused.
    package struct Problem: Error, Equatable {
        package let text: String
    }

    /// How long a message may be pending until another worker takes it; nil for ever.
    package var processingTimeout: Duration? = .seconds(60)
    /// How often pending messages are looked for; nil for never.
    package var redeliverInterval: Duration? = .seconds(15)
    /// Messages read at a time, and that wait for a worker.
    package var queueDepth = 100
    /// Messages handled at a time.
    package var concurrency = 10
    /// Entries that a stream keeps, about; nil for all.
    package var maxLength: Int64?
    /// How long a stream keeps its entries; nil for ever.
    package var timeToLive: Duration?

    package init() {}

    /// - Parameter metadata: a component's; names compare without case.
    package init(metadata: [String: String]) throws(Problem) {
        let values = Dictionary(
            metadata.map { ($0.key.lowercased(), $0.value) }, uniquingKeysWith: { $1 }
        ).filter { !$0.value.isEmpty }
        if let text = values["processingtimeout"] {
            let timeout = Int64(text).map { Duration.milliseconds($0) } ?? GoDuration.parse(text)
            guard let timeout else {
                throw Problem(text: "invalid processingTimeout `\(text)`: write 60s or 60000")
            }
            processingTimeout = timeout > .zero ? timeout : nil
        }
        // As in Dapr: a duration such as 2s is not understood and leaves the default.
        if let text = values["redeliverinterval"], let milliseconds = Int64(text) {
            redeliverInterval = milliseconds > 0 ? .milliseconds(milliseconds) : nil
        }
        queueDepth = try Self.number(values, "queueDepth") ?? queueDepth
        concurrency = try Self.number(values, "concurrency") ?? concurrency
        maxLength = try Self.number(values, "maxLenApprox").map { Int64($0) }
        if let text = values["streamttl"] {
            guard let ttl = GoDuration.parse(text), ttl > .zero else {
                throw Problem(text: "invalid streamTTL `\(text)`: write a duration such as 1h")
            }
            timeToLive = ttl
        }
    }

    private static func number(
        _ values: [String: String], _ name: String
    ) throws(Problem) -> Int? {
        guard let text = values[name.lowercased()] else { return nil }
        guard let number = Int(text) else {
            throw Problem(text: "invalid \(name) `\(text)`: write a number")
        }
        return number > 0 ? min(number, 100_000) : nil
    }
}
