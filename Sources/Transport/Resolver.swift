internal import Glibc

/// Host names to addresses, by the system's resolver, which blocks and so has a thread.
package enum Resolver {
    /// The addresses of `host`, in the order in which they are to be tried; none when it is unknown,
    /// or when the system has not told by `deadline`.
    package static func resolve(
        _ host: String, port: UInt16, until deadline: MonotonicTime, on reactor: Reactor
    ) async -> [SocketAddress] {
        if let known = known(host, port) { return known }
        return await Suspension.suspend { suspension in
            let question = Question(suspension)
            let lookUp = {
                let found = look(up: host, port: port)
                reactor.post { question.answer(found) }
            }
            do { try Thread.start(lookUp) } catch { return question.answer([]) }
            _ = reactor.setTimer(at: deadline) { question.answer([]) }
        }
    }

    /// Answered once, by the resolver or by the clock. Sendable unchecked: touched on the loop alone;
    /// the resolver's thread merely posts.
    private final class Question: @unchecked Sendable {
        private var suspension: Suspension<[SocketAddress]>?

        init(_ suspension: Suspension<[SocketAddress]>) { self.suspension = suspension }

        func answer(_ addresses: [SocketAddress]) {
            suspension?.resume(returning: addresses)
            suspension = nil
        }
    }

    /// The same, for a thread that may block.
    package static func resolveBlocking(_ host: String, port: UInt16) -> [SocketAddress] {
        known(host, port) ?? look(up: host, port: port)
    }

    /// What needs no looking up: numeric addresses, and `localhost` in both families.
    private static func known(_ host: String, _ port: UInt16) -> [SocketAddress]? {
        if let numeric = SocketAddress(numeric: host, port: port) { return [numeric] }
        guard host == "localhost" else { return nil }
        let six = [UInt8](repeating: 0, count: 15) + [1]
        return [.loopback(port: port), .ipv6(six, port: port)]
    }

    private static func look(up host: String, port: UInt16) -> [SocketAddress] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        // Safe: the list is the resolver's and is freed once it was read.
        guard unsafe getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            if let address = unsafe address(entry.pointee, port) { addresses.append(address) }
            unsafe next = entry.pointee.ai_next
        }
        return addresses
    }

    private static func address(_ entry: addrinfo, _ port: UInt16) -> SocketAddress? {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        // Safe: the address is as long as its entry says, the text as long as its array.
        let code = unsafe getnameinfo(
            entry.ai_addr, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
        guard code == 0 else { return nil }
        let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return SocketAddress(numeric: String(decoding: bytes, as: UTF8.self), port: port)
    }
}
