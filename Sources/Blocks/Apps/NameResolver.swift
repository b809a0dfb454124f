package import Transport

/// Finds the sidecar of an app id. `Sandbox` knows its own; others may be in other processes.
package protocol NameResolver: AnyObject {
    /// Where the sidecar of `appID` answers HTTP; nil when there is none.
    func resolve(_ appID: String) async -> PeerAddress?
}

/// Another sidecar.
package struct PeerAddress: Sendable, Hashable {
    package var address: SocketAddress
    /// What it wants in `dapr-api-token`, if anything.
    package var token: String?

    package init(address: SocketAddress, token: String? = nil) {
        self.address = address
        self.token = token
    }
}
