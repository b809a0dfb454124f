package import Backends
internal import Bytes
package import Transport

/// `pubsub.redis`: topics are streams, laid out as Dapr's, so that both exchange messages.
///
/// Publishing goes down one pipelined connection; each subscription reads on one of its own, because
/// it blocks there. Confined to the sandbox's loop.
package final class RedisBroker: MessageBroker {
    private let settings: RedisSettings
    private let streams: RedisStreamSettings
    let connection: RedisConnection
    private let clock: SandboxClock
    private let loop: EventLoop
    /// What stands before every stream of a sandbox that is not the default one.
    private let prefix: String
    private var consumers: [ObjectIdentifier: RedisConsumer] = [:]
    /// The topics that were published or subscribed to, and the groups that took part.
    var topics: [String: Set<String>] = [:]
    /// Where groups begin that a stream does not have yet: what was before is forgotten.
    var floors: [String: ByteSlice] = [:]
    private var isClosed = false

    package init(
        _ settings: RedisSettings, _ streams: RedisStreamSettings, keyPrefix: String = "",
        clock: SandboxClock, on loop: EventLoop
    ) {
        self.settings = settings
        self.streams = streams
        self.clock = clock
        self.loop = loop
        prefix = keyPrefix
        connection = RedisConnection(settings, work: clock.work, on: loop)
    }

    package var features: [BrokerFeature] { [] }

    /// Asks whether Redis is there and lets us in.
    package func ping() async throws(RedisError) {
        if case .error(let text) = try await connection.send(RedisCommand(.init(utf8: "PING"))) {
            throw .refused(text)
        }
    }

    package func publish(_ message: BrokerMessage) async throws(BrokerError) {
        guard !isClosed else { throw .closed }
        topics[message.topic, default: []].formUnion([])
        var words = [ByteSlice(utf8: "XADD"), stream(message.topic)]
        if let ttl = streams.timeToLive {
            // A stream's ids are the server's time, whatever the sandbox's is.
            let oldest = max(0, RealClock().now.milliseconds - Int64(ttl.nanoseconds / 1_000_000))
            words += [
                ByteSlice(utf8: "MINID"), ByteSlice(utf8: "~"), ByteSlice(utf8: "\(oldest)-1"),
            ]
        } else if let length = streams.maxLength {
            words += [
                ByteSlice(utf8: "MAXLEN"), ByteSlice(utf8: "~"), ByteSlice(decimal: length),
            ]
        }
        words += Self.fields(message)
        let reply: RedisReply
        do throws(RedisError) { reply = try await connection.send(RedisCommand(words)) } catch {
            throw .unavailable("redis streams: error from publish: \(error.text)")
        }
        if case .error(let text) = reply {
            throw .failed("redis streams: error from publish: \(text)")
        }
    }

    func stream(_ topic: String) -> ByteSlice { ByteSlice(utf8: prefix + topic) }

    /// What follows the options of an XADD.
    static func fields(_ message: BrokerMessage) -> [ByteSlice] {
        [
            ByteSlice(utf8: "*"), ByteSlice(utf8: "data"), message.data,
            ByteSlice(utf8: "metadata"), StringMap.json(message.metadata)[...],
        ]
    }

    package func subscribe(
        _ subscription: BrokerSubscription, _ handler: any MessageHandler
    ) async throws(BrokerError) -> any BrokerConsumer {
        guard !isClosed else { throw .closed }
        topics[subscription.topic, default: []].insert(subscription.group)
        let consumer = RedisConsumer(
            subscription, streams, settings, stream: stream(subscription.topic),
            begin: floors[subscription.topic] ?? ByteSlice(utf8: "0"), handler, clock, on: loop
        ) { [weak self] consumer in
            self?.consumers[ObjectIdentifier(consumer)] = nil
        }
        do throws(RedisError) { try await consumer.start() } catch {
            await consumer.cancel()
            throw .unavailable(error.text)
        }
        consumers[ObjectIdentifier(consumer)] = consumer
        return consumer
    }

    /// The streams of a sandbox that is not the default one go with it: the Redis may be somebody's
    /// own.
    package func close() async {
        isClosed = true
        for consumer in consumers.values { await consumer.cancel() }
        if !prefix.isEmpty, !topics.isEmpty {
            let names = topics.keys.map { stream($0) }
            _ = try? await connection.send(RedisCommand([ByteSlice(utf8: "UNLINK")] + names))
        }
        connection.close()
    }
}

extension Timestamp {
    /// Whole milliseconds since 1970.
    fileprivate var milliseconds: Int64 { nanoseconds / 1_000_000 }
}
