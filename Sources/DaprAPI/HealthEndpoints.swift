internal import Blocks
internal import HTTP

/// `/v1.0/healthz` and `/v1.0/healthz/outbound`.
enum HealthEndpoints {
    static var all: [Endpoint] {
        [
            Endpoint(["GET"], "/v1.0/healthz", .healthz, handle: ready),
            Endpoint(["GET"], "/v1.0/healthz/outbound", .healthz, handle: outbound),
        ]
    }

    private static func ready(_ call: Call) async throws(APIError) -> Response {
        guard call.sidecar.isReady else { throw .notReady("runtime") }
        if let asked = call.query["appid"], asked != call.sidecar.appID { throw .otherAppID }
        return .noContent
    }

    private static func outbound(_ call: Call) async throws(APIError) -> Response {
        guard call.sidecar.isOutboundReady else { throw .outboundNotReady }
        return .noContent
    }
}
