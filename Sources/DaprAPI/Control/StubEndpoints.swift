internal import Blocks
internal import Bytes
internal import HTTP
internal import JSON
internal import Matching
internal import YAML

/// Stubs of the control API: answers for applications that are not there.
///
/// A stub is `{"app", "when", "reply"}`: `when` a path, or matchers of `method`, `path`, `query`,
/// `parameters`, `headers`, `body`, `json`; `reply` a `status`, `headers`, `body` or `json`, `delay`;
/// besides `id`, `times`, and `replies` with `order` (`last`, `cycle`) in place of `reply`.
/// `{"app", "subscribe": […], "routes": […]}` describes a whole application.
enum StubEndpoints {
    static var all: [ControlEndpoint] {
        [
            ControlEndpoint(
                ["GET"], "/_fakedapr/stubs", "the stubs, and how often each has answered",
                handle: list),
            ControlEndpoint(
                ["POST"], "/_fakedapr/stubs", "adds a stub, or a list of them", handle: add),
            ControlEndpoint(
                ["DELETE"], "/_fakedapr/stubs", "takes all stubs away", handle: clear),
            ControlEndpoint(["GET"], "/_fakedapr/stubs/{id}", "one stub", handle: get),
            ControlEndpoint(
                ["DELETE"], "/_fakedapr/stubs/{id}", "takes a stub away", handle: remove),
        ]
    }

    private static func list(_ call: Call) async throws(ControlError) -> Response {
        let stubs = call.sidecar.sandbox.stubs
        return .json(200, .object([.init("stubs", .array(stubs.all.map(description)))]))
    }

    private static func get(_ call: Call) async throws(ControlError) -> Response {
        let id = String(text: call.parameter(0))
        let stub = call.sidecar.sandbox.stubs.all.first { $0.stub.id == id }
        guard let stub else { throw missing(id) }
        return .json(200, description(stub.stub, uses: stub.uses))
    }

    private static func add(_ call: Call) async throws(ControlError) -> Response {
        let document = try await call.document()
        let descriptions = try Call.reading { () throws(Diagnostic) in
            try StubReader(source: document.source).descriptions(document.root)
        }
        do throws(Stubs.Refusal) {
            let added = try await call.sidecar.sandbox.stubs.add(descriptions)
            let list = added.map { description($0, uses: 0) }
            return .json(201, .object([.init("stubs", .array(list))]))
        } catch {
            throw ControlError(
                Diagnostic(
                    .error, error.text, at: error.span, in: document.source, hint: error.hint))
        }
    }

    private static func remove(_ call: Call) async throws(ControlError) -> Response {
        let id = String(text: call.parameter(0))
        guard await call.sidecar.sandbox.stubs.remove(id) else { throw missing(id) }
        return Response(status: 204)
    }

    private static func clear(_ call: Call) async throws(ControlError) -> Response {
        await call.sidecar.sandbox.stubs.clear()
        return Response(status: 204)
    }

    private static func missing(_ id: String) -> ControlError {
        .notFound("there is no stub \(id): GET /_fakedapr/stubs lists them")
    }

    /// As it was described, with its id and its uses.
    private static func description(_ stub: Stub, uses: Int) -> JSONValue {
        let own = [
            JSONValue.Member("id", .string(stub.id)), .init("app", .string(stub.app)),
            .init("uses", .number(String(uses))),
        ]
        let described = (stub.description.object ?? []).filter {
            !["id", "app", "subscribe"].contains($0.name)
        }
        return .object(own + described)
    }
}
