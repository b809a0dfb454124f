internal import Bytes

/// Where a Redis is and how to log in.
package struct RedisSettings: Hashable, Sendable {
    /// Why settings are refused.
    package enum Problem: Error, Equatable {
        case missingHost
        case badPort(String)
        case badDatabase(String)
        case badTTL(String)
        case badURL(String)
        /// A list of hosts, as clusters and sentinels have it.
        case severalHosts(String)
        /// `rediss:`, which would be encrypted.
        case encryptedURL
        /// A setting that we do not have: its name, and what to do instead.
        case unsupported(setting: String, value: String)

        package var text: String {
            switch self {
            case .missingHost: "redis store error: missing host address: set redisHost"
            case .badPort(let port): "invalid Redis port `\(port)`: write a number up to 65535"
            case .badDatabase(let value): "invalid redisDB `\(value)`: write a number such as 0"
            case .badTTL(let text):
                "invalid ttlInSeconds `\(text)`: write a number of seconds"
            case .severalHosts(let hosts):
                "the Redis hosts `\(hosts)` are several, and fakedapr has no cluster and no "
                    + "failover: name one host, or map the type with --map state.redis=sqlite"
            case .encryptedURL:
                "Redis URLs with rediss:// are not supported by fakedapr, which has no TLS: "
                    + "use redis:// and a Redis without TLS"
            case .badURL(let url):
                "invalid Redis URL `\(Self.withoutLogin(url))`: write redis://[user[:password]@]host[:port][/db]"
            case .unsupported(let setting, let value):
                "the Redis setting \(setting)=\(value) is not supported by fakedapr: "
                    + "point the component at a plain single Redis, or map its type with "
                    + "--map state.redis=sqlite"
            }
        }

        /// A password is nothing to be shown.
        private static func withoutLogin(_ url: String) -> String {
            guard let at = url.lastIndex(of: "@") else { return url }
            return "…\(url[at...])"
        }
    }

    package var host = "localhost"
    package var port: UInt16 = 6379
    package var username: String?
    package var password: String?
    package var database = 0
    /// Seconds that every value lives unless its request says otherwise; nil for ever.
    package var ttlInSeconds: Int64?

    package init(host: String = "localhost", port: UInt16 = 6379) {
        self.host = host
        self.port = port
    }

    /// - Parameter metadata: a component's; names compare without case.
    package init(metadata: [String: String]) throws(Problem) {
        let values = Dictionary(
            metadata.map { ($0.key.lowercased(), $0.value) }, uniquingKeysWith: { $1 }
        ).filter { !$0.value.isEmpty }
        try Self.refuseUnsupported(values, metadata)
        guard let address = values["redishost"] ?? values["host"] else { throw .missingHost }
        guard !address.contains(",") else { throw .severalHosts(address) }
        (host, port) = try Self.split(address, port: values["redisport"] ?? values["port"])
        username = values["redisusername"] ?? values["username"]
        password = values["redispassword"] ?? values["password"]
        if let text = values["redisdb"] ?? values["db"] {
            guard let number = Int(text), number >= 0 else { throw .badDatabase(text) }
            database = number
        }
        if let text = values["ttlinseconds"] {
            guard let number = Int64(text) else { throw .badTTL(text) }
            ttlInSeconds = number
        }
    }

    private static func refuseUnsupported(
        _ values: [String: String], _ metadata: [String: String]
    ) throws(Problem) {
        func spelling(_ name: String) -> String {
            metadata.keys.first { $0.lowercased() == name } ?? name
        }
        let isTrue = ["true", "1", "yes", "y", "on", "t"]
        for name in ["enabletls", "failover", "useentraid", "useiam"] {
            guard let value = values[name], isTrue.contains(value.lowercased()) else { continue }
            throw .unsupported(setting: spelling(name), value: value)
        }
        if let type = values["redistype"], type.lowercased() != "node" {
            throw .unsupported(setting: spelling("redistype"), value: type)
        }
        for name in ["clientcert", "clientkey", "primaryencryptionkey", "secondaryencryptionkey"]
        where values[name] != nil {
            // The value is a secret.
            throw .unsupported(setting: spelling(name), value: "…")
        }
    }

    private static func split(
        _ address: String, port: String?
    ) throws(Problem) -> (String, UInt16) {
        let colon = address.lastIndex(of: ":")
        // Without a port, an IPv6 address ends in a bracket or has no brackets at all.
        let isIPv6 = address.count { $0 == ":" } > 1 && !address.contains("]:")
        let hasPort = colon != nil && !isIPv6
        var host = hasPort ? String(address[..<(colon ?? address.endIndex)]) : address
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        let text =
            hasPort ? String(address[address.index(after: colon ?? address.startIndex)...]) : port
        guard let text, !text.isEmpty else { return (host, 6379) }
        guard let number = UInt16(text) else { throw .badPort(text) }
        return (host.isEmpty ? "localhost" : host, number)
    }

    /// - Parameter url: `redis://[user[:password]@]host[:port][/db]`, percent-encoded.
    package init(url: String) throws(Problem) {
        guard !url.hasPrefix("rediss://") else {
            throw .encryptedURL
        }
        guard url.hasPrefix("redis://") else { throw .badURL(url) }
        var rest = url.dropFirst("redis://".count)
        if let slash = rest.firstIndex(of: "/") {
            let path = rest[rest.index(after: slash)...].prefix { $0 != "?" }
            guard path.isEmpty || Int(path) != nil else { throw .badDatabase(String(path)) }
            database = Int(path) ?? 0
            rest = rest[..<slash]
        }
        if let at = rest.lastIndex(of: "@") {
            let login = rest[..<at].split(
                separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            username = login[0].isEmpty ? nil : try Self.decoded(login[0], url)
            password = login.count > 1 ? try Self.decoded(login[1], url) : nil
            rest = rest[rest.index(after: at)...]
        }
        guard !rest.isEmpty else { throw .badURL(url) }
        (host, port) = try Self.split(String(rest), port: nil)
    }

    private static func decoded(
        _ text: Substring, _ url: String
    ) throws(Problem) -> String {
        guard let bytes = Percent.decode(Array(text.utf8)[...], plusIsSpace: false) else {
            throw .badURL(url)
        }
        return String(text: bytes)
    }

    /// `host:port`, for messages.
    package var address: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }
}
