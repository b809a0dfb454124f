/// A URL of plain HTTP, taken apart: `http://host:port/path`.
package struct PlainURL: Sendable, Equatable {
    /// `host:port` as it was written, for the `Host` field.
    package let authority: String
    /// Without the brackets of an IPv6 address.
    package let host: String
    /// 80 when none is written.
    package let port: UInt16
    /// What follows the authority, query included; empty when nothing does.
    package let path: String

    package static let scheme = "http://"

    /// nil for another scheme, for no host, and for a port that is none.
    package init?(_ url: String) {
        guard url.hasPrefix(Self.scheme) else { return nil }
        let rest = url.dropFirst(Self.scheme.count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        // The colons of an IPv6 address stand before its bracket.
        let end = authority.lastIndex(of: "]") ?? authority.startIndex
        let colon = authority[end...].lastIndex(of: ":")
        let host = authority[..<(colon ?? authority.endIndex)]
        let port = colon.map { UInt16(authority[authority.index(after: $0)...]) } ?? 80
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        let bare = isBracketed ? host.dropFirst().dropLast() : host
        guard let port, port > 0, !bare.isEmpty, !bare.contains(where: { "[]".contains($0) }) else {
            return nil
        }
        self.authority = String(authority)
        self.host = String(bare)
        self.port = port
        path = String(rest.dropFirst(authority.count))
    }
}
