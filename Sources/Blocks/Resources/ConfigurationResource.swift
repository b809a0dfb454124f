internal import YAML

/// What a `kind: Configuration` says that we obey: tracing, which APIs may be called and which
/// secrets read.
package struct ConfigurationResource: Equatable, Sendable {
    package private(set) var tracing = Tracing.unconfigured
    package private(set) var access = APIAccess.all
    package private(set) var secretScopes: [SecretScope] = []

    package init() {}

    /// Takes in a document; a later one wins.
    mutating func take(_ document: YAMLNode) {
        guard let spec = document.member(ignoringCase: "spec") else { return }
        if let rate = spec.member(ignoringCase: "tracing")?.member(ignoringCase: "samplingRate"),
            let number = rate.text.flatMap({ Double($0) })
        {
            tracing = number <= 0 ? .off : .sampling(min(1, number))
        }
        if let secrets = spec.member(ignoringCase: "secrets") {
            secretScopes = (secrets.member(ignoringCase: "scopes")?.sequence ?? [])
                .compactMap { SecretScope($0) }
        }
        if let api = spec.member(ignoringCase: "api") {
            access = APIAccess(
                allowed: Self.rules(api.member(ignoringCase: "allowed")),
                denied: Self.rules(api.member(ignoringCase: "denied")))
        }
    }

    /// Rules for gRPC alone do not concern us.
    private static func rules(_ list: YAMLNode?) -> [APIAccess.Rule] {
        (list?.sequence ?? []).compactMap { item in
            guard let name = item.member(ignoringCase: "name")?.text,
                item.member(ignoringCase: "protocol")?.text?.lowercased() != "grpc"
            else { return nil }
            let version = item.member(ignoringCase: "version")?.text ?? "v1"
            return APIAccess.Rule(version: group(version), name: name)
        }
    }

    /// A rule may name a path's version or its group's: `v1.0-alpha1` or `v1alpha1`.
    private static func group(_ version: String) -> String {
        guard version.hasPrefix("v1.0") else { return version }
        return "v1" + version.dropFirst("v1.0".count).drop { $0 == "-" }
    }
}
