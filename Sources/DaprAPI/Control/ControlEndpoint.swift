internal import Blocks
internal import Bytes
internal import HTTP
internal import Matching
internal import YAML

/// One route of the control API as data; what it does is told by `GET /_fakedapr`.
struct ControlEndpoint {
    typealias Handle = (Call) async throws(ControlError) -> Response

    let methods: [StaticString]
    let pattern: PathPattern
    /// One line for people.
    let summary: String
    let handle: Handle

    init(
        _ methods: [StaticString], _ pattern: PathPattern, _ summary: String,
        handle: @escaping Handle
    ) {
        self.methods = methods
        self.pattern = pattern
        self.summary = summary
        self.handle = handle
    }

    /// As the router wants it.
    var endpoint: Endpoint {
        Endpoint(methods, pattern, .other) { [handle] (call) throws(APIError) in
            do throws(ControlError) { return try await handle(call) } catch {
                return error.response
            }
        }
    }
}

extension Call {
    /// Bytes of a control request's body at most: a snapshot is one.
    private static let controlBodyLimit = 256 << 20

    /// The body of a control request, JSON or YAML; an empty one is an empty mapping.
    func document() async throws(ControlError) -> ControlDocument {
        let bytes: ByteSlice
        do throws(BodyError) {
            bytes = try await request.body.collect(upTo: Self.controlBodyLimit)
        } catch {
            throw .badRequest("the request's body cannot be read: \(error)")
        }
        return try Self.reading { () throws(Diagnostic) in
            try ControlDocument(name: "body", bytes: bytes)
        }
    }

    /// Reads what was sent; a mistake in it is a 400 with its place.
    static func reading<Value>(
        _ body: () throws(Diagnostic) -> Value
    ) throws(ControlError) -> Value {
        do throws(Diagnostic) { return try body() } catch { throw ControlError(error) }
    }
}
