import Bytes
import Testing

@testable import HTTP

@Suite struct RequestParserTests {
    private func parse(_ text: String, limits: HTTPLimits = HTTPLimits()) throws -> RequestHead? {
        try RequestParser.parse(Array(text.utf8)[...], limits: limits)
    }

    @Test func `a plain request is read as slices of its bytes`() throws {
        let head = try #require(
            try parse("POST /v1.0/state/s?metadata.a=b HTTP/1.1\r\nHost: h\r\nX-A:  1 \r\n\r\n"))
        #expect(head.method.equals("POST"))
        #expect(head.path.equals("/v1.0/state/s"))
        #expect(head.query?.equals("metadata.a=b") == true)
        #expect(head.fields["x-a"]?.equals("1") == true)
        #expect(head.framing == .none)
        #expect(head.keepsAlive)
    }

    static let whole =
        "PUT http://example.com:80/a%20b/c?d HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\n"
        + "Expect: 100-continue\r\nConnection: close\r\n\r\n"

    @Test(arguments: 0..<whole.utf8.count)
    func `every cut of a head is incomplete and never an error`(cut: Int) throws {
        #expect(try parse(String(decoding: Self.whole.utf8.prefix(cut), as: UTF8.self)) == nil)
    }

    @Test func `an absolute target gives its path, and fields decide framing`() throws {
        let head = try #require(try parse(Self.whole + "more"))
        #expect(head.path.equals("/a%20b/c"))
        #expect(head.framing == .length(12))
        #expect(head.expectsContinue)
        #expect(!head.keepsAlive)
        #expect(head.bytes.count == Self.whole.utf8.count)
    }

    struct Refusal: CustomTestStringConvertible {
        let name: String
        let request: String
        let reason: ParseError.Reason
        let status: Int
        var testDescription: String { name }
    }

    static let refusals: [Refusal] = [
        .init("bare CR in a value", "X: a\rb", .bareCarriageReturn, 400),
        .init("folded line", "X: a\r\n b", .foldedField, 400),
        .init("blank before the colon", "X : a", .spaceBeforeColon, 400),
        .init("NUL in a value", "X: a\0b", .badFieldValue, 400),
        .init("name that is no token", "X(: a", .badFieldName, 400),
        .init("no name", ": a", .badFieldName, 400),
        .init(
            "conflicting lengths", "Content-Length: 1\r\nContent-Length: 2",
            .conflictingContentLengths, 400),
        .init("signed length", "Content-Length: +1", .badContentLength, 400),
        .init("listed length", "Content-Length: 1, 1", .badContentLength, 400),
        .init("hexadecimal length", "Content-Length: 0x1", .badContentLength, 400),
        .init("empty length", "Content-Length:", .badContentLength, 400),
        .init(
            "overflowing length", "Content-Length: 99999999999999999999",
            .badContentLength, 400),
        .init(
            "length and coding", "Content-Length: 1\r\nTransfer-Encoding: chunked",
            .lengthAndTransferCoding, 400),
        .init("unknown coding", "Transfer-Encoding: gzip", .unsupportedTransferCoding, 501),
        .init("coding list", "Transfer-Encoding: gzip, chunked", .unsupportedTransferCoding, 501),
        .init(
            "coding twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            .unsupportedTransferCoding, 501),
        .init("unknown expectation", "Expect: miracles", .unknownExpectation, 417),
        .init("two hosts", "Host: other", .severalHosts, 400),
    ]

    @Test(arguments: refusals)
    func `a field that could smuggle or mislead is refused`(refusal: Refusal) {
        let text = "GET / HTTP/1.1\r\nHost: h\r\n\(refusal.request)\r\n\r\n"
        let error = #expect(throws: ParseError.self) { try parse(text) }
        #expect(error?.reason == refusal.reason)
        #expect(error?.status == refusal.status)
    }

    @Test(arguments: [
        ("GET /", ParseError.Reason.badRequestLine), ("GET / HTTP/2.0", .unsupportedVersion),
        ("GET  / HTTP/1.1", .badTarget), ("G(T / HTTP/1.1", .badMethod),
        ("GET nowhere HTTP/1.1", .badTarget), ("GET /%zz HTTP/1.1", .badEscape),
        ("GET / http/1.1", .badRequestLine), ("\u{16}\u{3}\u{1}", .badMethod),
    ])
    func `a malformed request line is refused`(line: String, reason: ParseError.Reason) {
        let error = #expect(throws: ParseError.self) {
            try parse("\(line)\r\nHost: h\r\n\r\n")
        }
        #expect(error?.reason == reason)
    }

    @Test func `a head is accepted at its bound and refused one byte past it`() throws {
        let frame = "GET / HTTP/1.1\r\nHost: h\r\nX: \r\n\r\n"
        let limits = HTTPLimits()
        let room = limits.headBytes - frame.utf8.count
        func head(_ count: Int) -> String {
            "GET / HTTP/1.1\r\nHost: h\r\nX: \(String(repeating: "a", count: count))\r\n\r\n"
        }
        #expect(try parse(head(room)) != nil)
        let error = #expect(throws: ParseError.self) { try parse(head(room + 1)) }
        #expect(error?.status == 431)
    }
}

extension RequestParserTests.Refusal {
    fileprivate init(
        _ name: String, _ request: String, _ reason: ParseError.Reason, _ status: Int
    ) {
        self.init(name: name, request: request, reason: reason, status: status)
    }
}
