internal import Transport

/// Which hosts a guest may reach.
package enum Boundary: Equatable, Sendable {
    /// As the reference host does it: the *host* of a request must be that of an entry, its port and
    /// scheme do not count. nil and an empty list refuse everything; `insecure:allow-all` allows all.
    case reference(allowedHosts: [String]?)
    /// Only the scenario's own sidecar, by host and port. The conventional addresses of a sidecar,
    /// port 3500 of 127.0.0.1 and localhost, mean it too, so that guests with a fixed address run
    /// side by side.
    case sidecar(host: String = "127.0.0.1", port: UInt16)

    enum Verdict: Equatable {
        /// Where to connect to.
        case allowed(host: String, port: UInt16)
        case refused
        /// An entry of the list is no URL with a host, which spoils every request.
        case badEntry
    }

    func verdict(_ url: GuestURL) -> Verdict {
        switch self {
        case .reference(let allowed): Self.reference(url, allowed)
        case .sidecar(let host, let port): Self.sidecar(url, host, port)
        }
    }

    private static func reference(_ url: GuestURL, _ allowed: [String]?) -> Verdict {
        guard let allowed, !allowed.isEmpty else { return .refused }
        let target = Verdict.allowed(host: url.host ?? "", port: url.port ?? 0)
        if allowed.contains("insecure:allow-all") { return target }
        var hosts: [String] = []
        for entry in allowed {
            guard let host = GuestURL(entry)?.host else { return .badEntry }
            hosts.append(host)
        }
        return hosts.contains { $0 == url.host } ? target : .refused
    }

    private static func sidecar(_ url: GuestURL, _ host: String, _ port: UInt16) -> Verdict {
        let local = ["127.0.0.1", "localhost"]
        let isConventional = url.port == 3500 && local.contains(url.host ?? "")
        let isSame =
            url.host == host || (local.contains(host) && local.contains(url.host ?? ""))
        guard url.scheme == "http", isConventional || (isSame && url.port == port) else {
            return .refused
        }
        return .allowed(host: host, port: port)
    }
}
