internal import CLinux
internal import Glibc

/// A listening socket on its loop.
package final class Listener {
    private let fd: Int32
    private let reactor: Reactor
    private let token: UInt64
    private var isOpen = true
    /// Where it listens, with the port that the kernel chose when 0 was asked for.
    package let address: SocketAddress

    /// Binds and listens. No SO_REUSEPORT: it would hide a taken port.
    package init(at address: SocketAddress, on reactor: Reactor) throws(SystemError) {
        fd = try Self.bind(address)
        self.reactor = reactor
        let isUnix = if case .unix = address { true } else { false }
        self.address = isUnix ? address : address.with(port: SocketAddress.local(of: fd))
        do { token = try reactor.register(fd) } catch {
            Glibc.close(fd)
            throw error
        }
    }

    deinit { close() }

    /// Binds to a port on the loopback address and lets go of it again.
    static func tryOut(_ port: UInt16) throws(SystemError) {
        Glibc.close(try bind(.loopback(port: port)))
    }

    private static func bind(_ address: SocketAddress) throws(SystemError) -> Int32 {
        do throws(SystemError) { return try bindOnce(address) } catch {
            guard error.isAddressInUse, removeAbandoned(address) else { throw error }
            return try bindOnce(address)
        }
    }

    private static func bindOnce(_ address: SocketAddress) throws(SystemError) -> Int32 {
        let fd = socket(address.family, ByteStream.socketType, 0)
        guard fd >= 0 else { throw SystemError("socket") }
        do throws(SystemError) {
            setOption(fd, SOL_SOCKET, SO_REUSEADDR)
            if address.family == AF_INET6 { setOption(fd, Int32(IPPROTO_IPV6), IPV6_V6ONLY) }
            // Safe: the kernel reads one address of the length given.
            let bound = unsafe address.withSockaddr { unsafe Glibc.bind(fd, $0, $1) }
            guard let bound else { throw SystemError("bind", code: ENAMETOOLONG) }
            guard bound == 0 else { throw SystemError("bind") }
            guard listen(fd, TransportLimits.backlog) == 0 else { throw SystemError("listen") }
            return fd
        } catch {
            Glibc.close(fd)
            throw error
        }
    }

    /// Removes a Unix socket that nobody listens at: a program that was killed left it.
    ///
    /// - Returns: whether there was one.
    private static func removeAbandoned(_ address: SocketAddress) -> Bool {
        guard case .unix(let path) = address else { return false }
        let fd = socket(address.family, ByteStream.socketType, 0)
        defer { Glibc.close(fd) }
        // Safe: the kernel reads one address of the length given.
        let code = unsafe address.withSockaddr { unsafe connect(fd, $0, $1) } ?? 0
        guard code != 0, errno == ECONNREFUSED else { return false }
        return unsafe unlink(path) == 0
    }

    private static func setOption(_ fd: Int32, _ level: Int32, _ name: Int32) {
        var on: Int32 = 1
        // Safe: one int of its own size.
        _ = unsafe setsockopt(fd, level, name, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    /// The next connection; nil once the listener is closed.
    ///
    /// Without a free descriptor it waits for one: the others go on, and the peer stays in the
    /// backlog instead of being refused.
    package func accept() async -> ByteStream? {
        while isOpen {
            let accepted = clinux_accept(fd)
            if accepted >= 0 {
                ByteStream.setNoDelay(accepted)
                if let stream = try? ByteStream(adopting: accepted, on: reactor) { return stream }
                continue
            }
            switch errno {
            case EAGAIN:
                guard await reactor.wait(token, .read, deadline: nil) == .ready else { return nil }
            case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                await reactor.sleep(for: .milliseconds(20))
            default:
                // A connection that died in the backlog (ECONNABORTED) or a signal: the next one.
                continue
            }
        }
        return nil
    }

    /// The connections that wait in the backlog, without waiting for more.
    package func acceptWaiting() -> [ByteStream] {
        var streams: [ByteStream] = []
        while isOpen {
            let accepted = clinux_accept(fd)
            guard accepted >= 0 else { break }
            if let stream = try? ByteStream(adopting: accepted, on: reactor) {
                streams.append(stream)
            }
        }
        return streams
    }

    /// Stops listening; a waiting `accept` returns nil.
    package func close() {
        guard isOpen else { return }
        isOpen = false
        reactor.deregister(token, fd: fd)
        Glibc.close(fd)
        if case .unix(let path) = address { _ = unsafe unlink(path) }
    }
}
