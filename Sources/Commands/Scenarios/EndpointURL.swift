internal import HTTP
internal import Scenarios
internal import Transport

/// `--endpoint`: where a Dapr sidecar listens.
enum EndpointURL {
    static func parse(_ url: String) throws(Failure) -> Surroundings.Endpoint {
        let problem = Failure(.usage, "invalid --endpoint `\(url)`: write http://127.0.0.1:3500")
        guard let parts = PlainURL(url), parts.path.allSatisfy({ $0 == "/" }) else { throw problem }
        guard let address = Resolver.resolveBlocking(parts.host, port: parts.port).first else {
            throw Failure(
                .runtime, "cannot reach --endpoint \(url): the host \(parts.host) is unknown")
        }
        let name = parts.host.contains(":") ? "[\(parts.host)]" : parts.host
        return Surroundings.Endpoint(
            address: address, host: parts.authority, name: name.lowercased())
    }
}
