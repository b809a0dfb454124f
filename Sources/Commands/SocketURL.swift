internal import Transport

extension SocketAddress {
    /// How a client reaches a listener at this address.
    var url: String {
        switch self {
        case .ipv4(0, 0, 0, 0, let port): "http://127.0.0.1:\(port)"
        case .ipv6(let bytes, let port) where bytes.allSatisfy({ $0 == 0 }): "http://[::1]:\(port)"
        case .ipv4, .ipv6: "http://\(self)"
        case .unix(let path): "unix://\(path)"
        }
    }

    /// Where a client of this machine connects: "all addresses" is none to connect to.
    var reachable: SocketAddress {
        switch self {
        case .ipv4(0, 0, 0, 0, let port): .loopback(port: port)
        case .ipv6(let bytes, let port) where bytes.allSatisfy({ $0 == 0 }):
            SocketAddress(numeric: "::1", port: port) ?? self
        default: self
        }
    }
}
