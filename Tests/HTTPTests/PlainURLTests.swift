import Testing

@testable import HTTP

@Suite struct PlainURLTests {
    @Test(
        arguments: [
            ("http://h", "h", "h", 80, ""), ("http://h:8080/a/b?c", "h:8080", "h", 8080, "/a/b?c"),
            ("http://[::1]:3500/", "[::1]:3500", "::1", 3500, "/"),
            ("http://[::1]", "[::1]", "::1", 80, ""),
            ("http://h?x=/", "h", "h", 80, "?x=/"),
        ] as [(String, String, String, UInt16, String)])
    func `a URL is taken apart`(
        url: String, authority: String, host: String, port: UInt16, path: String
    ) throws {
        let parts = try #require(PlainURL(url))
        #expect(parts.authority == authority)
        #expect(parts.host == host)
        #expect(parts.port == port)
        #expect(parts.path == path)
    }

    @Test(arguments: [
        "", "h:80", "https://h", "http://", "http://:80", "http:///a", "http://h:", "http://h:x",
        "http://h:70000", "http://h:0", "HTTP://h",
        "http://[::1", "http://[]", "http://::1]:80", "http://[::1]x",
    ])
    func `what is none is nil`(url: String) { #expect(PlainURL(url) == nil) }
}
