import Testing

@testable import HTTP

@Suite struct EventStreamReaderTests {
    private static func events(_ pieces: [ArraySlice<UInt8>]) -> [String] {
        var reader = EventStreamReader()
        return pieces.flatMap { reader.take($0) }.map { "\($0.id)|\($0.data)" }
    }

    @Test(
        arguments: [
            ("id: 1\ndata: a\n\n", ["1|a"]), ("data:a\ndata: b\n\n", ["|a\nb"]),
            (": comment\n\ndata: a\n\n", ["|a"]),
            ("id: 7\r\ndata: a\r\n\r\ndata: b\r\n\r\n", ["7|a", "7|b"]),
            ("id: 1\rdata: a\r\r", ["1|a"]), ("data\n\n", ["|"]), ("event: x\nretry: 5\n\n", []),
            ("data: not ended\n", []), ("data: a: b\n\n", ["|a: b"]), ("\n\n", []),
        ] as [(String, [String])])
    func `events are read, however they are cut`(text: String, expected: [String]) {
        let bytes = Array(text.utf8)
        #expect(Self.events([bytes[...]]) == expected)
        #expect(Self.events(bytes.indices.map { bytes[$0...$0] }) == expected)
        for cut in bytes.indices {
            #expect(Self.events([bytes[..<cut], bytes[cut...]]) == expected)
        }
    }
}
