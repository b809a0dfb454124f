import Backends
import Bytes
import Testing
import Transport

@testable import Blocks

@Suite struct JournalTests {
    private func entry(
        _ target: String, request: Int = 0, response: Int = 0, fill: UInt8 = 0x61
    ) -> JournalEntry {
        JournalEntry(
            time: Timestamp(seconds: 1), appID: "app", api: .state, status: 204, state: [],
            head: Array("Host: h\r\n\r\n".utf8)[...], method: Array("GET".utf8)[...],
            target: Array(target.utf8)[...],
            requestBody: Array(repeating: fill, count: request)[...],
            responseBody: Array(repeating: fill, count: response)[...])
    }

    private func targets(_ journal: Journal) -> [String] {
        journal.entries.map { String(text: $0.target) }
    }

    @Test func `the bounds are ten thousand entries, 32 MiB, 64 KiB of a body`() {
        #expect(JournalLimits.entries == 10_000)
        #expect(JournalLimits.bytes == 32 * 1024 * 1024)
        #expect(JournalLimits.keptBodyBytes == 64 * 1024)
    }

    @Test func `entries are kept in their order with numbers of their own`() {
        let journal = Journal(entries: 3, bytes: 1 << 20)
        for index in 1...5 { journal.append(entry("/\(index)")) }
        #expect(targets(journal) == ["/3", "/4", "/5"])
        #expect(journal.entries.map(\.sequence) == [3, 4, 5])
        #expect(journal.total == 5)
    }

    @Test(arguments: [(4, 4), (5, 5), (6, 5), (12, 5)])
    func `at its bound of entries the oldest leaves`(added: Int, kept: Int) {
        let journal = Journal(entries: 5, bytes: 1 << 20)
        for index in 0..<added { journal.append(entry("/\(index)")) }
        #expect(journal.entries.count == kept)
        #expect(targets(journal).last == "/\(added - 1)")
    }

    @Test func `at its bound of bytes the oldest leave`() {
        let cost = entry("/0", request: 100).cost
        let journal = Journal(entries: 100, bytes: 3 * cost)
        for index in 0..<3 { journal.append(entry("/\(index)", request: 100)) }
        #expect(journal.bytes == 3 * cost)
        #expect(targets(journal) == ["/0", "/1", "/2"])
        journal.append(entry("/3", request: 100))
        #expect(targets(journal) == ["/1", "/2", "/3"])
        // A large one sends several away, and stays itself even when it alone is too large.
        journal.append(entry("/4", request: 100 + cost))
        #expect(targets(journal) == ["/3", "/4"])
        journal.append(entry("/5", request: 10 * cost))
        #expect(targets(journal) == ["/5"])
        journal.append(entry("/6"))
        #expect(targets(journal) == ["/6"])
    }

