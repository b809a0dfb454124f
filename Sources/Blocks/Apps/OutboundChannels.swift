/// Opens ways to other servers. What they speak (HTTP) is known above this layer only.
package protocol OutboundChannels: AnyObject {
    /// The way to another sidecar.
    func peer(_ peer: PeerAddress) -> any AppChannel

    /// The way to a server that is no Dapr app.
    ///
    /// - Parameter url: `http://host:8080/base`
    func external(_ url: String) throws(AppChannelError) -> any AppChannel
}
