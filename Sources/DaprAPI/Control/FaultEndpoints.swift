internal import Blocks
internal import Bytes
internal import HTTP
internal import JSON
internal import Matching
internal import YAML

/// Fault rules of the control API: what goes wrong on purpose.
///
/// A rule is `{"match": {"api": "state", "key": "a"}, "kind": "error", "status": 503}`; see
/// `FaultReader` for its keys.
enum FaultEndpoints {
    static var all: [ControlEndpoint] {
        [
            ControlEndpoint(
                ["GET"], "/_fakedapr/faults",
                "the fault rules, how often each has matched and was applied", handle: list),
            ControlEndpoint(
                ["POST"], "/_fakedapr/faults", "adds a fault rule, or a list of them", handle: add),
            ControlEndpoint(
                ["DELETE"], "/_fakedapr/faults", "takes all fault rules away", handle: clear),
            ControlEndpoint(["GET"], "/_fakedapr/faults/{id}", "one fault rule", handle: get),
            ControlEndpoint(
                ["DELETE"], "/_fakedapr/faults/{id}", "takes a fault rule away", handle: remove),
        ]
    }

    private static func list(_ call: Call) async throws(ControlError) -> Response {
        .json(200, described(call.sidecar.sandbox.faults.all))
    }

    private static func get(_ call: Call) async throws(ControlError) -> Response {
        let id = String(text: call.parameter(0))
        let standing = call.sidecar.sandbox.faults.all.first { $0.fault.id == id }
        guard let standing else { throw missing(id) }
        return .json(200, description(standing))
    }

    private static func add(_ call: Call) async throws(ControlError) -> Response {
        let document = try await call.document()
        let faults = try Call.reading { () throws(Diagnostic) in
            try FaultReader(source: document.source).faults(document.root)
        }
        do throws(Faults.Refusal) {
            return .json(201, described(try call.sidecar.sandbox.faults.add(faults)))
        } catch {
            throw ControlError(409, "FAKEDAPR_CONFLICT", "\(error.text): \(error.hint)")
        }
    }

    private static func remove(_ call: Call) async throws(ControlError) -> Response {
        let id = String(text: call.parameter(0))
        guard call.sidecar.sandbox.faults.remove(id) else { throw missing(id) }
        return Response(status: 204)
    }

    private static func clear(_ call: Call) async throws(ControlError) -> Response {
        call.sidecar.sandbox.faults.clear()
        return Response(status: 204)
    }

    private static func missing(_ id: String) -> ControlError {
        .notFound("there is no fault \(id): GET /_fakedapr/faults lists them")
    }

    private static func described(_ faults: [StandingFault]) -> JSONValue {
        .object([.init("faults", .array(faults.map(description)))])
    }

    /// As it was described, with its id and its counts.
    private static func description(_ standing: StandingFault) -> JSONValue {
        let own = [
            JSONValue.Member("id", .string(standing.fault.id)),
            .init("matched", .number(String(standing.matched))),
            .init("applied", .number(String(standing.applied))),
        ]
        let described = (standing.fault.description.object ?? []).filter { $0.name != "id" }
        return .object(own + described)
    }
}