    @Test func `whatever comes, the bounds hold and the latest are kept`() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20 {
            let (most, bytes) = (
                Int.random(in: 1...20, using: &random), Int.random(in: 300...4000, using: &random)
            )
            let journal = Journal(entries: most, bytes: bytes)
            var all: [JournalEntry] = []
            for index in 0..<200 {
                if Int.random(in: 0..<50, using: &random) == 0 {
                    journal.clear()
                    all = []
                    #expect(journal.entries.isEmpty)
                    #expect(journal.bytes == 0)
                }
                let next = entry("/\(index)", request: Int.random(in: 0...600, using: &random))
                journal.append(next)
                all.append(next)
                let kept = journal.entries
                #expect((1...most).contains(kept.count))
                #expect(journal.bytes == kept.reduce(0) { $0 + $1.cost })
                #expect(kept.count == 1 || journal.bytes <= bytes)
                #expect(kept.map { $0.target } == all.suffix(kept.count).map { $0.target })
                // Nothing leaves without need.
                let more = all.suffix(kept.count + 1)
                if kept.count < most, more.count > kept.count {
                    #expect(more.reduce(0) { $0 + $1.cost } > bytes)
                }
            }
            #expect(journal.total == 200)
        }
    }

    @Test func `forgetting keeps the count`() {
        let journal = Journal()
        journal.append(entry("/1"))
        journal.clear()
        #expect(journal.entries.isEmpty)
        journal.append(entry("/2"))
        #expect(journal.entries.map(\.sequence) == [2])
    }

    // MARK: Entries

    @Test func `an entry gives back what it was made of`() {
        let record = StateRecord(.set, store: "s", key: Array("k".utf8)[...])
        let entry = JournalEntry(
            time: Timestamp(seconds: 9), appID: "app", api: .state, status: 200, state: [record],
            head: Array("A: b\r\n\r\n".utf8)[...], method: Array("POST".utf8)[...],
            target: Array("/x?y".utf8)[...], requestBody: Array("in".utf8)[...],
            responseBody: Array("out".utf8)[...])
        #expect(String(text: entry.method) == "POST")
        #expect(String(text: entry.target) == "/x?y")
        #expect(String(text: entry.head) == "A: b\r\n\r\n")
        #expect(String(text: entry.requestBody) == "in")
        #expect(String(text: entry.responseBody) == "out")
        #expect(entry.requestBodyLength == 2)
        #expect(entry.responseBodyLength == 3)
        #expect(entry.cutBodiesHash == nil)
        #expect(entry.state.first?.store == "s")
    }

    @Test(arguments: [64 << 10, (64 << 10) + 1, 200_000])
    func `a body is cut at 64 KiB, its length and a hash are kept`(size: Int) {
        let isCut = size > JournalLimits.keptBodyBytes
        let entry = entry("/", request: size, response: 5)
        #expect(entry.requestBody.count == min(size, JournalLimits.keptBodyBytes))
        #expect(entry.requestBodyLength == size)
        #expect((entry.cutBodiesHash != nil) == isCut)
        let answer = self.entry("/", request: 5, response: size)
        #expect(answer.responseBody.count == min(size, JournalLimits.keptBodyBytes))
        #expect(answer.responseBodyLength == size)
        #expect(answer.requestBody.count == 5)
    }

    @Test func `the hash tells bodies apart that are alike as far as they are kept`() {
        let size = 70_000
        let other = JournalEntry(
            time: Timestamp(seconds: 1), appID: "app", api: .state, status: 204, state: [],
            head: [],
            method: [], target: [],
            requestBody: (Array(repeating: UInt8(0x61), count: size - 1) + [0x62])[...],
            responseBody: [])
        let one = entry("/", request: size)
        #expect(one.requestBody == other.requestBody)
        #expect(one.cutBodiesHash != other.cutBodiesHash)
        #expect(one.cutBodiesHash == entry("/", request: size).cutBodiesHash)
    }

    @Test func `what has left holds no memory`() throws {
        // Many small entries make a long ring; large ones then pass through all its places, and would
        // hold 700 MB if a place kept what it had.
        let journal = Journal(entries: 10_000, bytes: 8 << 20)
        for _ in 0..<10_000 { journal.append(entry("/small")) }
        let before = try residentBytes()
        for _ in 0..<11_000 { journal.append(entry("/large", request: 64 << 10)) }
        #expect(journal.bytes <= 8 << 20)
        let grown = try residentBytes() - before
        #expect(grown < 300 << 20, "\(grown >> 20) MiB")
    }

    private func residentBytes() throws -> Int {
        let text = String(text: try FileContents.read("/proc/self/statm"))
        let pages = try #require(Int(text.split(separator: " ")[1]))
        return pages * 4096
    }

    @Test func `who waits for an entry is woken by it, or at the deadline`() async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        let seen = await loop.run { loop in
            let reactor = loop.reactor
            let journal = Journal()
            let soon = { Reactor.monotonicNow() + Duration.milliseconds(1).nanoseconds }
            let late = Reactor.monotonicNow() + Duration.seconds(50).nanoseconds
            var seen = [await journal.entry(after: 0, until: soon(), on: reactor)]
            loop.spawn { journal.append(self.entry("/1")) }
            seen.append(await journal.entry(after: 0, until: late, on: reactor))
            // There already.
            seen.append(await journal.entry(after: 0, until: late, on: reactor))
            seen.append(await journal.entry(after: 1, until: soon(), on: reactor))
            return seen
        }
        #expect(seen == [false, true, true, false])
    }

    @Test func `many wait for one entry`() async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        let woken = await loop.run { loop in
            let reactor = loop.reactor
            let journal = Journal()
            let late = Reactor.monotonicNow() + Duration.seconds(50).nanoseconds
            var woken: [Int] = []
            let all = Waiters(on: reactor)
            for number in 0..<5 {
                loop.spawn {
                    if await journal.entry(after: 0, until: late, on: reactor) {
                        woken.append(number)
                    }
                    all.wake()
                }
            }
            loop.spawn { journal.append(self.entry("/1")) }
            while woken.count < 5, await all.wait(until: late, unless: { woken.count == 5 }) {}
            return woken
        }
        #expect(woken.sorted() == [0, 1, 2, 3, 4])
    }
}
