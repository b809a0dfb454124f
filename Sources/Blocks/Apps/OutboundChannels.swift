/// Opens ways to other servers. What they speak (HTTP) is known above this layer only.
package protocol OutboundChannels: AnyObject {
    /// The way to another sidecar.
    func peer(_ peer: PeerAddress) -> any AppChannel

    /// The way to a server that is no Dapr app.
    ///
    /// - Parameters:
    ///   - url: `http://host:8080/base`
    ///   - token: sent as `dapr-api-token`.
    func external(_ url: String, token: String?) throws(AppChannelError) -> any AppChannel
}
