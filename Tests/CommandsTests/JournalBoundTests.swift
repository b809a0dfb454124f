import Bytes
import TestSupport
import Testing
import Transport

/// The journal's bounds hold in a running sidecar: its memory does not grow with its requests.
@Suite(.timeLimit(.minutes(3))) struct JournalBoundTests {
    /// Bodies that fill the journal by its bytes, and requests that fill it by its entries.
    @Test(arguments: [(bodySize: 8000, fill: 6000, more: 12_000), (100, 12_000, 30_000)])
    func `memory does not grow once the journal is full`(
        bodySize: Int, fill: Int, more: Int
    ) async throws {
        try await OffPool.run {
            let serve = try ServeProcess(["--store", "memory"])
            let body =
                #"[{"key":"k","value":"\#(String(repeating: "x", count: bodySize))"}]"#
            let client = try serve.client()
            try Self.send(fill, body, client)
            let before = try Self.residentBytes(of: serve.process.id)
            // As many as there is time for, at most; each batch passes through the whole ring.
            let end = Deadline.after(.seconds(40))
            var sent = 0
            while sent < more, Reactor.monotonicNow() < end {
                try Self.send(2000, body, client)
                sent += 2000
            }
            let grown = try Self.residentBytes(of: serve.process.id) - before
            #expect(grown < 24 << 20, "\(grown >> 20) MiB after \(sent) requests")
            let journal = try serve.request("GET", "/_fakedapr/journal?limit=1").text
            #expect(journal.contains(#""last":\#(fill + sent)"#))
            #expect(!journal.contains(#""dropped":0"#))
        }
    }

    /// Pipelined, so that a million would take seconds.
    private static func send(_ count: Int, _ body: String, _ client: WireClient) throws {
        let request =
            "POST /v1.0/state/statestore HTTP/1.1\r\nHost: h\r\nContent-Length: "
            + "\(body.utf8.count)\r\n\r\n\(body)"
        let batch = 50
        let bytes = Array(String(repeating: request, count: batch).utf8)
        for _ in 0..<(count / batch) {
            try client.send(bytes)
            for _ in 0..<batch {
                let response = try client.readResponse()
                try #require(response.status == 204, "\(response.text)")
            }
        }
    }

    private static func residentBytes(of id: Int32) throws -> Int {
        let text = String(text: try FileContents.read("/proc/\(id)/statm"))
        let pages = try #require(Int(text.split(separator: " ")[1]))
        return pages * 4096
    }
}
