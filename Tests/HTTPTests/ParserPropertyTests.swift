import Bytes
import Testing

@testable import HTTP

/// What holds for every input, tried over many.
@Suite struct ParserPropertyTests {
    private static let limits = HTTPLimits()

    /// A request as its parts.
    struct Parts {
        var method: String
        var target: String
        var fields: [Response.Field]
        var body: String
    }

    static let requests: [Parts] = [
        Parts(method: "GET", target: "/", fields: [], body: ""),
        Parts(
            method: "POST", target: "/v1.0/state/s%20t?a=b&c=%", fields: [.init("X-A", "1")],
            body: "[{\"key\":\"a\"}]"),
        Parts(
            method: "DELETE", target: "/a//b/../c",
            fields: [.init("If-Match", "\"1\""), .init("x-a", ""), .init("X-A", "a\tb")], body: ""),
        Parts(method: "M-SEARCH", target: "*", fields: [.init("!#$%&'*+-.^_`|~", ";")], body: "x"),
    ]

    private func bytes(of parts: Parts) -> [UInt8] {
        OutgoingRequest(
            method: parts.method, target: Array(parts.target.utf8)[...], host: "h:1",
            fields: parts.fields, body: Array(parts.body.utf8)[...]
        ).serialized
    }

    @Test(arguments: requests)
    func `a request that was serialised parses to the same parts`(parts: Parts) throws {
        let bytes = bytes(of: parts)
        let head = try #require(try RequestParser.parse(bytes[...], limits: Self.limits))
        #expect(String(text: head.method) == parts.method)
        let query = head.query.map { "?" + String(text: $0) } ?? ""
        #expect(String(text: head.path) + query == parts.target)
        let fields = (0..<head.fields.count).map { head.fields[$0] }
        let names = ["Host"] + parts.fields.map(\.name)
        let values = ["h:1"] + parts.fields.map(\.value)
        #expect(Array(fields.map { String(text: $0.name) }.prefix(names.count)) == names)
        #expect(Array(fields.map { String(text: $0.value) }.prefix(names.count)) == values)
        #expect(String(text: bytes[head.bytes.endIndex...]) == parts.body)
        #expect(head.framing == (parts.body.isEmpty ? .none : .length(parts.body.utf8.count)))
    }

    @Test(arguments: requests)
    func `every cut is incomplete, and where it was searched does not matter`(
        parts: Parts
    ) throws {
        let bytes = bytes(of: parts)
        let whole = try #require(try RequestParser.parse(bytes[...], limits: Self.limits))
        for cut in 0..<whole.bytes.count {
            #expect(try RequestParser.parse(bytes[..<cut], limits: Self.limits) == nil)
            let resumed = try RequestParser.parse(bytes[...], searched: cut, limits: Self.limits)
            #expect(resumed?.bytes.count == whole.bytes.count)
        }
    }

