import Bytes
import Testing

@testable import Blocks

@Suite struct RedirectTrailTests {
    private static func trail(_ base: String, _ target: String = "/b/c/d?q") -> RedirectTrail {
        RedirectTrail(AppRequest(method: "GET", target: Array(target.utf8)[...]), to: base)
    }

    /// Mostly RFC 3986 §5.4, from `http://a:81/b/c/d?q`.
    @Test(arguments: [
        ("http://g/x", "http://g", "/x"), ("HTTP://g", "http://g", "/"),
        ("//g/x?y", "http://g", "/x?y"),
        ("g", "http://a:81", "/b/c/g"), ("./g", "http://a:81", "/b/c/g"),
        ("g/", "http://a:81", "/b/c/g/"), ("/g", "http://a:81", "/g"),
        ("?y", "http://a:81", "/b/c/d?y"),
        ("#s", "http://a:81", "/b/c/d"), ("g?y#s", "http://a:81", "/b/c/g?y"),
        (".", "http://a:81", "/b/c/"), ("..", "http://a:81", "/b/"),
        ("../g", "http://a:81", "/b/g"),
        ("../../../g", "http://a:81", "/g"), ("/./g", "http://a:81", "/g"),
        ("/../g", "http://a:81", "/g"),
        ("g/../h", "http://a:81", "/b/c/h"), ("g?y/../x", "http://a:81", "/b/c/g?y/../x"),
        ("a b\u{e9}", "http://a:81", "/b/c/a%20b%C3%A9"),
    ])
    func `a location is resolved at the place that it came from`(
        location: String, origin: String, target: String
    ) throws {
        var trail = Self.trail("http://a:81/")
        let next = try trail.follow(location)
        #expect(next.origin == origin)
        #expect(String(text: next.request.target) == target)
    }

    @Test func `each place is the base of the next`() throws {
        var trail = Self.trail("http://a", "/one")
        _ = try trail.follow("http://b/x/y")
        let next = try trail.follow("z")
        #expect(next.origin == "http://b")
        #expect(String(text: next.request.target) == "/x/z")
        #expect(next.request.fields.map { String(text: $0.value) } == ["http://b/x/y"])
    }

    @Test(arguments: [
        ("http://a:82/", true), ("http://A/", true), ("http://www.a/", true), ("http://b/", false),
        ("http://ba/", false), ("http://a.b/", false),
    ])
    func `credentials go to the same host and those below it`(
        location: String, isTrusted: Bool
    ) throws {
        var request = AppRequest(method: "GET", target: Array("/".utf8)[...])
        request.fields = [AppField("Authorization", "x")]
        var trail = RedirectTrail(request, to: "http://a:81")
        let next = try trail.follow(location).request
        #expect(next.fields.contains { $0.name.equalsIgnoringCase("authorization") } == isTrusted)
        // Once lost they stay lost, even on the way back.
        let back = try trail.follow("http://a:81/").request
        #expect(back.fields.contains { $0.name.equalsIgnoringCase("authorization") } == isTrusted)
    }
}
