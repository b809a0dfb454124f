import Bytes
import Testing

@testable import HTTP

@Suite struct ResponseParserTests {
    private func parse(_ text: String, isHEAD: Bool = false) throws -> ResponseHead? {
        try ResponseParser.parse(Array(text.utf8)[...], isHEAD: isHEAD, limits: HTTPLimits())
    }

    struct Framing: CustomTestStringConvertible {
        let testDescription: String
        let head: String
        var isHEAD = false
        let framing: ResponseHead.Framing
        let keepsAlive: Bool
    }

    static let framings = [
        Framing(
            testDescription: "length", head: "HTTP/1.1 200 OK\r\nContent-Length: 3",
            framing: .length(3), keepsAlive: true),
        Framing(
            testDescription: "chunks", head: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked",
            framing: .chunked, keepsAlive: true),
        Framing(
            testDescription: "chunks win over a length",
            head: "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked",
            framing: .chunked, keepsAlive: true),
        Framing(
            testDescription: "neither", head: "HTTP/1.1 200 OK", framing: .untilClose,
            keepsAlive: false),
        Framing(
            testDescription: "an answer to HEAD", head: "HTTP/1.1 200 OK\r\nContent-Length: 3",
            isHEAD: true, framing: .none, keepsAlive: true),
        Framing(
            testDescription: "204", head: "HTTP/1.1 204 No Content", framing: .none,
            keepsAlive: true),
        Framing(
            testDescription: "304", head: "HTTP/1.1 304 Not Modified\r\nContent-Length: 3",
            framing: .none, keepsAlive: true),
        Framing(
            testDescription: "close", head: "HTTP/1.1 204 No Content\r\nConnection: close",
            framing: .none, keepsAlive: false),
        Framing(
            testDescription: "HTTP/1.0", head: "HTTP/1.0 200 OK\r\nContent-Length: 3",
            framing: .length(3), keepsAlive: false),
        Framing(
            testDescription: "HTTP/1.0 that stays",
            head: "HTTP/1.0 200 OK\r\nContent-Length: 3\r\nConnection: Keep-Alive",
            framing: .length(3), keepsAlive: true),
        Framing(
            testDescription: "no reason phrase", head: "HTTP/1.1 404\r\nContent-Length: 0",
            framing: .length(0), keepsAlive: true),
        Framing(
            testDescription: "an empty reason phrase",
            head: "HTTP/1.1 404 \r\nContent-Length: 0", framing: .length(0), keepsAlive: true),
    ]

    @Test(arguments: framings)
    func `the head of an answer tells where its body ends`(framing: Framing) throws {
        let text = framing.head + "\r\n\r\n"
        let head = try #require(try parse(text + "more", isHEAD: framing.isHEAD))
        #expect(head.framing == framing.framing)
        #expect(head.keepsAlive == framing.keepsAlive)
        #expect(head.byteCount == text.utf8.count)
        for cut in 0..<text.utf8.count {
            #expect(try parse(String(decoding: text.utf8.prefix(cut), as: UTF8.self)) == nil)
        }
    }

    @Test(arguments: [
        ("HTTP/2 200 OK", ParseError.Reason.badStatusLine), ("HTTP/1.1 20 OK", .badStatusLine),
        ("HTTP/1.1 2000 OK", .badStatusLine), ("HTTP/1.1 099 OK", .badStatusLine),
        ("HTTP/1.1  200 OK", .badStatusLine), ("HTTP/1.1\t200 OK", .badStatusLine),
        ("ICY 200 OK", .badStatusLine), ("", .badStatusLine),
        ("HTTP/1.1 200 OK\r\nContent-Length: x", .badContentLength),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2", .conflictingContentLengths),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip", .unsupportedTransferCoding),
        ("HTTP/1.1 200 OK\r\nA : b", .spaceBeforeColon), ("HTTP/1.1 200 OK\nA: b", .bareLineFeed),
    ])
    func `an answer that cannot be trusted is refused`(text: String, reason: ParseError.Reason) {
        let error = #expect(throws: ParseError.self) { try parse("\(text)\r\n\r\n") }
        #expect(error?.reason == reason)
    }

    @Test(arguments: [0, 1])
    func `the head is accepted at its bound and refused one byte past it, ended or not`(
        excess: Int
    ) throws {
        let limits = HTTPLimits()
        let frame = "HTTP/1.1 204 \r\nA: \r\n\r\n"
        let padding = String(repeating: "a", count: limits.headBytes - frame.utf8.count + excess)
        let text = "HTTP/1.1 204 \r\nA: \(padding)\r\n\r\n"
        if excess == 0 {
            #expect(try parse(text) != nil)
        } else {
            for text in [text, "HTTP/1.1 204 \r\nA: \(padding)aaaa"] {
                let error = #expect(throws: ParseError.self) { try parse(text) }
                #expect(error?.reason == .headTooLarge)
            }
        }
    }
}
