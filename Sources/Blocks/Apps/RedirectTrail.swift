internal import Bytes

/// A call that a server sends on to other places, as Go's client follows it, and so daprd an
/// `HTTPEndpoint` (invoke.md §7 of the specification). Pure.
///
/// After 301, 302 and 303 the place is got without a body. A 307 or 308 is the caller's: Go repeats a
/// body that it has in memory, and daprd streams its own.
struct RedirectTrail {
    /// The request that began it.
    private let first: AppRequest
    private let firstHost: Substring
    /// Where the last request went: `http://host:8080/path?query`.
    private var url: String
    private var count = 1
    /// Whether all places were the first one's, which may see the caller's credentials.
    private var isTrusted = true

    /// Requests of one trail at most.
    static let limit = 10

    /// - Parameter base: the URL that the request's target follows.
    init(_ request: AppRequest, to base: String) {
        first = request
        var base = base[...]
        while base.last == "/" { base.removeLast() }
        url = base + String(text: request.target)
        firstHost = Self.host(of: url)
    }

    /// Where an answer sends its caller on to; nil for one that is the caller's.
    func location(in answer: AppResponse) -> String? {
        guard 301...303 ~= answer.status else { return nil }
        let field = answer.fields.first { $0.name.equalsIgnoringCase("location") }
        guard let value = field?.value, !value.isEmpty else { return nil }
        return String(text: value)
    }

    /// The next request, and the server that it goes to: `http://host:8080`.
    mutating func follow(
        _ location: String
    ) throws(InvocationError) -> (origin: String, request: AppRequest) {
        guard count < Self.limit else {
            let method = AppRequest.verb(first.method)
            throw InvocationError(
                "\(method) \"\(location)\": stopped after \(Self.limit) redirects")
        }
        count += 1
        let referrer = url
        url = Self.resolved(location, at: url)
        isTrusted = isTrusted && Self.isWithin(Self.host(of: url), firstHost)
        let (origin, rest) = Self.split(url)
        var request = first
        request.method = first.method == "HEAD" ? "HEAD" : "GET"
        request.target = Self.target(rest)
        request.body = .bytes([])
        request.fields.removeAll { isLeftBehind($0.name) }
        request.fields.append(AppField("Referer", referrer))
        return (String(origin), request)
    }

    /// What is about the body, which is not sent again; what another server must not see.
    private func isLeftBehind(_ name: ByteSlice) -> Bool {
        let always: [StaticString] = [
            "content-type", "content-encoding", "content-language", "content-location", "referer",
        ]
        let secret: [StaticString] = [
            "authorization", "www-authenticate", "cookie", "cookie2", "proxy-authorization",
            "proxy-authenticate",
        ]
        return always.contains { name.equalsIgnoringCase($0) }
            || !isTrusted && secret.contains { name.equalsIgnoringCase($0) }
    }

    // MARK: URLs

    /// RFC 3986 §5.2, as far as a `Location` needs it.
    private static func resolved(_ location: String, at url: String) -> String {
        let reference = location.prefix { $0 != "#" }
        let (origin, rest) = split(url)
        if let colon = reference.firstIndex(where: { ":/?".contains($0) }), reference[colon] == ":"
        {
            return reference[..<colon].lowercased() + reference[colon...]
        }
        if reference.hasPrefix("//") { return "\(url.prefix { $0 != ":" }):\(reference)" }
        if reference.hasPrefix("/") { return "\(origin)\(reference)" }
        let path = rest.prefix { $0 != "?" }
        if reference.isEmpty || reference.hasPrefix("?") { return "\(origin)\(path)\(reference)" }
        let folder = path.prefix(through: path.lastIndex(of: "/") ?? path.startIndex)
        return "\(origin)\(folder.isEmpty ? "/" : folder)\(reference)"
    }

    /// `http://host:8080` and what follows it.
    private static func split(_ url: String) -> (origin: Substring, rest: Substring) {
        guard let mark = url.firstRange(of: "://") else { return (url[...], "") }
        let end = url[mark.upperBound...].firstIndex { "/?".contains($0) } ?? url.endIndex
        return (url[..<end], url[end...])
    }

    /// Path and query for the request line, without `.` and `..`.
    private static func target(_ rest: Substring) -> ByteSlice {
        let query = rest.firstIndex(of: "?") ?? rest.endIndex
        var kept: [Substring] = []
        let segments = rest[..<query].split(separator: "/", omittingEmptySubsequences: false)
        for segment in segments.dropFirst() where segment != "." {
            if segment == ".." { _ = kept.popLast() } else { kept.append(segment) }
        }
        // What ends in a dot segment is a folder.
        if let last = segments.last, last == "." || last == ".." { kept.append("") }
        let text = "/" + kept.joined(separator: "/") + rest[query...]
        return Percent.escaped(text.utf8) { 0x21...0x7E ~= $0 }[...]
    }

    /// The host's name in lower case, without its port.
    private static func host(of url: String) -> Substring {
        let authority = split(url.lowercased()).origin.drop { $0 != "/" }.dropFirst(2)
        let bracket = authority.lastIndex(of: "]") ?? authority.startIndex
        return authority[..<(authority[bracket...].lastIndex(of: ":") ?? authority.endIndex)]
    }

    private static func isWithin(_ host: Substring, _ domain: Substring) -> Bool {
        host == domain || host.hasSuffix(".\(domain)") && !host.contains(":")
    }
}
