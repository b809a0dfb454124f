package import Backends
internal import Bytes
package import Transport

/// One connection to Redis: commands go out in the order they were asked for, replies are matched
/// in that order.
///
/// Confined to the loop. All commands of one pass of the loop leave in one write. When the connection
/// ends, the commands in flight fail and are never sent again (a script moves etags); the next
/// command connects anew.
package final class RedisConnection {
    private let settings: RedisSettings
    private let replyTimeout: Duration
    private let work: WorkUnderWay?
    let loop: EventLoop
    private var link: Link?
    private var isClosed = false
    private var connecting: [Suspension<Result<Void, RedisError>>]?

    /// - Parameter work: where its commands count as under way.
    package convenience init(_ settings: RedisSettings, work: WorkUnderWay, on loop: EventLoop) {
        self.init(settings, replyTimeout: RedisLimits.replyTimeout, work: work, on: loop)
    }

    /// - Parameters:
    ///   - replyTimeout: how long a reply may take: longer for commands that block.
    ///   - work: nil for commands that block.
    init(
        _ settings: RedisSettings, replyTimeout: Duration, work: WorkUnderWay? = nil,
        on loop: EventLoop
    ) {
        self.work = work
        self.settings = settings
        self.replyTimeout = replyTimeout
        self.loop = loop
    }

    /// Sends one command and waits for its reply; connects when there is no connection.
    func send(_ command: RedisCommand) async throws(RedisError) -> RedisReply {
        try await send(command, replies: 1)[0]
    }

    /// Sends several commands as one and waits for all their replies.
    func send(_ command: RedisCommand, replies: Int) async throws(RedisError) -> [RedisReply] {
        let token = work?.begin()
        defer { if let token { work?.end(token) } }
        return try await link().send(command.bytes, replies: replies)
    }

    /// Closes the connection for good.
    package func close() {
        isClosed = true
        link?.close(.disconnected)
        link = nil
    }

    // MARK: Connecting

    private func link() async throws(RedisError) -> Link {
        guard !isClosed else { throw .closed }
        if let link, link.isOpen { return link }
        if connecting == nil {
            connecting = []
            let result: Result<Void, RedisError>
            do throws(RedisError) {
                let made = try await connect()
                if isClosed { made.close(.closed) } else { link = made }
                result = .success(())
            } catch {
                result = .failure(error)
            }
            let waiting = connecting ?? []
            connecting = nil
            for task in waiting { task.resume(returning: result) }
            try result.get()
        } else {
            try await Suspension<Result<Void, RedisError>>.suspend { suspension in
                // Looked at again, as below: another job may have run before the suspension.
                guard connecting != nil else {
                    return suspension.resume(returning: .success(()))
                }
                connecting?.append(suspension)
            }.get()
        }
        guard let link else { throw isClosed ? .closed : .disconnected }
        return link
    }

    private func connect() async throws(RedisError) -> Link {
        let deadline = Reactor.monotonicNow() + RedisLimits.connectTimeout.nanoseconds
        let stream = try await dial(deadline)
        let link = Link(stream, replyTimeout, on: loop)
        link.start()
        do throws(RedisError) {
            if let password = settings.password {
                var arguments = ["AUTH", settings.username, password].compactMap(\.self)
                if settings.username == "default" { arguments.remove(at: 1) }
                try await link.expectOK(arguments)
            }
            if settings.database != 0 {
                try await link.expectOK(["SELECT", String(settings.database)])
            }
        } catch {
            link.close(error)
            throw error
        }
        return link
    }

    private func dial(_ deadline: MonotonicTime) async throws(RedisError) -> ByteStream {
        let addresses = await Resolver.resolve(
            settings.host, port: settings.port, until: deadline, on: loop.reactor)
        var failure = RedisError.cannotResolve(host: settings.host)
        for address in addresses {
            do throws(SystemError) {
                return try await ByteStream.connect(
                    to: address, deadline: deadline, on: loop.reactor)
            } catch {
                failure = .cannotConnect(address: "\(address)", error)
            }
        }
        throw failure
    }
}

/// A connection that stands: the writer, the reader, and who waits.
private final class Link {
    private typealias Reply = Result<[RedisReply], RedisError>

    /// One command, or several that left as one, waiting for its replies.
    private struct Waiter {
        let suspension: Suspension<Reply>
        var missing: Int
        var replies: [RedisReply] = []
        let deadline: MonotonicTime
    }

