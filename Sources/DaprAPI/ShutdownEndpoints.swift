internal import Blocks
internal import Bytes
internal import HTTP

/// `POST /v1.0/shutdown`: answered at once, then the sidecar stops.
enum ShutdownEndpoints {
    static func all(_ onShutdown: @escaping (_ force: Bool) -> Void) -> [Endpoint] {
        [
            Endpoint(["POST"], "/v1.0/shutdown", .shutdown) { call throws(APIError) in
                let force = call.request.head.fields["dapr-force-shutdown"]
                onShutdown(force?.equals("true") ?? false)
                return .noContent
            }
        ]
    }
}
