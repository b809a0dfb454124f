internal import Transport

/// Which hosts a guest may reach.
package enum Boundary: Equatable, Sendable {
    /// As the reference host does it: the *host* of a request must be that of an entry, its port and
    /// scheme do not count. nil and an empty list refuse everything; `insecure:allow-all` allows all.
    case reference(allowedHosts: [String]?)
    /// Only the scenario's own sidecar, by host and port. The conventional addresses of a sidecar,
    /// port 3500 of 127.0.0.1 and localhost, mean it too, so that guests with a fixed address run
    /// side by side.
    case sidecar(port: UInt16)

    enum Verdict: Equatable {
        case allowed(host: String, port: UInt16, isMapped: Bool)
        case refused
        /// An entry of the list is no URL with a host, which spoils every request.
        case badEntry
    }

    func verdict(_ url: GuestURL) -> Verdict {
        switch self {
        case .reference(let allowed): Self.reference(url, allowed)
        case .sidecar(let port): Self.sidecar(url, port)
        }
    }

    private static func reference(_ url: GuestURL, _ allowed: [String]?) -> Verdict {
        guard let allowed, !allowed.isEmpty else { return .refused }
        let target = Verdict.allowed(
            host: url.host ?? "", port: url.port ?? 0, isMapped: false)
        if allowed.contains("insecure:allow-all") { return target }
        var hosts: [String] = []
        for entry in allowed {
            guard let host = GuestURL(entry)?.host else { return .badEntry }
            hosts.append(host)
        }
        return hosts.contains { $0 == url.host } ? target : .refused
    }

    private static func sidecar(_ url: GuestURL, _ port: UInt16) -> Verdict {
        let local = ["127.0.0.1", "localhost", "[::1]"]
        guard url.scheme == "http", let host = url.host, local.contains(host),
            url.port == 3500 || url.port == port
        else { return .refused }
        return .allowed(host: "127.0.0.1", port: port, isMapped: true)
    }
}
