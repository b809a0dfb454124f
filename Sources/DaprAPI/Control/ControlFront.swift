internal import Backends
internal import Blocks
internal import Bytes
internal import HTTP
internal import JSON

/// fakedapr's own API beside Dapr's, under `/_fakedapr`: what a test asks of its sidecar. Its requests
/// leave no trace in the journal.
///
/// Confined to the sandbox's loop.
final class ControlFront {
    /// One a line, so that who adds one meets nobody.
    private static var endpoints: [ControlEndpoint] {
        [
            OverviewEndpoint.all,
            ClockEndpoints.all,
            FaultEndpoints.all,
            JournalEndpoints.all,
            StubEndpoints.all,
            ResetEndpoints.all,
            SnapshotEndpoints.all,
            SandboxEndpoints.all,
        ].flatMap(\.self)
    }

    /// Made for who asks: most sidecars of tests and scenarios are never asked anything here.
    private lazy var router = Router(Self.endpoints.map(\.endpoint))
    private let access: ControlAccess

    init(_ sidecar: Sidecar) {
        access = ControlAccess(allowedOrigins: sidecar.settings.allowedOrigins)
    }

    /// Whether a path is one of the control API's.
    static func takes(_ path: ByteSlice) -> Bool {
        let prefix = path.prefix(10)
        guard prefix.equals("/_fakedapr") else { return false }
        return path.count == 10 || path[path.startIndex + 10] == UInt8(ascii: "/")
    }

    /// Answers one request, whose token was looked at already.
    func respond(to request: Request, for sidecar: Sidecar) async -> Response {
        if let refusal = access.refusal(of: request.head) { return refusal.response }
        let path = Path.clean(request.head.path)
        guard let match = router.match(request.head.method, path) else {
            return refusal(of: request.head.method, path).response
        }
        let parameters = match.parameters.map { Percent.decode($0, plusIsSpace: false) ?? $0 }
        let call = Call(sidecar: sidecar, request: request, parameters: parameters)
        do throws(APIError) { return try await match.endpoint.handle(call) } catch {
            return error.response
        }
    }

    private func refusal(of method: ByteSlice, _ path: ByteSlice) -> ControlError {
        let target = "\(String(text: method)) \(String(text: path))"
        guard router.knows(path) else {
            return .notFound("there is no \(target): GET /_fakedapr lists the routes")
        }
        return ControlError(
            405, "FAKEDAPR_METHOD_NOT_ALLOWED",
            "\(target) is not one of the routes: GET /_fakedapr lists them")
    }

    /// Every route, for the overview.
    fileprivate static var routes: JSONValue {
        .array(
            endpoints.map { endpoint in
                let methods = endpoint.methods.map { JSONValue.string("\($0)") }
                return .object([
                    .init("methods", .array(methods)),
                    .init("path", .string(endpoint.pattern.text)),
                    .init("summary", .string(endpoint.summary)),
                ])
            })
    }
}

/// `GET /_fakedapr`: what there is.
enum OverviewEndpoint {
    static var all: [ControlEndpoint] {
        [ControlEndpoint(["GET"], "/_fakedapr", "what there is", handle: get)]
    }

    private static func get(_ call: Call) async throws(ControlError) -> Response {
        let sandbox = call.sidecar.sandbox
        return .json(
            200,
            .object([
                .init("sandbox", .string(sandbox.id)),
                .init("app", .string(call.sidecar.appID)),
                .init("apps", .array(sandbox.sidecars.map { .string($0.appID) })),
                .init("clock", ClockEndpoints.description(of: sandbox.clock)),
                .init("routes", ControlFront.routes),
            ]))
    }
}
