internal import Backends
internal import Bytes
internal import Transport

/// One subscription to a stream: a reader that blocks on its own connection, workers that hand
/// messages out, and a look at what was left pending.
///
/// Confined to the sandbox's loop.
final class RedisConsumer: BrokerConsumer {
    private struct Entry {
        let id: ByteSlice
        let message: BrokerMessage
    }

    private let topic: String
    private let stream: ByteSlice
    private let group: ByteSlice
    /// After which entry a new group begins.
    private let begin: ByteSlice
    private let streams: RedisStreamSettings
    private let handler: any MessageHandler
    private let reading: RedisConnection
    private let commands: RedisConnection
    private let tasks: ConsumerTasks
    private let onEnd: (RedisConsumer) -> Void
    private var queue: [Entry] = []
    /// Messages that were read and not finished yet: they are not taken a second time.
    private var underWay: Set<ByteSlice> = []

    /// How long a read waits for a message.
    private static let block = Duration.milliseconds(1000)

    init(
        _ subscription: BrokerSubscription, _ streams: RedisStreamSettings,
        _ settings: RedisSettings, stream: ByteSlice, begin: ByteSlice,
        _ handler: any MessageHandler, _ clock: SandboxClock, on loop: EventLoop,
        onEnd: @escaping (RedisConsumer) -> Void
    ) {
        topic = subscription.topic
        self.stream = stream
        self.begin = begin
        group = ByteSlice(utf8: subscription.group)
        self.streams = streams
        self.handler = handler
        self.onEnd = onEnd
        reading = RedisConnection(
            settings, replyTimeout: RedisLimits.replyTimeout + Self.block, on: loop)
        commands = RedisConnection(settings, work: clock.work, on: loop)
        tasks = ConsumerTasks(on: loop)
    }

    /// Makes the group and begins to read.
    func start() async throws(RedisError) {
        try await makeGroup()
        tasks.spawn { await self.read() }
        for _ in 0..<streams.concurrency { tasks.spawn { await self.work() } }
        if let interval = streams.redeliverInterval, let timeout = streams.processingTimeout {
            tasks.spawn { await self.redeliver(every: interval, idle: timeout) }
        }
    }

    func cancel() async {
        guard !tasks.isCancelled else { return }
        tasks.cancel()
        onEnd(self)
        // Wakes the read that blocks; messages that it may bring stay pending.
        reading.close()
        queue = []
        await tasks.join()
        commands.close()
    }

    // MARK: Reading

    /// A new group reads its stream from the beginning, or from where it was emptied.
    private func makeGroup() async throws(RedisError) {
        let reply = try await commands.send(
            RedisCommand(
                .init(utf8: "XGROUP"), .init(utf8: "CREATE"), stream, group, begin,
                .init(utf8: "MKSTREAM")))
        if case .error(let text) = reply, !text.hasPrefix("BUSYGROUP") { throw .refused(text) }
    }

    private func read() async {
        var pause = Duration.milliseconds(50)
        while !tasks.isCancelled {
            do throws(RedisError) {
                try await readOnce()
                pause = .milliseconds(50)
            } catch {
                // Redis is away or has lost the group; both come back.
                await tasks.pause(pause)
                pause = min(pause * 2, .seconds(2))
            }
            await tasks.wait { queue.count < streams.queueDepth }
        }
    }

    private func readOnce() async throws(RedisError) {
        let reply = try await reading.send(
            RedisCommand(
                .init(utf8: "XREADGROUP"), .init(utf8: "GROUP"), group, group,
                .init(utf8: "COUNT"), .init(decimal: Int64(streams.queueDepth)),
                .init(utf8: "BLOCK"), .init(utf8: "1000"), .init(utf8: "STREAMS"), stream,
                .init(utf8: ">")))
        switch reply {
        case .array(let found):
            for case .array(let parts) in found where parts.count == 2 {
                if case .array(let entries) = parts[1] { add(entries) }
            }
        case .error(let text) where text.hasPrefix("NOGROUP"): try await makeGroup()
        case .error(let text): throw .refused(text)
        default: break
        }
    }

