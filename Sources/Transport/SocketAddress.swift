internal import Glibc

/// Where a socket listens or connects to.
package enum SocketAddress: Hashable, Sendable {
    /// Four bytes and a port.
    case ipv4(UInt8, UInt8, UInt8, UInt8, port: UInt16)
    /// Sixteen bytes and a port.
    case ipv6([UInt8], port: UInt16)
    /// A path in the file system.
    case unix(path: String)

    /// The IPv4 loopback address.
    package static func loopback(port: UInt16) -> SocketAddress { .ipv4(127, 0, 0, 1, port: port) }

    /// The address a numeric `host` names (`127.0.0.1`, `::1`, `[::1]`, `0.0.0.0`), nil for a name.
    package init?(numeric host: some StringProtocol, port: UInt16) {
        var text = String(host)
        if text.hasPrefix("["), text.hasSuffix("]") { text = String(text.dropFirst().dropLast()) }
        var four = in_addr()
        // Safe: inet_pton reads a C string and writes one address of the family named.
        if unsafe inet_pton(AF_INET, text, &four) == 1 {
            let number = UInt32(bigEndian: four.s_addr)
            self = .ipv4(
                UInt8(number >> 24), UInt8(number >> 16 & 255), UInt8(number >> 8 & 255),
                UInt8(number & 255), port: port)
            return
        }
        var six = in6_addr()
        guard unsafe inet_pton(AF_INET6, text, &six) == 1 else { return nil }
        self = .ipv6(unsafe withUnsafeBytes(of: &six) { unsafe Array($0) }, port: port)
    }

    /// The port, 0 for a Unix socket.
    package var port: UInt16 {
        switch self {
        case .ipv4(_, _, _, _, let port), .ipv6(_, let port): port
        case .unix: 0
        }
    }

    /// The host as text, without brackets; a Unix socket's path.
    package var host: String {
        switch self {
        case .ipv4(let a, let b, let c, let d, _): "\(a).\(b).\(c).\(d)"
        case .ipv6(let bytes, _): Self.text(ipv6: bytes)
        case .unix(let path): path
        }
    }

    /// The same host with another port.
    package func with(port: UInt16) -> SocketAddress {
        switch self {
        case .ipv4(let a, let b, let c, let d, _): .ipv4(a, b, c, d, port: port)
        case .ipv6(let bytes, _): .ipv6(bytes, port: port)
        case .unix: self
        }
    }

    var family: Int32 {
        switch self {
        case .ipv4: AF_INET
        case .ipv6: AF_INET6
        case .unix: AF_UNIX
        }
    }

    /// Lends the kernel's form of the address; nil when a Unix path is too long for it.
    func withSockaddr<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R? {
        var storage = sockaddr_storage()
        guard let length = fill(&storage) else { return nil }
        // Safe: sockaddr_storage is made to be read as any sockaddr.
        return unsafe withUnsafePointer(to: &storage) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, length) }
        }
    }

    private func fill(_ storage: inout sockaddr_storage) -> socklen_t? {
        // Safe: each branch writes no more than the sockaddr it names, which storage can hold.
        unsafe withUnsafeMutableBytes(of: &storage) { bytes in
            switch self {
            case .ipv4(let a, let b, let c, let d, let port):
                var address = sockaddr_in()
                address.sin_family = sa_family_t(AF_INET)
                address.sin_port = port.bigEndian
                let number = UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d)
                address.sin_addr.s_addr = number.bigEndian
                unsafe bytes.storeBytes(of: address, as: sockaddr_in.self)
                return socklen_t(MemoryLayout<sockaddr_in>.size)
            case .ipv6(let host, let port):
                var address = sockaddr_in6()
                address.sin6_family = sa_family_t(AF_INET6)
                address.sin6_port = port.bigEndian
                unsafe withUnsafeMutableBytes(of: &address.sin6_addr) {
                    unsafe $0.copyBytes(from: host.prefix(16))
                }
                unsafe bytes.storeBytes(of: address, as: sockaddr_in6.self)
                return socklen_t(MemoryLayout<sockaddr_in6>.size)
            case .unix(let path):
                let offset = 2
                let room = MemoryLayout<sockaddr_un>.size - offset - 1
                guard path.utf8.count <= room else { return nil }
                unsafe bytes.storeBytes(of: sa_family_t(AF_UNIX), as: sa_family_t.self)
                for (index, byte) in path.utf8.enumerated() { unsafe bytes[offset + index] = byte }
                return socklen_t(offset + path.utf8.count + 1)
            }
        }
    }

    /// The address the kernel gave `fd`, for a port that was asked for as 0.
    static func local(of fd: Int32) -> UInt16 {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        // Safe: getsockname writes at most `length` bytes into storage.
        let code = unsafe withUnsafeMutablePointer(to: &storage) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(fd, $0, &length)
            }
        }
        guard code == 0 else { return 0 }
        // Safe: IPv4 and IPv6 addresses both hold the port in bytes 2 and 3.
        return unsafe withUnsafeBytes(of: &storage) {
            unsafe UInt16(bigEndian: $0.load(fromByteOffset: 2, as: UInt16.self))
        }
    }
}

extension SocketAddress: CustomStringConvertible {
    package var description: String {
        switch self {
        case .ipv4(let a, let b, let c, let d, let port): return "\(a).\(b).\(c).\(d):\(port)"
        case .ipv6(let bytes, let port): return "[\(Self.text(ipv6: bytes))]:\(port)"
        case .unix(let path): return path
        }
    }

    private static func text(ipv6 bytes: [UInt8]) -> String {
        if bytes == Array(repeating: 0, count: 15) + [1] { return "::1" }
        if bytes.allSatisfy({ $0 == 0 }) { return "::" }
        return stride(from: 0, to: 16, by: 2)
            .map { String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16) }
            .joined(separator: ":")
    }
}
