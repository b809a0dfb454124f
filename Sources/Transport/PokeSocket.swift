package import Bytes
internal import Glibc

/// A Unix socket for datagrams between processes of one user: short notes that may be lost. Confined
/// to its loop.
package final class PokeSocket {
    package let path: String
    private let fd: Int32
    private let reactor: Reactor
    private let token: UInt64
    private var isOpen = true

    /// Makes the socket; one that a dead process has left is replaced.
    package init(at path: String, on reactor: Reactor) throws(SystemError) {
        self.path = path
        self.reactor = reactor
        let fd = try Self.make()
        do throws(SystemError) {
            _ = unsafe unlink(path)
            // Safe: the kernel reads one address of the length given.
            let bound = unsafe SocketAddress.unix(path: path).withSockaddr {
                unsafe bind(fd, $0, $1)
            }
            guard let bound else { throw SystemError("bind", code: ENAMETOOLONG) }
            guard bound == 0 else { throw SystemError("bind") }
            token = try reactor.register(fd)
        } catch {
            Glibc.close(fd)
            throw error
        }
        self.fd = fd
    }

    deinit { close() }

    /// The next note; nil once the socket is closed.
    package func next() async -> ByteSlice? {
        while isOpen {
            // Safe: recv writes at most the scratch's size, and only the bytes it reported are read.
            let count = unsafe recv(fd, reactor.scratch.baseAddress, reactor.scratch.count, 0)
            if count >= 0 {
                return unsafe ByteSlice(UnsafeRawBufferPointer(reactor.scratch)[..<count])
            }
            if errno == EINTR { continue }
            guard errno == EAGAIN else { return nil }
            guard await reactor.wait(token, .read, deadline: nil) == .ready else { return nil }
        }
        return nil
    }

    /// Sends a note to another socket, without waiting: a full one has enough to read already.
    ///
    /// - Returns: whether it was taken.
    @discardableResult
    package func send(_ note: [UInt8], to path: String) -> Bool {
        guard isOpen else { return false }
        // Safe: the kernel reads one address and the note, each of the length given.
        let sent = unsafe SocketAddress.unix(path: path).withSockaddr { address, length in
            unsafe note.withUnsafeBytes { bytes in
                unsafe sendto(
                    fd, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL), address, length)
            }
        }
        return sent == note.count
    }

    package func close() {
        guard isOpen else { return }
        isOpen = false
        reactor.deregister(token, fd: fd)
        Glibc.close(fd)
        _ = unsafe unlink(path)
    }

    private static func make() throws(SystemError) -> Int32 {
        let type = Int32(
            SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let fd = socket(AF_UNIX, type, 0)
        guard fd >= 0 else { throw SystemError("socket") }
        return fd
    }
}
