import Bytes
import Testing

@testable import HTTP

@Suite struct SerializerTests {
    private func text(
        _ response: Response, isHEAD: Bool = false, keepsAlive: Bool = true, isHTTP10: Bool = false
    ) -> String {
        String(
            text: Serializer.serialize(
                response, date: Array("D".utf8), isHEAD: isHEAD, keepsAlive: keepsAlive,
                isHTTP10: isHTTP10))
    }

    @Test func `an answer is its status, its fields, date, length and body`() {
        let response = Response(
            status: 201, fields: [.init("A", "b"), .init("A", "c")], body: [0x6F, 0x6B])
        #expect(
            text(response)
                == "HTTP/1.1 201 Created\r\nA: b\r\nA: c\r\nDate: D\r\nContent-Length: 2\r\n\r\nok")
    }

    @Test func `the body is left out for HEAD, its length is not`() {
        let response = Response(status: 200, body: [0x6F, 0x6B])
        #expect(
            text(response, isHEAD: true)
                == "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 2\r\n\r\n")
    }

    @Test(arguments: [204, 304])
    func `a status without content has neither length nor body`(status: Int) {
        let bytes = text(Response(status: status, body: [0x6F]))
        #expect(bytes.hasSuffix("Date: D\r\n\r\n"))
        #expect(!bytes.contains("Content-Length"))
    }

    @Test(arguments: [
        (true, false, ""), (true, true, "Connection: keep-alive\r\n"),
        (false, false, "Connection: close\r\n"), (false, true, "Connection: close\r\n"),
    ])
    func `Connection is told where it is not what the version means`(
        keepsAlive: Bool, isHTTP10: Bool, line: String
    ) {
        let bytes = text(Response(status: 204), keepsAlive: keepsAlive, isHTTP10: isHTTP10)
        #expect(bytes == "HTTP/1.1 204 No Content\r\nDate: D\r\n\(line)\r\n")
    }

    @Test(arguments: ["a\r\nSet-Cookie: b", "a\nb", "a\rb", "a\0b", "a\u{7F}b"])
    func `a value from outside begins no line of its own`(value: String) {
        let bytes = text(Response(status: 204, fields: [.init("X", value)]))
        #expect(bytes.components(of: "\r\n").count == 5)
        #expect(!bytes.contains("\0"))
        #expect(!bytes.contains("\u{7F}"))
    }

    @Test(arguments: [
        (200, "OK"), (404, "Not Found"), (431, "Request Header Fields Too Large"),
        (418, "I'm a teapot"), (422, "Unprocessable Entity"), (501, "Not Implemented"),
        (505, "HTTP Version Not Supported"), (299, ""),
    ])
    func `a status has the reason phrase that Dapr gives it`(status: Int, reason: String) {
        #expect(StatusLine.reason(status) == reason)
        #expect(text(Response(status: status)).hasPrefix("HTTP/1.1 \(status) \(reason)\r\n"))
    }

    @Test(arguments: [
        ("GET", "", ""), ("GET", "a", "Content-Length: 1\r\n"),
        ("POST", "", "Content-Length: 0\r\n"), ("POST", "ab", "Content-Length: 2\r\n"),
        ("HEAD", "", ""), ("DELETE", "", ""),
    ])
    func `a request has a length where its method or its body asks for one`(
        method: String, body: String, line: String
    ) {
        let bytes = OutgoingRequest(
            method: method, target: Array("/a?b".utf8)[...], host: "h:1",
            fields: [.init("C", "d")], body: Array(body.utf8)[...]
        ).serialized
        #expect(
            String(text: bytes)
                == "\(method) /a?b HTTP/1.1\r\nHost: h:1\r\nC: d\r\n\(line)\r\n\(body)")
    }
}

extension String {
    fileprivate func components(of separator: String) -> [Substring] {
        split(separator: separator, omittingEmptySubsequences: false)
    }
}