    private let stream: ByteStream
    private let replyTimeout: Duration
    private let loop: EventLoop
    private let codec = RedisCodec()
    private var waiters: [Waiter] = []
    /// How many waiters at the front were answered already.
    private var answered = 0
    private var outgoing: [UInt8] = []
    private var isFlushing = false
    private(set) var isOpen = true

    init(_ stream: ByteStream, _ replyTimeout: Duration, on loop: EventLoop) {
        self.stream = stream
        self.replyTimeout = replyTimeout
        self.loop = loop
    }

    func expectOK(_ arguments: [String]) async throws(RedisError) {
        let command = RedisCommand(arguments.map { ByteSlice(utf8: $0) })
        if case .error(let text) = try await send(command.bytes, replies: 1)[0] {
            throw .refused(text)
        }
    }

    func send(_ bytes: [UInt8], replies: Int) async throws(RedisError) -> [RedisReply] {
        guard isOpen else { throw .disconnected }
        guard waiters.count - answered < RedisLimits.pendingCommands else {
            throw .tooManyCommands
        }
        return try await Suspension<Reply>.suspend { suspension in
            guard isOpen else { return suspension.resume(returning: .failure(.disconnected)) }
            let deadline = loop.reactor.now + replyTimeout.nanoseconds
            waiters.append(
                Waiter(suspension: suspension, missing: replies, deadline: deadline))
            outgoing.append(contentsOf: bytes)
            scheduleFlush()
        }.get()
    }

    // MARK: Writing

    /// Flushes at the end of the loop's pass: what other requests of the same pass ask for leaves
    /// with it.
    private func scheduleFlush() {
        guard !isFlushing else { return }
        isFlushing = true
        loop.spawn { await self.flush() }
    }

    private func flush() async {
        while !outgoing.isEmpty {
            let bytes = outgoing
            outgoing = []
            do throws(StreamError) {
                try await stream.write(bytes[...], stall: RedisLimits.replyTimeout)
            } catch {
                close(error == .timedOut ? .timedOut : .disconnected)
            }
        }
        isFlushing = false
    }

    // MARK: Reading

    func start() { loop.spawn { await self.receive() } }

    private func receive() async {
        while isOpen {
            var bytes: ByteSlice = []
            do throws(StreamError) {
                let deadline = oldestDeadline ?? loop.reactor.now + idlePoll
                guard try await stream.read(appendingTo: &bytes, deadline: deadline) > 0 else {
                    return close(.disconnected)
                }
                try take(bytes)
            } catch .timedOut {
                // Idle is no failure; a reply that is overdue is, unless it is this process that was
                // asleep and the reply is there.
                if let deadline = oldestDeadline, deadline <= Reactor.monotonicNow(),
                    !stream.hasBytes
                {
                    return close(.timedOut)
                }
            } catch {
                return close(.disconnected)
            }
        }
    }

    /// A command sent while the reader waits is looked at after this long at the latest.
    private var idlePoll: MonotonicTime { Duration.milliseconds(200).nanoseconds }

    private var oldestDeadline: MonotonicTime? {
        answered < waiters.count ? waiters[answered].deadline : nil
    }

    private func take(_ bytes: ByteSlice) throws(StreamError) {
        do throws(RedisCodec.ProtocolError) {
            try codec.feed(bytes)
            while let reply = try codec.next() { deliver(reply) }
        } catch {
            close(.protocolError)
        }
    }

    private func deliver(_ reply: RedisReply) {
        // A reply that nobody asked for: the server speaks out of turn.
        guard answered < waiters.count else { return close(.protocolError) }
        waiters[answered].replies.append(reply)
        waiters[answered].missing -= 1
        guard waiters[answered].missing == 0 else { return }
        let waiter = waiters[answered]
        answered += 1
        if answered == waiters.count || answered > 1024 {
            waiters.removeFirst(answered)
            answered = 0
        }
        waiter.suspension.resume(returning: .success(waiter.replies))
    }

    // MARK: Ending

    func close(_ reason: RedisError) {
        guard isOpen else { return }
        isOpen = false
        stream.close()
        outgoing = []
        let failed = waiters[answered...]
        waiters = []
        answered = 0
        for waiter in failed { waiter.suspension.resume(returning: .failure(reason)) }
    }
}
