internal import Bytes
internal import HTTP

/// Who may speak to the control API: programs on this machine, and no web page that a developer's
/// browser happens to show. A page of another origin is refused by `Origin` and `Sec-Fetch-Site`; one
/// whose own name was made to point here (DNS rebinding) by `Host`, which has to be a name that nobody
/// can register.
struct ControlAccess {
    /// Origins that pages may call from besides the sidecar's own; `*` does not count here.
    let allowedOrigins: [String]

    /// Why a request is refused; nil when it is let through.
    func refusal(of head: RequestHead) -> ControlError? {
        let host = head.fields["host"].map { String(text: $0) } ?? ""
        guard Self.isLocal(Self.name(ofHost: host)) else {
            return Self.forbidden(
                "the control API is not served to the host \(host): call it by an address, by "
                    + "localhost, or by a name without dots")
        }
        if let origin = head.fields["origin"].map({ String(text: $0) }) {
            guard origin == "http://\(host)" || allowedOrigins.contains(origin) else {
                return Self.forbidden(
                    "the control API is not served to pages of \(origin): name it in "
                        + "--allowed-origins")
            }
        } else if let site = head.fields["sec-fetch-site"],
            !site.equals("same-origin"), !site.equals("none")
        {
            return Self.forbidden("the control API is not served to other sites' pages")
        }
        return nil
    }

    private static func forbidden(_ message: String) -> ControlError {
        ControlError(403, "FAKEDAPR_FORBIDDEN", message)
    }

    /// The name in a `Host` field, without its port.
    private static func name(ofHost host: String) -> String {
        if host.hasPrefix("[") { return String(host.prefix { $0 != "]" }) + "]" }
        return String(host.prefix { $0 != ":" }).lowercased()
    }

    /// An address, `localhost`, or a name that no public DNS gives.
    static func isLocal(_ name: String) -> Bool {
        if name.isEmpty || name.hasPrefix("[") || !name.contains(".") { return true }
        if name.hasSuffix(".localhost") || name == "host.docker.internal" { return true }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }
}