    @Test func `a head is read the same wherever its slice begins`() throws {
        let padding = [UInt8](repeating: 0x0A, count: 100)
        let bytes = padding + bytes(of: Self.requests[1]) + padding
        let head = try #require(
            try RequestParser.parse(bytes[100...], limits: Self.limits))
        #expect(head.path.equals("/v1.0/state/s%20t"))
        #expect(head.fields["x-a"]?.equals("1") == true)
    }

    @Test(arguments: [
        (200, "ok"), (204, ""), (404, "{}"), (500, ""), (304, ""),
    ])
    func `an answer that was serialised parses to the same parts`(
        status: Int, body: String
    ) throws {
        let response = Response(
            status: status, fields: [.init("Content-Type", "a/b"), .init("Etag", "1")],
            body: Array(body.utf8)[...])
        for isHEAD in [false, true] {
            for keepsAlive in [false, true] {
                let bytes = Serializer.serialize(
                    response, date: Array("now".utf8), isHEAD: isHEAD, keepsAlive: keepsAlive,
                    isHTTP10: false)
                let head = try #require(
                    try ResponseParser.parse(bytes[...], isHEAD: isHEAD, limits: Self.limits))
                #expect(head.status == status)
                #expect(head.fields["etag"]?.equals("1") == true)
                #expect(head.fields["date"]?.equals("now") == true)
                #expect(head.keepsAlive == keepsAlive)
                let sent = String(text: bytes[head.byteCount...])
                #expect(sent == (isHEAD || status == 204 || status == 304 ? "" : body))
            }
        }
    }

    // MARK: Fuzz, reproducible by its seed

    /// SplitMix64.
    struct Random: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
            return word ^ word >> 31
        }
    }

    static let seeds = [
        "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST /a?b HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
        "POST http://h/a HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
        "PUT /%41 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "a;x=y\r\n0123456789\r\n0\r\nT: u\r\n\r\n",
    ]
    static let spices: [[UInt8]] =
        [
            "\r", "\n", "\r\n", "\0", " ", "\t", ":", ",", ";", "%", "\u{B}", "\u{7F}",
            "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "Host: i\r\n", "\r\n\r\n",
            "0\r\n\r\n", "HTTP/1.1", "chunked", "ffffffffffffffff", "-1",
        ].map { Array($0.utf8) } + [[0xFF], [0x80]]

    static func mutated(_ seed: [UInt8], _ random: inout Random) -> [UInt8] {
        var bytes = seed
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let place = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0:
                bytes.insert(contentsOf: Self.spices.randomElement(using: &random) ?? [], at: place)
            case 1 where place < bytes.count:
                bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 2 where place < bytes.count:
                bytes.remove(at: place)
            case 3 where place < bytes.count:
                let end = Int.random(in: place..<bytes.count, using: &random)
                bytes.insert(contentsOf: bytes[place...end], at: place)
            default:
                bytes.removeSubrange(place..<min(bytes.count, place + 3))
            }
        }
        return bytes
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `no mutation of a request crashes the parser or depends on how it is cut`(
        seed: UInt64
    ) {
        var random = Random(state: seed)
        for _ in 0..<5000 {
            let origin = Array((Self.seeds.randomElement(using: &random) ?? "").utf8)
            let bytes = Self.mutated(origin, &random)
            let whole = outcome(bytes[...])
            let cut = Int.random(in: 0...bytes.count, using: &random)
            let first = outcome(bytes[..<cut])
            // What is refused when cut is refused whole, and a head found in a part is the head.
            switch first {
            case .incomplete: break
            case .refused: #expect(whole.isRefused, "\(String(text: bytes))")
            case .head: #expect(whole == first, "\(String(text: bytes))")
            }
            if case .head(_, let count, let framing) = whole {
                check(bytes[..<count], framing)
                #expect(decodes(bytes[count...], framing))
            }
        }
    }

    private enum Outcome: Equatable {
        case incomplete
        case refused
        case head(path: String, count: Int, framing: RequestHead.Framing)

        var isRefused: Bool { self == .refused }
    }

    private func outcome(_ bytes: ByteSlice) -> Outcome {
        do throws(ParseError) {
            guard let head = try RequestParser.parse(bytes, limits: Self.limits) else {
                return .incomplete
            }
            return .head(
                path: String(text: head.path), count: head.bytes.count, framing: head.framing)
        } catch {
            #expect((400..<600).contains(error.status))
            #expect((0...Self.limits.headBytes).contains(error.offset))
            return .refused
        }
    }

    /// What an accepted head never holds, however it was made.
    private func check(_ head: ByteSlice, _ framing: RequestHead.Framing) {
        let text = String(decoding: head, as: Unicode.ASCII.self)
        let lines = text.components(separatedBy: "\r\n")
        #expect(lines.suffix(2) == ["", ""])
        #expect(!lines.contains { $0.contains("\r") || $0.contains("\n") || $0.contains("\0") })
        let names = lines.dropFirst().dropLast(2).map { line in
            line.prefix { $0 != ":" }.lowercased()
        }
        let codings = names.count { $0 == "transfer-encoding" }
        let hasLength = names.contains("content-length")
        #expect(!names.contains { $0.isEmpty || $0.contains(" ") || $0.contains("\t") })
        #expect(codings <= 1 && !(codings == 1 && hasLength))
        #expect((framing == .chunked) == (codings == 1))
        #expect(names.count { $0 == "host" } <= 1)
    }

    /// Decodes a chunked body whole and byte by byte: both end alike.
    private func decodes(_ bytes: ByteSlice, _ framing: RequestHead.Framing) -> Bool {
        guard framing == .chunked else { return true }
        return Chunks.decode(bytes, step: bytes.count + 1) == Chunks.decode(bytes, step: 1)
    }
}

/// Runs a ChunkedDecoder over bytes that arrive `step` at a time.
enum Chunks {
    enum Outcome: Equatable {
        case body(String, rest: String)
        case incomplete
        case refused
    }

    static func decode(
        _ bytes: ByteSlice, step: Int, limits: HTTPLimits = HTTPLimits()
    ) -> Outcome {
        var decoder = ChunkedDecoder(limits: limits)
        var (buffer, rest, body): (ByteSlice, ByteSlice, [UInt8]) = ([], bytes, [])
        while true {
            do throws(ParseError) {
                switch try decoder.next(from: &buffer) {
                case .data(let piece): body += piece
                case .end: return .body(String(text: body), rest: String(text: buffer + rest))
                case .needsMore:
                    if rest.isEmpty { return .incomplete }
                    buffer += rest.prefix(step)
                    rest = rest.dropFirst(step)
                }
            } catch {
                return .refused
            }
        }
    }
}

extension String {
    fileprivate func components(separatedBy separator: String) -> [String] {
        let scalars = split(separator: separator, omittingEmptySubsequences: false)
        return scalars.map(String.init)
    }
}
