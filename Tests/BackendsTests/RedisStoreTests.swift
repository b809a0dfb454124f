import Backends
import Bytes
import TestSupport
import Testing
import Transport

@testable import RedisBackend

/// `state.redis` beyond the contract: the hashes that Dapr shares, logging in, servers that go away.
@Suite struct RedisStoreTests {
    // MARK: Layout

    @Test func `a value is a hash of data and version, as Dapr lays it out`() async throws {
        try await World.with(.redis) { world in
            let raw = try RawRedis()
            let key = world.prefix + "app||k"
            try await world.store.set("app||k", #"{"a":1}"#)
            #expect(
                try raw.sorted("HGETALL", key) == ["1", "data", "version", #"{"a":1}"#])
            try await world.store.set("app||k", "2", .firstWrite)
            #expect(
                try raw.sorted("HGETALL", key) == ["0", "2", "2", "data", "first-write", "version"])
            try await world.store.delete("app||k")
            #expect(try raw.integer("EXISTS", key) == 0)
        }
    }

    @Test func `a hash that Dapr wrote is read and written on`() async throws {
        try await World.with(.redis) { world in
            let raw = try RawRedis()
            _ = try raw.send("HSET", world.prefix + "k", "data", "\"x\"", "version", "41")
            #expect(try await world.store.value("k") == "\"x\"")
            #expect(try await world.store.etag("k") == "41")
            try await world.store.set("k", "2", etag: "41")
            #expect(try await world.store.etag("k") == "42")
        }
    }

    @Test func `a key once written first refuses writes without an etag until it is removed`()
        async throws
    {
        try await World.with(.redis) { world in
            try await world.store.set("k", "1", .firstWrite)
            let error = await #expect(throws: StateError.self) {
                try await world.store.set("k", "2")
            }
            guard case .failed(let text)? = error else { return #expect(Bool(false)) }
            let key = world.prefix + "k"
            #expect(
                text.hasPrefix("failed to set key \(key): ERR user_script:14: failed to set key "))
            #expect(text.hasSuffix(" @user_script:14."))
            try await world.store.set("k", "2", etag: "1")
            #expect(await Outcome.of { try await world.store.set("k", "3") } == .failed)
            try await world.store.delete("k")
            try await world.store.set("k", "4")
            #expect(try await world.store.value("k") == "4")
        }
    }

