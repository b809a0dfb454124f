package import Blocks
internal import Bytes
package import HTTP

/// A sandbox whose sidecars answer requests, by whichever port those came.
package protocol AnsweringSandbox: HostedSandbox {
    /// What answers for an app; nil when the sandbox does not have it.
    func handler(of appID: String) -> (any RequestHandler)?
}

/// The header `fakedapr-sandbox`: a request that names a sandbox is that sandbox's, and the same app's.
enum SandboxSwitch {
    static let field = "fakedapr-sandbox"

    /// The sandbox that a request names; nil when it is this one.
    static func id(in head: RequestHead, of sidecar: Sidecar) -> ByteSlice? {
        guard sidecar.sandbox.sandboxes != nil, let id = head.fields["fakedapr-sandbox"],
            !id.isEmpty, !id.equals(utf8: sidecar.sandbox.id)
        else { return nil }
        return id
    }

    static func respond(
        to request: Request, in id: ByteSlice, for sidecar: Sidecar
    ) async -> Response {
        let name = String(text: id)
        guard let found = sidecar.sandbox.sandboxes?[name] as? any AnsweringSandbox else {
            // The default sandbox is not reached by way of another one: its port is known.
            return ControlError(
                404, "FAKEDAPR_SANDBOX_NOT_FOUND",
                "there is no sandbox `\(name)` here: it was deleted, has expired, or was never "
                    + "made (POST /_fakedapr/sandboxes)"
            ).response
        }
        guard let handler = found.handler(of: sidecar.appID) else {
            return ControlError.notFound(
                "the sandbox \(name) has no app \(sidecar.appID)"
            ).response
        }
        return await handler.respond(to: request)
    }
}
