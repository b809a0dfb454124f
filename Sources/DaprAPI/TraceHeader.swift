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
        guard !Self.isHealthCheck(head.path) else { return nil }
        let given = head.fields["traceparent"].map { String(text: $0) }
        return TraceParent.handed(on: given, mode, random).map { .init("Traceparent", $0) }
    }

    /// Dapr takes every path that holds `/healthz` for one.
    private static func isHealthCheck(_ path: ByteSlice) -> Bool {
        let bytes = path.span
        var index = 0
        while let slash = bytes.index(of: UInt8(ascii: "/"), from: index) {
            index = slash + 1
            guard index < bytes.count, bytes[index] == UInt8(ascii: "h") else { continue }
            if path.dropFirst(index).prefix(7).equals("healthz") { return true }
        }
        return false
    }
}