    @Test func `in a transaction a first write leaves no flag and last-write forgets the etag`()
        async throws
    {
        try await World.with(.redis) { world in
            try await world.store.transact([
                .upsert(.text("k", "1", .firstWrite)),
                .upsert(.text("k", "2", .lastWrite, etag: "99")),
            ])
            #expect(
                try RawRedis().sorted("HGETALL", world.prefix + "k").contains("first-write")
                    == false)
            #expect(try await world.store.value("k") == "2")
        }
    }

    @Test func `a key of another kind is read as text and overwritten by a write`() async throws {
        try await World.with(.redis) { world in
            let raw = try RawRedis()
            _ = try raw.send("SET", world.prefix + "text", "plain")
            _ = try raw.send("LPUSH", world.prefix + "list", "1")
            let item = try #require(try await world.store.item("text"))
            #expect(String(text: item.value) == "plain")
            #expect(item.etag == nil)
            let keys = ["text", "none", "list"].map { StateKey($0.utf8) }
            let items = try await world.store.bulkGet(keys, parallelism: 0)
            #expect(try items[0].item.get().map { String(text: $0.value) } == "plain")
            #expect(try items[1].item.get() == nil)
            #expect(throws: StateError.self) { try items[2].item.get() }
            for key in ["text", "list"] {
                try await world.store.set(key, "2")
                #expect(try await world.store.etag(key) == "1")
            }
        }
    }

    @Test func `a hash without data or version is an error`() async throws {
        try await World.with(.redis) { world in
            _ = try RawRedis().send("HSET", world.prefix + "k", "data", "1")
            await #expect(
                throws: StateError.failed("required hash field 'data' or 'version' was not found")
            ) { _ = try await world.store.item("k") }
        }
    }

    // MARK: Expiry

    @Test func `an expiry is Redis's own, kept by an overwrite, ended by nothing or less`()
        async throws
    {
        try await World.with(.redis, .real) { world in
            let raw = try RawRedis()
            let key = world.prefix + "k"
            try await world.store.set("k", ttl: "1000")
            #expect((900...1000).contains(try raw.integer("TTL", key)))
            #expect(try await world.store.item("k")?.expiry == nil)
            try await world.store.set("k")
            #expect((900...1000).contains(try raw.integer("TTL", key)))
            for ttl in ["0", "-1"] {
                try await world.store.set("k", ttl: "1000")
                try await world.store.set("k", ttl: ttl)
                #expect(try raw.integer("TTL", key) == -1)
            }
            try await world.store.transact([.upsert(.text("k", ttl: "50"))])
            #expect((1...50).contains(try raw.integer("TTL", key)))
            try await world.store.transact([.upsert(.text("k", ttl: "-1"))])
            #expect(try raw.integer("TTL", key) == -1)
        }
    }

    @Test func `a component's ttlInSeconds holds where a request says nothing`() async throws {
        var settings = try Self.settings(["redisHost": "127.0.0.1", "ttlInSeconds": "500"])
        settings.port = RedisServer.shared.port
        let prefix = "ttl-\(RandomSource().next())/"
        try await Self.with(settings, prefix: prefix) { store in
            let raw = try RawRedis()
            try await store.set("a")
            #expect((400...500).contains(try raw.integer("TTL", prefix + "a")))
            try await store.set("a", ttl: "1000")
            #expect((900...1000).contains(try raw.integer("TTL", prefix + "a")))
            try await store.transact([.upsert(.text("b"))])
            #expect((400...500).contains(try raw.integer("TTL", prefix + "b")))
        }
    }

    // MARK: Logging in

    @Test func `password, user and database are used, and refusals come in Redis's words`()
        async throws
    {
        let server = try RedisServer(["--requirepass", "secret"])
        let raw = try RawRedis(port: server.port)
        _ = try raw.send("AUTH", "secret")
        _ = try raw.send("ACL", "SETUSER", "dapr", "on", ">other", "~*", "&*", "+@all")
        var settings = RedisSettings(host: "127.0.0.1", port: server.port)
        try await Self.with(settings) { store in
            await #expect(throws: RedisError.refused("NOAUTH Authentication required.")) {
                try await store.ping()
            }
        }
        settings.password = "wrong"
        try await Self.with(settings) { store in
            let error = await #expect(throws: RedisError.self) { try await store.ping() }
            #expect(error?.text.hasPrefix("WRONGPASS") == true)
        }
        settings.password = "secret"
        settings.database = 3
        try await Self.with(settings) { store in try await store.set("three") }
        settings.username = "default"
        try await Self.with(settings) { store in
            let value = try await store.value("three")
            #expect(value == "1")
        }
        settings.username = "dapr"
        settings.password = "other"
        settings.database = 0
        try await Self.with(settings) { store in
            let value = try await store.value("three")
            #expect(value == nil)
        }
        settings.database = 999
        try await Self.with(settings) { store in
            await #expect(throws: RedisError.refused("ERR DB index is out of range")) {
                try await store.ping()
            }
        }
    }

    // MARK: Replicas

    @Test func `a strong write waits for the replicas, another does not`() async throws {
        // Whatever it writes for the replica is written there.
        let folder = try TemporaryFolder()
        // The replica is silent; a slow machine must not make the server give it up.
        let server = try RedisServer(["--dir", folder.path, "--repl-timeout", "3600"])
        let raw = try RawRedis(port: server.port)
        func tells(_ section: String, _ text: String) throws -> Bool {
            let info = try raw.send("INFO", section).bytes ?? []
            return String(text: info[...]).contains(text)
        }
        // A replica is who asks for the stream of writes; this one never says how far it got.
        let replica = try WireClient(port: server.port)
        try replica.send("PSYNC ? -1\r\n")
        try Deadline.wait("the replica") { try tells("replication", "connected_slaves:1") }
        try await Self.with(RedisSettings(host: "127.0.0.1", port: server.port)) { store in
            try await store.set("k")
        }
        #expect(try !tells("commandstats", "cmdstat_wait:"))
        try await Self.with(RedisSettings(host: "127.0.0.1", port: server.port)) { store in
            var write = StateWrite.text("k", "2")
            write.consistency = .strong
            try await store.set(write)
            let value = try await store.value("k")
            #expect(value == "2")
        }
        #expect(try tells("commandstats", "cmdstat_wait:calls=1"))
        withExtendedLifetime(replica) {}
    }

    // MARK: Servers that go away

    @Test func `a server that is gone is an error at once, and its return needs no help`()
        async throws
    {
        let server = try RedisServer()
        let address = "127.0.0.1:\(server.port)"
        let refused = "dial tcp \(address): connect: connection refused"
        try await Self.with(RedisSettings(host: "127.0.0.1", port: server.port)) { store in
            try await store.set("k")
            for _ in 0..<2 {
                server.stop()
                let begin = Reactor.monotonicNow()
                var failures: [StateError] = []
                // The first may still meet the broken connection.
                for _ in 0..<2 {
                    do throws(StateError) { _ = try await store.item("k") } catch {
                        failures.append(error)
                    }
                }
                #expect(failures.count == 2)
                #expect(failures.last == .failed(refused))
                #expect(
                    await Outcome.of { try await store.delete("k") } == .mismatch,
                    "Dapr takes any failure of a removal for a mismatch")
                await #expect(throws: StateError.failed("failed to set key k: \(refused)")) {
                    try await store.set("k")
                }
                #expect(await Outcome.of { try await store.set("k", etag: "1") } == .mismatch)
                let items = try await store.bulkGet([StateKey("k".utf8)], parallelism: 0)
                #expect(throws: StateError.failed(refused)) { try items[0].item.get() }
                await #expect(throws: StateError.failed(refused)) {
                    try await store.transact([.upsert(.text("k"))])
                }
                #expect(Reactor.monotonicNow() - begin < Duration.seconds(6 * 2).nanoseconds)
                try server.start()
                // Its scripts are gone with it, too.
                try await store.set("k")
                #expect(try await store.value("k") == "1")
            }
        }
    }

    @Test func `a server that stops answering fails what waits, in less than two seconds`()
        async throws
    {
        let silent = try SilentServer()
        try await Self.with(RedisSettings(host: "127.0.0.1", port: silent.port)) { store in
            let begin = Reactor.monotonicNow()
            await #expect(throws: StateError.failed("i/o timeout")) {
                _ = try await store.item("k")
            }
            #expect(Reactor.monotonicNow() - begin < Duration.seconds(4).nanoseconds)
        }
    }

    @Test func `a host that nobody knows is told as such`() async throws {
        try await Self.with(RedisSettings(host: "no-such-host.invalid")) { store in
            await #expect(throws: RedisError.cannotResolve(host: "no-such-host.invalid")) {
                try await store.ping()
            }
        }
    }

    @Test func `an answer that is no RESP ends the connection`() async throws {
        let server = try SilentServer(answering: "HTTP/1.1 400 Bad Request\r\n\r\n")
        try await Self.with(RedisSettings(host: "127.0.0.1", port: server.port)) { store in
            await #expect(throws: StateError.failed("redis: can't parse reply")) {
                _ = try await store.item("k")
            }
        }
    }

    // MARK: Anomalies

    /// The connection breaks after every number of bytes that Redis answers: what was acknowledged is
    /// there, and the store goes on by a new connection.
    @Test func `wherever an answer is cut, an acknowledged write is there and the store goes on`()
        async throws
    {
        let prefix = "cut-\(RandomSource().next())/"
        for cut in stride(from: 0, through: 400, by: 7) {
            let proxy = try CuttingProxy(to: RedisServer.shared.port, after: cut)
            try await Self.with(
                RedisSettings(host: "127.0.0.1", port: proxy.port), prefix: "\(prefix)\(cut)/"
            ) { store in
                var acknowledged: [String] = []
                for key in ["a", "b", "c"] {
                    if await Outcome.of({ try await store.set(key, key) }) == .done {
                        acknowledged.append(key)
                    }
                }
                let both = await Outcome.of {
                    try await store.transact([.upsert(.text("d", "d")), .upsert(.text("e", "e"))])
                }
                if both == .done { acknowledged += ["d", "e"] }
                // One connection is cut once; by now it was, or it never will be.
                try await store.set("after", "after")
                for key in acknowledged + ["after"] {
                    #expect(try await store.value(key) == key, "cut after \(cut) bytes")
                }
            }
        }
    }

    // MARK: Settings

    private static func settings(
        _ metadata: [String: String]
    ) throws(RedisSettings.Problem) -> RedisSettings {
        try RedisSettings(metadata: metadata)
    }

    @Test func `a component's settings are read by their names, whatever their case`() throws {
        let settings = try Self.settings([
            "REDISHOST": "redis.local:6380", "redispassword": "p", "redisUsername": "u",
            "redisDB": "4", "enableTLS": "false", "redisType": "node", "redisMaxRetries": "3",
            "failover": "",
        ])
        #expect(settings.host == "redis.local")
        #expect(settings.port == 6380)
        #expect(settings.password == "p")
        #expect(settings.username == "u")
        #expect(settings.database == 4)
    }

    struct Address: CustomTestStringConvertible {
        let host: String
        let port: String?
        let address: String
        var testDescription: String { "\(host) \(port ?? "")" }

        init(_ host: String, _ port: String? = nil, is address: String) {
            (self.host, self.port, self.address) = (host, port, address)
        }
    }

    @Test(arguments: [
        Address("h", is: "h:6379"), Address("h:1", is: "h:1"), Address("h", "2", is: "h:2"),
        Address(":3", is: "localhost:3"), Address("::1", is: "[::1]:6379"),
        Address("[::1]", is: "[::1]:6379"), Address("[::1]:7", is: "[::1]:7"),
        Address("127.0.0.1:65535", is: "127.0.0.1:65535"),
    ])
    func `a host may bring its port`(address: Address) throws {
        var metadata = ["redisHost": address.host]
        metadata["redisPort"] = address.port
        #expect(try Self.settings(metadata).address == address.address)
    }

    struct Bad: CustomTestStringConvertible {
        let metadata: [String: String]
        let text: String
        var testDescription: String { "\(metadata)" }
    }

    private static func unsupported(_ setting: String) -> String {
        "the Redis setting \(setting) is not supported by fakedapr: point the component at a plain "
            + "single Redis, or map its type with --map state.redis=sqlite"
    }

    static let bads: [Bad] = [
        Bad(metadata: [:], text: "redis store error: missing host address: set redisHost"),
        Bad(
            metadata: ["redisHost": "h:x"],
            text: "invalid Redis port `x`: write a number up to 65535"),
        Bad(
            metadata: ["redisHost": "h:65536"],
            text: "invalid Redis port `65536`: write a number up to 65535"),
        Bad(
            metadata: ["redisHost": "h", "redisDB": "one"],
            text: "invalid redisDB `one`: write a number such as 0"),
        Bad(
            metadata: ["redisHost": "h", "ttlInSeconds": "soon"],
            text: "invalid ttlInSeconds `soon`: write a number of seconds"),
        Bad(
            metadata: ["redisHost": "a:1,b:2"],
            text: "the Redis hosts `a:1,b:2` are several, and fakedapr has no cluster and no "
                + "failover: name one host, or map the type with --map state.redis=sqlite"),
        Bad(metadata: ["redisHost": "h", "enableTls": "Yes"], text: unsupported("enableTls=Yes")),
        Bad(metadata: ["redisHost": "h", "failover": "true"], text: unsupported("failover=true")),
        Bad(
            metadata: ["redisHost": "h", "useEntraID": "1"], text: unsupported("useEntraID=1")),
        Bad(
            metadata: ["redisHost": "h", "redisType": "cluster"],
            text: unsupported("redisType=cluster")),
        Bad(
            metadata: ["redisHost": "h", "primaryEncryptionKey": "c2VjcmV0"],
            text: unsupported("primaryEncryptionKey=…")),
        Bad(
            metadata: ["redisHost": "h", "clientKey": "-----BEGIN"],
            text: unsupported("clientKey=…")),
    ]

    @Test(arguments: bads)
    func `a setting that cannot be obeyed is refused, secrets untold`(bad: Bad) {
        let error = #expect(throws: RedisSettings.Problem.self) { try Self.settings(bad.metadata) }
        #expect(error?.text == bad.text)
    }

    @Test func `a URL gives host, port, user, password and database`() throws {
        let settings = try RedisSettings(url: "redis://us%40er:p%3Ass@h:7/5")
        #expect(settings.address == "h:7")
        #expect(settings.username == "us@er")
        #expect(settings.password == "p:ss")
        #expect(settings.database == 5)
        let short = try RedisSettings(url: "redis://:secret@h")
        #expect((short.username, short.password) == (nil, "secret"))
        #expect(try RedisSettings(url: "redis://[::1]:9/").address == "[::1]:9")
    }

    @Test(arguments: [
        ("http://h", "invalid Redis URL `http://h`"), ("redis://", "invalid Redis URL `redis://`"),
        ("redis://u:sec%ret@h", "invalid Redis URL `…@h`"),
        ("redis://h/x", "invalid redisDB `x`"), ("redis://h:0x", "invalid Redis port `0x`"),
        ("rediss://h", "Redis URLs with rediss:// are not supported"),
    ])
    func `a URL that cannot be used is refused, its password untold`(url: String, text: String) {
        let error = #expect(throws: RedisSettings.Problem.self) { try RedisSettings(url: url) }
        #expect(error?.text.hasPrefix(text) == true)
    }

    // MARK: Parts

    private static func with(
        _ settings: RedisSettings, prefix: String = "",
        _ body: @Sendable (RedisStateStore) async throws -> Void
    ) async throws {
        try await onLoop { loop in
            let store = RedisStateStore(
                settings, keyPrefix: prefix, clock: SandboxClock(on: loop.reactor), on: loop)
            try await closing(store) { try await body(store) }
        }
    }
}

