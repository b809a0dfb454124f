package import Backends
internal import Bytes

/// W3C `traceparent` values: `00-{32 hex}-{16 hex}-{2 hex}`.
package enum TraceParent {
    package static let zero = "00-00000000000000000000000000000000-0000000000000000-00"

    /// What is told onwards of the `traceparent` that came, if any (runtime.md §9 of the
    /// specification); a malformed one counts as none. nil for nothing.
    package static func handed(
        on given: String?, _ tracing: Tracing, _ random: RandomSource
    ) -> String? {
        switch tracing {
        case .off: nil
        case .unconfigured: given.flatMap { isValid($0) ? $0 : nil } ?? zero
        case .sampling(let rate): child(of: given, rate: rate, random)
        }
    }

    private static func isValid(_ text: String) -> Bool { text == zero || traceID(text) != nil }

    private static func traceID(_ text: String) -> Substring? {
        let bytes = text.utf8
        guard bytes.count == 55 else { return nil }
        for (offset, byte) in bytes.enumerated() {
            let isDash = offset == 2 || offset == 35 || offset == 52
            guard isDash ? byte == UInt8(ascii: "-") : byte.hexValue != nil else { return nil }
        }
        return text.dropFirst(3).prefix(32)
    }

    /// A new span, in the trace of `parent` if there is one.
    private static func child(
        of parent: String?, rate: Double, _ random: RandomSource
    ) -> String {
        let trace = parent.flatMap { traceID($0) }.map(String.init)
        // The upper 53 bits of a word, as a fraction of 1.
        let isSampled = Double(random.next() >> 11) / Double(1 << 53) < rate
        return "00-\(trace ?? hex(random) + hex(random))-\(hex(random))-\(isSampled ? "01" : "00")"
    }

    private static func hex(_ random: RandomSource) -> String {
        let digits = String(random.next(), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
