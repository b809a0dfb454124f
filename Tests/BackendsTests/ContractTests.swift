import Backends
import Bytes
import Testing

/// What every store does, and where they differ as Dapr's stores do (state.md §12 and §13 of the
/// specification).
@Suite struct ContractTests {
    // MARK: Values and keys

    struct Value: CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]

        init(_ name: String, _ bytes: [UInt8]) { (testDescription, self.bytes) = (name, bytes) }
    }

    static let values: [Value] = [
        Value("null", Array("null".utf8)),
        Value("JSON as it was sent", Array(#"{"b" : 1.50, "a":"é"}"#.utf8)),
        Value("a string", Array("\"Death Star\"".utf8)), Value("nothing", []),
        Value("a zero byte", [0]), Value("bytes that are no text", [0xFF, 0xFE, 0, 0x80]),
        Value("a zero byte in text", Array("a\0b".utf8)), Value("an emoji", Array("😀".utf8)),
        Value("a mebibyte", [UInt8](repeating: 0x20, count: 1 << 20)),
    ]

    @Test(arguments: Kind.allCases, values)
    func `a value comes back byte for byte`(kind: Kind, value: Value) async throws {
        try await World.with(kind) { world in
            let key = StateKey(Array("k".utf8))
            try await world.store.set(StateWrite(key: key, value: value.bytes[...]))
            let item = try #require(try await world.store.get(key, consistency: .strong))
            #expect(Array(item.value) == value.bytes)
            #expect(item.etag?.isEmpty == false)
        }
    }

    static let keys: [[UInt8]] = [
        [], Array("app||key".utf8), Array("é".utf8), Array("e\u{301}".utf8), Array("KEY".utf8),
        Array("key".utf8), Array("a b\n".utf8), [0xFF], [UInt8](repeating: 0x61, count: 10_000),
    ]

    @Test(arguments: Kind.allCases)
    func `keys are told apart by their bytes`(kind: Kind) async throws {
        try await World.with(kind) { world in
            for (number, key) in Self.keys.enumerated() {
                let value = Array(String(number).utf8)[...]
                try await world.store.set(StateWrite(key: StateKey(key), value: value))
            }
            for (number, key) in Self.keys.enumerated() {
                let item = try await world.store.get(StateKey(key), consistency: nil)
                #expect(item.map { String(text: $0.value) } == String(number))
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func `an absent key has no value, and is gone after a removal`(kind: Kind) async throws {
        try await World.with(kind) { world in
            #expect(try await world.store.item("k") == nil)
            try await world.store.delete("k")
            try await world.store.set("k", "1")
            try await world.store.delete("k")
            #expect(try await world.store.item("k") == nil)
        }
    }

    @Test func `every store tells what Dapr's says it can do`() async throws {
        for kind in Kind.allCases {
            try await World.with(kind) { world in
                let features = world.store.features.map(\.rawValue)
                switch kind {
                case .memory:
                    #expect(
                        features == [
                            "ETAG", "TRANSACTIONAL", "TTL", "DELETE_WITH_PREFIX", "KEYS_LIKE",
                        ])
                case .sqlite, .redis:
                    #expect(features == ["ETAG", "TRANSACTIONAL", "TTL", "KEYS_LIKE"])
                }
            }
        }
    }

    // MARK: Etags

    @Test(arguments: [Kind.memory, .sqlite])
    func `an etag is a version 4 UUID, new with every write`(kind: Kind) async throws {
        try await World.with(kind) { world in
            var seen: Set<String> = []
            for _ in 0..<5 {
                try await world.store.set("k")
                let etag = try #require(try await world.store.etag("k"))
                #expect(etag.utf8.count == 36)
                #expect(Array(etag)[14] == "4")
                #expect("89ab".contains(Array(etag)[19]))
                #expect(seen.insert(etag).inserted)
            }
        }
    }

    @Test func `Redis counts versions, from 1 again after a removal`() async throws {
        try await World.with(.redis) { world in
            for version in 1...3 {
                try await world.store.set("k")
                #expect(try await world.store.etag("k") == String(version))
            }
            try await world.store.delete("k")
            try await world.store.set("k")
            #expect(try await world.store.etag("k") == "1")
        }
    }

    /// One row of the specification's table: what is there before, what is done, what comes of it.
    struct Row: CustomTestStringConvertible, Sendable {
        enum Given { case absent, present, flagged }
        enum Etag { case none, matching, wrong }
        enum Action { case set, delete }

        let action: Action
        let etag: Etag
        let concurrency: Concurrency?
        let given: Given
        let memory: Outcome
        let sqlite: Outcome
        let redis: Outcome

        init(
            _ action: Action, _ etag: Etag, _ concurrency: Concurrency?, _ given: Given,
            _ memory: Outcome, _ sqlite: Outcome, _ redis: Outcome
        ) {
            (self.action, self.etag, self.concurrency, self.given) =
                (action, etag, concurrency, given)
            (self.memory, self.sqlite, self.redis) = (memory, sqlite, redis)
        }

        func expected(of kind: Kind) -> Outcome {
            switch kind {
            case .memory: memory
            case .sqlite: sqlite
            case .redis: redis
            }
        }

        var testDescription: String {
            "\(action), etag \(etag), \(concurrency?.rawValue ?? "no concurrency"), key \(given)"
        }
    }

    //                                               memory     sqlite     redis
    static let rows: [Row] = [
        Row(.set, .none, nil, .absent, .done, .done, .done),
        Row(.set, .none, nil, .present, .done, .done, .done),
        Row(.set, .none, .lastWrite, .present, .done, .done, .done),
        Row(.set, .none, nil, .flagged, .done, .done, .failed),
        Row(.set, .none, .lastWrite, .flagged, .done, .done, .failed),
        Row(.set, .none, .firstWrite, .absent, .done, .done, .done),
        Row(.set, .none, .firstWrite, .present, .mismatch, .mismatch, .done),
        Row(.set, .none, .firstWrite, .flagged, .mismatch, .mismatch, .failed),
        Row(.set, .matching, nil, .present, .done, .done, .done),
        Row(.set, .matching, nil, .flagged, .done, .done, .done),
        Row(.set, .matching, .firstWrite, .present, .done, .done, .done),
        Row(.set, .wrong, nil, .present, .mismatch, .mismatch, .mismatch),
        Row(.set, .wrong, .firstWrite, .present, .mismatch, .mismatch, .mismatch),
        Row(.set, .wrong, .lastWrite, .present, .mismatch, .mismatch, .done),
        Row(.set, .wrong, .lastWrite, .flagged, .mismatch, .mismatch, .mismatch),
        Row(.set, .wrong, nil, .absent, .mismatch, .mismatch, .done),
        Row(.delete, .none, nil, .absent, .done, .done, .done),
        Row(.delete, .none, nil, .present, .done, .done, .done),
        Row(.delete, .none, nil, .flagged, .done, .done, .done),
        Row(.delete, .none, .firstWrite, .present, .mismatch, .done, .done),
        Row(.delete, .none, .firstWrite, .absent, .done, .done, .done),
        Row(.delete, .matching, nil, .present, .done, .done, .done),
        Row(.delete, .wrong, nil, .present, .mismatch, .mismatch, .mismatch),
        Row(.delete, .wrong, .lastWrite, .present, .mismatch, .mismatch, .mismatch),
        Row(.delete, .wrong, nil, .absent, .mismatch, .mismatch, .done),
    ]

    @Test(arguments: Kind.allCases, rows)
    func `etags and concurrency are as each of Dapr's stores has them`(
        kind: Kind, row: Row
    ) async throws {
        try await World.with(kind) { world in
            let store = world.store
            switch row.given {
            case .absent: break
            case .present: try await store.set("k", "old")
            case .flagged: try await store.set("k", "old", .firstWrite)
            }
            let current = try await store.etag("k")
            let etag: String? =
                switch row.etag {
                case .none: nil
                case .matching: current
                case .wrong: "77"
                }
            let outcome = await Outcome.of {
                switch row.action {
                case .set: try await store.set("k", "new", row.concurrency, etag: etag)
                case .delete: try await store.delete("k", row.concurrency, etag: etag)
                }
            }
            #expect(outcome == row.expected(of: kind))
            let old: String? = row.given == .absent ? nil : "old"
            let new: String? = row.action == .set ? "new" : nil
            #expect(try await store.value("k") == (outcome == .done ? new : old))
        }
    }

    @Test func `only Redis wants a number for the etag of a write, and none for a removal's`()
        async throws
    {
        try await World.with(.redis) { world in
            await #expect(
                throws: StateError.etagInvalid(
                    detail: #"strconv.Atoi: parsing "abc": invalid syntax"#)
            ) {
                try await world.store.set("k", "1", etag: "abc")
            }
            try await world.store.set("k")
            try await world.store.set("k", "1", .lastWrite, etag: "abc")
            #expect(
                await Outcome.of { try await world.store.delete("k", etag: "abc") } == .mismatch)
        }
    }

    @Test func `memory tells why an etag does not fit`() async throws {
        try await World.with(.memory) { world in
            let store = world.store
            await #expect(
                throws: StateError.etagMismatch(detail: "state not exist or expired for key=k")
            ) { try await store.set("k", etag: "7") }
            try await store.set("k")
            let etag = try #require(try await store.etag("k"))
            await #expect(
                throws: StateError.etagMismatch(
                    detail: "state etag not match for key=k: current=\(etag), expect=7")
            ) { try await store.set("k", etag: "7") }
            await #expect(
                throws: StateError.etagMismatch(
                    detail: "item already exists and no etag was passed")
            ) { try await store.set("k", "1", .firstWrite) }
        }
    }

    // MARK: Several at once

    @Test(arguments: Kind.allCases)
    func `several writes stand or fall alone and answer in their order`(kind: Kind) async throws {
        try await World.with(kind) { world in
            try await world.store.set("held", "old")
            let results = await world.store.setEach([
                .text("a"), .text("held", "new", etag: "77"), .text("b", ttl: "x"), .text("c"),
            ])
            #expect(results.count == 4)
            var outcomes: [Outcome] = []
            for result in results { outcomes.append(await Outcome.of { try result.get() }) }
            #expect(outcomes == [.done, .mismatch, .failed, .done])
            #expect(try await world.store.value("a") == "1")
            #expect(try await world.store.value("held") == "old")
            #expect(try await world.store.value("b") == nil)
            #expect(try await world.store.value("c") == "1")
        }
    }

    @Test(arguments: Kind.allCases)
    func `no writes are no failure`(kind: Kind) async throws {
        try await World.with(kind) { world in
            #expect(await world.store.setEach([]).isEmpty)
            try await world.store.transact([])
            #expect(try await world.store.bulkGet([], parallelism: 0).isEmpty)
        }
    }

    @Test(arguments: Kind.allCases, [0, 1, 3])
    func `a bulk read answers in each store's own order`(
        kind: Kind, parallelism: Int
    ) async throws {
        try await World.with(kind) { world in
            for key in ["a", "b", "c"] { try await world.store.set(key, "value of \(key)") }
            let asked = ["x", "c", "y", "a"].map { StateKey($0.utf8) }
            let items = try await world.store.bulkGet(asked, parallelism: parallelism)
            let found = try items.map { item in
                (item.key?.text ?? "", try item.item.get().map { String(text: $0.value) })
            }
            // SQLite gives what it found, in its own order, and then what is missing.
            let keys = kind == .sqlite ? ["a", "c", "x", "y"] : ["x", "c", "y", "a"]
            #expect(found.map(\.0) == keys)
            for (key, value) in found {
                #expect(value == (["a", "c"].contains(key) ? "value of \(key)" : nil))
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func `a key asked for twice is answered twice, by SQLite with an empty item`(
        kind: Kind
    ) async throws {
        try await World.with(kind) { world in
            try await world.store.set("a")
            let key = StateKey("a".utf8)
            let items = try await world.store.bulkGet([key, key], parallelism: 0)
            #expect(items.map(\.key) == (kind == .sqlite ? [key, nil] : [key, key]))
        }
    }

    @Test func `a bulk read of SQLite may ask for more keys than a statement has parameters`()
        async throws
    {
        try await World.with(.sqlite) { world in
            try await world.store.set("k2500")
            let keys = (0..<3000).map { StateKey("k\($0)".utf8) }
            let items = try await world.store.bulkGet(keys, parallelism: 0)
            #expect(items.count == 3000)
            #expect(items.first?.key?.text == "k2500")
        }
    }

    // MARK: Transactions

    @Test(arguments: Kind.allCases)
    func `operations of a transaction are done in their order`(kind: Kind) async throws {
        try await World.with(kind) { world in
            try await world.store.set("gone")
            try await world.store.transact([
                .upsert(.text("k", "1")), .delete(.text("k")), .upsert(.text("k", "2")),
                .upsert(.text("k", "3")), .delete(.text("gone")),
            ])
            #expect(try await world.store.value("k") == "3")
            #expect(try await world.store.value("gone") == nil)
        }
    }

    @Test(arguments: Kind.allCases)
    func `a transaction that fails leaves nothing, but in Redis what does not fail`(
        kind: Kind
    ) async throws {
        try await World.with(kind) { world in
            try await world.store.set("held", "old")
            let outcome = await Outcome.of {
                try await world.store.transact([
                    .upsert(.text("before")), .upsert(.text("held", "new", etag: "77")),
                    .upsert(.text("after")),
                ])
            }
            #expect(outcome == (kind == .redis ? .failed : .mismatch))
            let others: String? = kind == .redis ? "1" : nil
            #expect(try await world.store.value("before") == others)
            #expect(try await world.store.value("held") == "old")
            #expect(try await world.store.value("after") == others)
        }
    }

    @Test(arguments: Kind.allCases)
    func `a transaction with a bad expiry does nothing at all`(kind: Kind) async throws {
        try await World.with(kind) { world in
            let outcome = await Outcome.of {
                try await world.store.transact([.upsert(.text("a")), .upsert(.text("b", ttl: "x"))])
            }
            #expect(outcome == .failed)
            let value = try await world.store.value("a")
            #expect(value == nil)
        }
    }

    // MARK: Expiry

    @Test(arguments: Kind.allCases)
    func `a value is there until its time and not at it`(kind: Kind) async throws {
        try await World.with(kind) { world in
            try await world.store.set("k", "1", ttl: "10")
            let item = try #require(try await world.store.item("k"))
            // As Dapr's, Redis does not tell.
            #expect(item.expiry == (kind == .redis ? nil : World.start.adding(seconds: 10)))
            world.clock.move(by: .seconds(9))
            #expect(try await world.store.value("k") == "1")
            world.clock.move(by: .seconds(1))
            #expect(try await world.store.value("k") == nil)
            let items = try await world.store.bulkGet([StateKey("k".utf8)], parallelism: 0)
            #expect(try items.first?.item.get() == nil)
        }
    }

    @Test(arguments: [Kind.memory, .sqlite])
    func `an expired value counts as absent for etags and first writes`(kind: Kind) async throws {
        try await World.with(kind) { world in
            try await world.store.set("k", "1", ttl: "1")
            let etag = try await world.store.etag("k")
            world.clock.move(by: .seconds(2))
            #expect(await Outcome.of { try await world.store.set("k", etag: etag) } == .mismatch)
            try await world.store.set("k", "2", .firstWrite)
            #expect(try await world.store.value("k") == "2")
        }
    }

    @Test(arguments: [Kind.memory, .sqlite], [nil, "", "0", "-1"])
    func `an overwrite without an expiry ends the old one`(kind: Kind, ttl: String?) async throws {
        try await World.with(kind) { world in
            try await world.store.set("k", "1", ttl: "10")
            try await world.store.set("k", "2", ttl: ttl)
            #expect(try await world.store.item("k")?.expiry == nil)
            world.clock.move(by: .seconds(100))
            #expect(try await world.store.value("k") == "2")
        }
    }

    struct BadTTL: CustomTestStringConvertible {
        let kind: Kind
        let text: String
        let message: String
        var testDescription: String { "\(kind) \(text)" }
    }

    static let sqliteTTL = "error parsing TTL: incorrect value for metadata 'ttlInSeconds': "
    static let badTTLs: [BadTTL] = [
        BadTTL(
            kind: .memory, text: "x", message: #"strconv.ParseInt: parsing "x": invalid syntax"#),
        BadTTL(
            kind: .memory, text: "99999999999999999999",
            message: #"strconv.ParseInt: parsing "99999999999999999999": value out of range"#),
        BadTTL(
            kind: .sqlite, text: "1.5",
            message: sqliteTTL + #"strconv.ParseInt: parsing "1.5": invalid syntax"#),
        BadTTL(kind: .sqlite, text: "-2", message: sqliteTTL + "must be -1 or greater"),
        BadTTL(kind: .sqlite, text: "2147483648", message: sqliteTTL + "must be -1 or greater"),
        BadTTL(
            kind: .redis, text: "x\"",
            message: #"failed to parse ttl from metadata: "#
                + #"strconv.ParseInt: parsing "x\"": invalid syntax"#),
    ]

    @Test(arguments: badTTLs)
    func `an expiry that is no number is refused in the store's words`(bad: BadTTL) async throws {
        try await World.with(bad.kind) { world in
            await #expect(throws: StateError.failed(bad.message)) {
                try await world.store.set("k", "1", ttl: bad.text)
            }
            let item = try await world.store.item("k")
            #expect(item == nil)
        }
    }

    // MARK: Ending

    @Test(arguments: [Kind.sqlite, .redis])
    func `a closed store answers with an error`(kind: Kind) async throws {
        try await World.with(kind) { world in
            try await world.store.set("k")
            await world.store.close()
            #expect(await Outcome.of { try await world.store.set("k") } == .failed)
            #expect(await Outcome.of { _ = try await world.store.item("k") } == .failed)
            await world.store.close()
        }
    }
}
