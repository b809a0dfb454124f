package import Blocks
internal import Bytes
package import HTTP
package import Transport

/// The ways to other servers, one per server, opened when first wanted.
///
/// Confined to the sandbox's loop.
package final class HTTPChannels: OutboundChannels {
    private let limits: HTTPLimits
    private let loop: EventLoop
    private var peers: [PeerAddress: HTTPChannel] = [:]
    private var externals: [External: HTTPChannel] = [:]

    private struct External: Hashable {
        let url: String
        let token: String?
    }

    /// Servers remembered at most; beyond, all are forgotten and opened anew.
    private static let remembered = 256

    package init(limits: HTTPLimits, on loop: EventLoop) {
        self.limits = limits
        self.loop = loop
    }

    package func peer(_ peer: PeerAddress) -> any AppChannel {
        if let known = peers[peer] { return known }
        if peers.count >= Self.remembered { forget(&peers) }
        let channel = HTTPChannel(
            to: .init(host: peer.address.host, port: peer.address.port), token: peer.token,
            limits: limits, on: loop)
        peers[peer] = channel
        return channel
    }

    package func external(
        _ url: String, token: String?
    ) throws(AppChannelError) -> any AppChannel {
        let place = External(url: url, token: token)
        if let known = externals[place] { return known }
        if externals.count >= Self.remembered { forget(&externals) }
        let channel = HTTPChannel(to: try Self.origin(url), token: token, limits: limits, on: loop)
        externals[place] = channel
        return channel
    }

    private func forget<Key>(_ channels: inout [Key: HTTPChannel]) {
        for channel in channels.values { channel.close() }
        channels = [:]
    }

    package func close() {
        forget(&peers)
        forget(&externals)
    }

    /// `http://host:8080/base`
    static func origin(_ url: String) throws(AppChannelError) -> HTTPChannel.Origin {
        guard url.hasPrefix(PlainURL.scheme) else {
            throw .failed(
                "cannot call \(url): fakedapr speaks plain http only: put a server that ends TLS "
                    + "before it, or name an http:// address")
        }
        guard let parts = PlainURL(url) else {
            throw .failed("cannot call \(url): it is no URL: write http://host:port")
        }
        var path = Array(parts.path.utf8)[...]
        while path.last == UInt8(ascii: "/") { path = path.dropLast() }
        return HTTPChannel.Origin(host: parts.host, port: parts.port, base: path)
    }
}
