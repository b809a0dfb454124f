internal import Bytes
internal import HTTP

/// Whom a request is for and what is asked of it (invoke.md §1–2 of the specification). Pure.
struct InvocationTarget: Equatable {
    /// An app id, the name of an HTTPEndpoint, or a URL.
    var id: String
    /// The path sent to the application, decoded; not cleaned yet. After `/method/` without the slash.
    let method: ByteSlice
    /// The same, with the slash that stands before it in the request.
    fileprivate let rooted: ByteSlice

    init(id: String, method: ByteSlice, rooted: ByteSlice? = nil) {
        self.id = id
        self.method = method
        self.rooted =
            rooted ?? (method.first == slash ? method : [slash] + method)
    }

    /// First match wins: header, basic authorization, path. nil when none names anybody.
    static func find(in head: RequestHead) -> InvocationTarget? {
        let path = Percent.decode(head.path, plusIsSpace: false) ?? head.path
        if let id = head.fields["dapr-app-id"], !id.isEmpty {
            return InvocationTarget(id: String(text: id), method: path)
        }
        if let credentials = head.fields["authorization"], let id = appID(basic: credentials) {
            return InvocationTarget(id: id, method: path)
        }
        return find(inPath: path)
    }

    /// Whether the path names the callee as the journal can read it there: `/v1.0/invoke/ID/method/…`.
    func isPlain(in path: ByteSlice) -> Bool {
        let length = id.utf8.count
        guard path.count >= length + 21 else { return false }
        let (start, end) = (path.startIndex + 13, path.startIndex + 13 + length)
        return path[..<start].equals("/v1.0/invoke/") && path[start..<end].equals(utf8: id)
            && path[end..<end + 8].equals("/method/")
    }

    /// `Basic base64("dapr-app-id:X")`
    private static func appID(basic value: ByteSlice) -> String? {
        guard value.prefix(6).equals("Basic "), let bytes = Base64.decode(value.dropFirst(6)) else {
            return nil
        }
        let parts = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].equalsIgnoringCase("dapr-app-id"), !parts[1].isEmpty else {
            return nil
        }
        return String(text: parts[1])
    }

    /// `/v1.0/invoke/{id}/method/{method}`, with any number of slashes for one before the id.
    private static func find(inPath path: ByteSlice) -> InvocationTarget? {
        var rest = path
        for segment in ["v1.0", "invoke"] as [StaticString] {
            let slashes = rest.prefix { $0 == slash }
            guard !slashes.isEmpty else { return nil }
            rest = rest.dropFirst(slashes.count)
            let length = segment.utf8CodeUnitCount
            guard rest.prefix(length).equals(segment) else { return nil }
            rest = rest.dropFirst(length)
        }
        guard rest.first == slash else { return nil }
        rest = rest.drop { $0 == slash }
        guard let mark = mark(in: rest), mark > rest.startIndex else { return nil }
        let id = rest[..<mark]
        let decoded = Percent.decode(id, plusIsSpace: true) ?? id
        return InvocationTarget(
            id: String(text: decoded.isEmpty ? id : decoded), method: rest[(mark + 8)...],
            rooted: rest[(mark + 7)...])
    }

    /// Where `/method/` begins first.
    private static func mark(in path: ByteSlice) -> Int? {
        let bytes = path.span
        var index = 0
        while let next = bytes.index(of: slash, from: index) {
            let start = path.startIndex + next
            if path[start...].prefix(8).equals("/method/") { return start }
            index = next + 1
        }
        return nil
    }
}

private let slash = UInt8(ascii: "/")

/// The method path of an invocation, as Dapr makes a target for the application from it. Pure.
enum MethodPath {
    /// What the path may not hold: *why, in Dapr's words*.
    struct Refusal: Error, Equatable {
        let text: String
    }

    /// Without `.`, `..`, doubled and trailing slashes, always with a leading slash.
    static func cleaned(_ target: InvocationTarget) throws(Refusal) -> ByteSlice {
        let method = target.method
        if method.contains(where: { $0 == 0x23 || $0 == 0x3F || $0 == 0 }) {
            throw Refusal(
                text: "method contains forbidden character: \(GoQuote.quoted(trimmed(method)))")
        }
        let trimmed = trimmed(method)
        if let index = trimmed.firstIndex(where: { $0 < 0x20 || $0 == 0x7F }) {
            throw Refusal(
                text: "method contains control character at position "
                    + "\(index - trimmed.startIndex): \(GoQuote.quoted(trimmed))")
        }
        return Path.clean(target.rooted)
    }

    /// Dapr's router has taken one leading slash off a path that a header names the app of.
    private static func trimmed(_ method: ByteSlice) -> ByteSlice {
        method.first == UInt8(ascii: "/") ? method.dropFirst() : method
    }

    /// As Go's client puts a path on its request line: what is a valid encoding stays, anything else
    /// is decoded once more and encoded anew.
    ///
    /// - Returns: nil when a `%` begins no escape.
    static func escaped(_ path: ByteSlice) -> ByteSlice? {
        guard let decoded = Percent.decode(path, plusIsSpace: false) else { return nil }
        let isValid = { (byte: UInt8) in
            Percent.isUnreserved(byte) || isKept(byte) || byte == UInt8(ascii: "%")
        }
        if path.allSatisfy(isValid) { return path }
        return Percent.escaped(decoded) { Percent.isUnreserved($0) || isDelimiter($0) }[...]
    }

    /// What Go's encoder of paths leaves as it is.
    private static func isDelimiter(_ byte: UInt8) -> Bool { delimiters.contains(byte) }

    /// What Go besides takes for validly encoded.
    private static func isKept(_ byte: UInt8) -> Bool {
        isDelimiter(byte) || kept.contains(byte)
    }

    private static let delimiters = Array("$&+,/:;=@".utf8)
    private static let kept = Array("!'()*[]".utf8)
}