/// The shared Redis as another program sees it.
final class RawRedis {
    private let socket: BlockingSocket
    private let codec = RedisCodec()
    /// Of each call anew: a test may be kept waiting for its turn between two.
    private static var deadline: MonotonicTime { Deadline.after(.seconds(20)) }

    init(port: UInt16 = RedisServer.shared.port) throws {
        socket = try BlockingSocket(to: .loopback(port: port), deadline: Self.deadline)
    }

    func send(_ words: String...) throws -> RedisReply { try send(words) }

    func integer(_ words: String...) throws -> Int64 {
        guard case .integer(let number) = try send(words) else { return .min }
        return number
    }

    func text(_ words: String...) throws -> String? {
        try send(words).bytes.map { String(text: $0) }
    }

    /// The elements of an array, sorted: Redis keeps no order in a hash.
    func sorted(_ words: String...) throws -> [String] {
        guard case .array(let elements) = try send(words) else { return [] }
        return elements.compactMap { $0.bytes.map { String(text: $0) } }.sorted()
    }

    private func send(_ words: [String]) throws -> RedisReply {
        let command = RedisCommand(words.map { ByteSlice(utf8: $0) })
        try socket.send(command.bytes[...], deadline: Self.deadline)
        while true {
            if let reply = try codec.next() { return reply }
            var bytes: ByteSlice = []
            try #require(try socket.receive(appendingTo: &bytes, deadline: Self.deadline) > 0)
            try codec.feed(bytes)
        }
    }
}