    /// - Parameter attempts: how often those were handed out that come again.
    private func add(_ entries: [RedisReply], attempts: [ByteSlice: Int] = [:]) {
        for case .array(let parts) in entries where parts.count == 2 {
            guard let id = parts[0].bytes?[...], case .array(let fields) = parts[1],
                underWay.insert(id).inserted
            else { continue }
            var message = message(fields)
            message.attempt = attempts[id] ?? 1
            queue.append(Entry(id: id, message: message))
        }
        tasks.wake()
    }

    private func message(_ fields: [RedisReply]) -> BrokerMessage {
        Self.message(fields, of: topic)
    }

    /// What the fields of a stream's entry say.
    static func message(_ fields: [RedisReply], of topic: String) -> BrokerMessage {
        var message = BrokerMessage(topic: topic, data: [])
        for index in stride(from: 0, to: fields.count - 1, by: 2) {
            guard let name = fields[index].bytes, let value = fields[index + 1].bytes else {
                continue
            }
            if name[...].equals("data") { message.data = value[...] }
            if name[...].equals("metadata") { message.metadata = StringMap.parse(value[...]) }
        }
        return message
    }

    // MARK: Handing out

    private func work() async {
        while !tasks.isCancelled {
            guard !queue.isEmpty else {
                await tasks.wait { !queue.isEmpty }
                continue
            }
            let entry = queue.removeFirst()
            if queue.count == streams.queueDepth - 1 { tasks.wake() }
            let begin = Reactor.monotonicNow()
            let outcome = await handler.handle(entry.message)
            // Dapr acknowledges a message that failed as well: it does not come again. Only one that
            // took too long, or that a stop overtook, stays pending.
            if outcome == .done || !isOverdue(since: begin) { await acknowledge([entry.id]) }
            underWay.remove(entry.id)
        }
    }

    private func isOverdue(since begin: MonotonicTime) -> Bool {
        guard !tasks.isCancelled else { return true }
        guard let limit = streams.processingTimeout else { return false }
        return Reactor.monotonicNow() - begin > limit.nanoseconds
    }

    /// One that Redis does not hear of stays pending and comes again.
    private func acknowledge(_ ids: [ByteSlice]) async {
        _ = try? await commands.send(RedisCommand([.init(utf8: "XACK"), stream, group] + ids))
    }

    // MARK: Pending messages

    private func redeliver(every interval: Duration, idle: Duration) async {
        while !tasks.isCancelled {
            try? await claim(idle: Int64(idle.nanoseconds / 1_000_000))
            await tasks.pause(interval)
        }
    }

    /// Takes over what somebody, perhaps an earlier run of ourselves, has read and not finished.
    private func claim(idle: Int64) async throws(RedisError) {
        let pending = try await commands.send(
            RedisCommand(
                .init(utf8: "XPENDING"), stream, group, .init(utf8: "-"), .init(utf8: "+"),
                .init(decimal: Int64(streams.queueDepth))))
        guard case .array(let rows) = pending else { return }
        var attempts: [ByteSlice: Int] = [:]
        let ids = rows.compactMap { row -> ByteSlice? in
            guard case .array(let parts) = row, parts.count == 4, let id = parts[0].bytes?[...],
                case .integer(let rest) = parts[2], case .integer(let times) = parts[3],
                rest >= idle, !underWay.contains(id)
            else { return nil }
            attempts[id] = Int(times) + 1
            return id
        }
        guard !ids.isEmpty, !tasks.isCancelled else { return }
        let claimed = try await commands.send(
            RedisCommand(
                [.init(utf8: "XCLAIM"), stream, group, group, .init(decimal: idle)] + ids))
        guard case .array(let entries) = claimed else { return }
        add(entries, attempts: attempts)
        // What was deleted meanwhile is pending for ever unless somebody says that it is done.
        let found = Set(
            entries.compactMap { entry -> ByteSlice? in
                guard case .array(let parts) = entry else { return nil }
                return parts.first?.bytes?[...]
            })
        let gone = ids.filter { !found.contains($0) }
        if !gone.isEmpty, entries.contains(where: { $0 == .null }) { await acknowledge(gone) }
    }
}
