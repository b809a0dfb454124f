import Bytes
import Testing

@testable import HTTP

@Suite struct ChunkedDecoderTests {
    static let whole = "5\r\nhello\r\n1;a=b\r\n \r\n05\r\nworld\r\n0\r\nT: u\r\n\r\n"

    @Test(arguments: [1, 2, 3, 7, 100])
    func `a body is decoded however it arrives, and what follows is left`(step: Int) {
        let bytes = Array((Self.whole + "GET /").utf8)
        #expect(Chunks.decode(bytes[...], step: step) == .body("hello world", rest: "GET /"))
    }

    @Test(arguments: 0..<whole.utf8.count)
    func `every cut is incomplete and never an error`(cut: Int) {
        let bytes = Array(Self.whole.utf8.prefix(cut))
        #expect(Chunks.decode(bytes[...], step: 100) == .incomplete)
        #expect(Chunks.decode(bytes[...], step: 1) == .incomplete)
    }

    @Test(arguments: [
        ("fffffffffffffff\r\n", Chunks.Outcome.incomplete),
        ("0fffffffffffffff\r\n", .refused), ("\r\n", .refused), ("5\n", .refused),
        ("g\r\n", .refused), ("5 ;a\r\n", .refused),
        ("5;\r\nhello\r\n0\r\n\r\n", .body("hello", rest: "")),
        ("1\r\nab", .refused), ("1\r\na\n", .refused), ("1\r\na\rb", .refused),
        ("0\r\nT\r\n\r\n", .refused), ("0\r\n: u\r\n\r\n", .refused),
    ])
    func `sizes, ends and trailers are taken by the letter`(
        wire: String, outcome: Chunks.Outcome
    ) {
        let bytes = Array(wire.utf8)
        #expect(Chunks.decode(bytes[...], step: 100) == outcome)
        #expect(Chunks.decode(bytes[...], step: 1) == outcome)
    }

    @Test(arguments: [0, 1])
    func `trailers are bound as heads are`(excess: Int) {
        var limits = HTTPLimits()
        limits.headBytes = 20
        // Two trailers of ten bytes without their ends.
        let trailers = "A: 3456789\r\nA: 3456789" + String(repeating: "a", count: excess)
        let bytes = Array("0\r\n\(trailers)\r\n\r\n".utf8)
        let outcome = Chunks.decode(bytes[...], step: 100, limits: limits)
        #expect(outcome == (excess == 0 ? .body("", rest: "") : .refused))
    }

    @Test(arguments: [0, 1])
    func `a size line is bound, whole or without an end`(excess: Int) {
        var limits = HTTPLimits()
        limits.chunkLineBytes = 10
        let line = "1;" + String(repeating: "x", count: 8 + excess)
        let whole = Array("\(line)\r\na\r\n0\r\n\r\n".utf8)
        let outcome = Chunks.decode(whole[...], step: 100, limits: limits)
        #expect(outcome == (excess == 0 ? .body("a", rest: "") : .refused))
        let open = Array(line.utf8)
        #expect(
            Chunks.decode(open[...], step: 100, limits: limits)
                == (excess == 0 ? .incomplete : .refused))
    }
}