/// Accepts connections and says nothing, or always the same. Ends with its last reference.
final class SilentServer: Sendable {
    let port: UInt16
    private let loop: EventLoop

    init(answering text: String = "") throws {
        let loop = try EventLoop()
        self.loop = loop
        port = try Started.listener(on: loop) { stream in
            let deadline = Deadline.after(.seconds(20))
            var bytes: ByteSlice = []
            while let count = try? await stream.read(appendingTo: &bytes, deadline: deadline),
                count > 0
            {
                if !text.isEmpty {
                    try? await stream.write(Array(text.utf8)[...], stall: .seconds(5))
                }
            }
            stream.close()
        }
    }

    deinit { loop.stop() }
}

/// Stands before a Redis and cuts its first connection after so many bytes of answers.
final class CuttingProxy: Sendable {
    let port: UInt16
    private let loop: EventLoop

    init(to redis: UInt16, after cut: Int) throws {
        let loop = try EventLoop()
        self.loop = loop
        var remaining: Int? = cut
        port = try Started.listener(on: loop) { client in
            let mine = remaining
            remaining = nil
            let deadline = Deadline.after(.seconds(20))
            guard
                let server = try? await ByteStream.connect(
                    to: .loopback(port: redis), deadline: deadline, on: loop.reactor)
            else { return client.close() }
            loop.spawn { await Self.pump(from: client, to: server, atMost: nil) }
            await Self.pump(from: server, to: client, atMost: mine)
        }
    }

