internal import Blocks
internal import Bytes
internal import HTTP
internal import YAML

/// How to mend what is puzzling about an answer: one sentence for the journal and the log, in which
/// the answer is never changed. Asked for what was refused, and for what was published.
struct Explanation {
    let call: Call
    let path: ByteSlice
    let router: Router
    /// The body of the answer: what Dapr says of an invocation tells what became of it.
    let answer: ByteSlice

    private var sidecar: Sidecar { call.sidecar }
    private var method: ByteSlice { call.request.head.method }

    /// - Parameter code: the error that the sidecar itself answers with.
    func hint(of code: String, status: Int) -> String? {
        let names = ComponentNames(sidecar)
        switch code {
        case "ERR_STATE_STORE_NOT_FOUND", "ERR_STATE_STORE_NOT_CONFIGURED":
            return names.hint(for: parameter(0), among: .state)
        case "ERR_PUBSUB_NOT_FOUND": return names.hint(for: parameter(0), among: .pubSub)
        case "ERR_SECRET_STORE_NOT_FOUND", "ERR_SECRET_STORES_NOT_CONFIGURED":
            return names.hint(for: parameter(0), among: .secrets)
        case "ERR_DIRECT_INVOKE": return status == 404 ? routeHint : calleeHint
        case "ERR_MALFORMED_REQUEST": return bodyHint
        case "ERR_STATE_SAVE" where status == 409, "ERR_STATE_DELETE" where status == 409:
            return "somebody has changed the key meanwhile: read it again and send the new etag"
        case "ERR_PUBSUB_FORBIDDEN":
            return "the component's publishingScopes, allowedTopics or protectedTopics keep "
                + "\(sidecar.appID) from this topic"
        case "ERR_TOPIC_NAME_EMPTY":
            return "the path is /v1.0/publish/{pubsubname}/{topic}"
        default: return nil
        }
    }

    /// For an answer without a code: a token that is missing or wrong.
    var tokenHint: String {
        call.request.head.fields["dapr-api-token"] == nil
            ? "the sidecar has an API token (DAPR_API_TOKEN): send it as dapr-api-token"
            : "the header dapr-api-token is not the sidecar's API token (DAPR_API_TOKEN)"
    }

    private func parameter(_ index: Int) -> String { String(text: call.parameter(index)) }

    // MARK: Routes and callees

    private var routeHint: String? { RouteHint(method, path, router).text }

    private var calleeHint: String? {
        guard
            let callee = call.detail.callee ?? InvocationTarget.find(in: call.request.head)?.id
        else { return nil }
        if callee.hasPrefix("https://") { return "fakedapr calls plain http only" }
        let why = String(text: answer)
        if why.contains("circuit breaker is open") {
            return "after too many failures the circuit breaker of \(callee) lets nothing through: "
                + "once its timeout is over, one call is tried"
        }
        let isAlone = why.contains("connection refused") || why.contains("no such host")
        if callee.hasPrefix("http://") {
            return isAlone ? "no server answers at \(callee): is it running?" : nil
        }
        let endpoint = sidecar.httpEndpoints.first { $0.name == callee }
        if let endpoint {
            if why.contains("speaks plain http only") { return "fakedapr calls plain http only" }
            return isAlone
                ? "no server answers at \(endpoint.baseURL), the endpoint \(callee): is it running?"
                : nil
        }
        let name = String(callee.prefix { $0 != "." })
        if let known = sidecar.sandbox.sidecars.first(where: { $0.appID == name }) {
            guard known.appChannel == nil else {
                let port = known.settings.appPort.map { " at port \($0)" } ?? ""
                return isAlone
                    ? "the application of \(name) is to listen\(port): is it running?" : nil
            }
            return "the sidecar of \(name) has no application: start it with --app-port"
        }
        // Another process's sidecar has told what it knows.
        guard why.contains("couldn't find service") else { return nil }
        let apps = sidecar.sandbox.sidecars.map(\.appID)
        let near = Suggestion.hint(for: name, among: apps + sidecar.httpEndpoints.map(\.name)) ?? ""
        return "no sidecar has the app id \(name): \(near)"
    }

    // MARK: Bodies

    private var bodyHint: String? {
        let isList = path.split(separator: UInt8(ascii: "/")).count == 3
        let wanted =
            isList
            ? #"a JSON list: [{"key": "k", "value": 1}]"#
            : #"a JSON object: {"operations": […]} or {"keys": […]}"#
        guard let first = call.body.first(where: { ![0x20, 0x0A, 0x0D, 0x09].contains($0) }) else {
            return "the body is empty: send \(wanted)"
        }
        if isList, first != UInt8(ascii: "[") { return "the body is to be \(wanted)" }
        if call.body.contains(UInt8(ascii: "'")), !call.body.contains(UInt8(ascii: "\"")) {
            return "JSON has double quotes"
        }
        return isList || first == UInt8(ascii: "{") ? nil : "the body is to be \(wanted)"
    }
}
