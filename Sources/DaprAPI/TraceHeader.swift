internal import Backends
internal import Blocks
internal import Bytes
internal import HTTP

/// The `traceparent` of an answer (runtime.md §9 of the specification).
struct TraceHeader {
    let mode: Tracing
    let random: RandomSource

    /// What the answer says, and the application is told when it is called; nil for nothing.
    func field(for head: RequestHead) -> Response.Field? {
        guard mode != .off, !Self.isHealthCheck(head.path) else { return nil }
        if case .sampling(let rate) = mode {
            return .init("Traceparent", span(of: head, rate: rate))
        }
        guard let given = head.fields["traceparent"], Self.traceID(given) != nil else {
            return Self.zero
        }
        return .init("Traceparent", String(text: given))
    }

    /// Dapr takes every path that holds `/healthz` for one.
    private static func isHealthCheck(_ path: ByteSlice) -> Bool {
        var rest = path
        while let slash = rest.index(of: UInt8(ascii: "/")) {
            rest = rest[(slash + 1)...]
            if rest.first == UInt8(ascii: "h"), rest.prefix(7).equals("healthz") { return true }
        }
        return false
    }

    private func span(of head: RequestHead, rate: Double) -> String {
        let parent = head.fields["traceparent"].flatMap { Self.traceID($0) }
        let trace = parent ?? hex(random.next()) + hex(random.next())
        // The upper 53 bits of a word, as a fraction of 1.
        let isSampled = Double(random.next() >> 11) / Double(1 << 53) < rate
        return "00-\(trace)-\(hex(random.next()))-\(isSampled ? "01" : "00")"
    }

    /// The trace id of a well-formed `00-{32 hex}-{16 hex}-{2 hex}`; malformed ones are ignored.
    private static func traceID(_ value: ByteSlice) -> String? {
        let parts = value.split(separator: UInt8(ascii: "-"))
        guard parts.count == 4, parts.map(\.count) == [2, 32, 16, 2],
            parts.allSatisfy({ $0.allSatisfy { $0.hexValue != nil } })
        else { return nil }
        return String(text: parts[1])
    }

    private func hex(_ word: UInt64) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private static let zero = Response.Field(
        "Traceparent", "00-00000000000000000000000000000000-0000000000000000-00")
}