    deinit { loop.stop() }

    private static func pump(
        from source: ByteStream, to sink: ByteStream, atMost limit: Int?
    ) async {
        var left = limit ?? .max
        let deadline = Deadline.after(.seconds(20))
        while left > 0 {
            var bytes: ByteSlice = []
            guard let count = try? await source.read(appendingTo: &bytes, deadline: deadline),
                count > 0
            else { break }
            let part = bytes.prefix(left)
            left -= part.count
            guard (try? await sink.write(part, stall: .seconds(5))) != nil else { break }
        }
        source.close()
        sink.close()
    }
}

/// A listener that hands every connection to `serve`, on its loop.
enum Started {
    private final class Box: @unchecked Sendable {
        let result = Guarded<Result<UInt16, any Error>?>(nil)
        let serve: (ByteStream) async -> Void
        init(_ serve: @escaping (ByteStream) async -> Void) { self.serve = serve }
    }

    static func listener(
        on loop: EventLoop, _ serve: @escaping (ByteStream) async -> Void
    ) throws -> UInt16 {
        let box = Box(serve)
        loop.reactor.post {
            do {
                let listener = try Listener(at: .loopback(port: 0), on: loop.reactor)
                loop.spawn {
                    while let stream = await listener.accept() {
                        loop.spawn { await box.serve(stream) }
                    }
                }
                let port = listener.address.port
                box.result.withLock { $0 = .success(port) }
            } catch {
                box.result.withLock { $0 = .failure(error) }
            }
        }
        try Deadline.wait("a listener") { box.result.withLock { $0 != nil } }
        return try #require(try box.result.withLock { $0 }?.get())
    }
}
