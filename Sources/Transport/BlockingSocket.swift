package import Bytes
internal import Glibc

/// A connected socket whose calls block, for a thread that has nothing else to do: a guest's.
package final class BlockingSocket {
    private let fd: Int32

    deinit { close(fd) }

    /// Connects to `address`; a connection not made by `deadline` is `ETIMEDOUT`.
    package init(to address: SocketAddress, deadline: MonotonicTime) throws(SystemError) {
        fd = socket(address.family, ByteStream.socketType, 0)
        guard fd >= 0 else { throw SystemError("socket") }
        ByteStream.setNoDelay(fd)
        // Safe: the kernel reads one address of the length given.
        let code = unsafe address.withSockaddr { unsafe connect(fd, $0, $1) } ?? -1
        if code != 0 {
            guard errno == EINPROGRESS else { throw SystemError("connect") }
            guard wait(Int16(POLLOUT), until: deadline) else {
                throw SystemError("connect", code: ETIMEDOUT)
            }
            let failure = ByteStream.pendingError(fd)
            guard failure == 0 else { throw SystemError("connect", code: failure) }
        }
    }

    /// Sends all of `bytes`.
    package func send(_ bytes: ByteSlice, deadline: MonotonicTime) throws(StreamError) {
        var rest = bytes
        while !rest.isEmpty {
            // Safe: send reads within the slice's own bounds.
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else {
                guard errno == EAGAIN || errno == EINTR else { throw .disconnected }
                guard wait(Int16(POLLOUT), until: deadline) else { throw .timedOut }
            }
        }
    }

    /// Appends to `buffer` what has arrived, waiting until something has.
    ///
    /// - Returns: how many bytes came; 0 at the end of the stream.
    package func receive(
        appendingTo buffer: inout ByteSlice, deadline: MonotonicTime
    ) throws(StreamError) -> Int {
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            // Safe: recv writes at most as much as the array holds.
            let count = unsafe chunk.withUnsafeMutableBytes {
                unsafe recv(fd, $0.baseAddress, $0.count, 0)
            }
            if count >= 0 {
                buffer.append(contentsOf: chunk[..<count])
                return count
            }
            guard errno == EAGAIN || errno == EINTR else { throw .disconnected }
            guard wait(Int16(POLLIN), until: deadline) else { throw .timedOut }
        }
    }

    /// Tells the peer that no more bytes will come; receiving goes on.
    package func shutdownWrite() { shutdown(fd, Int32(SHUT_WR)) }

    /// Whether nothing has arrived, not even the end: a kept connection may be used again.
    package var isQuiet: Bool {
        var poll = pollfd(fd: fd, events: Int16(POLLIN), revents: 0)
        // Safe: one pollfd, a local.
        return unsafe Glibc.poll(&poll, 1, 0) == 0
    }

    private func wait(_ events: Int16, until deadline: MonotonicTime) -> Bool {
        while true {
            let now = Reactor.monotonicNow()
            guard now < deadline else { return false }
            var poll = pollfd(fd: fd, events: events, revents: 0)
            let milliseconds = Int32(min((deadline - now + 999_999) / 1_000_000, 60_000))
            // Safe: one pollfd, a local.
            let count = unsafe Glibc.poll(&poll, 1, milliseconds)
            if count > 0 { return true }
            guard count == 0 || errno == EINTR else { return false }
        }
    }
}

/// A pause of a thread that has nothing else to do; never a loop's.
package enum BlockingPause {
    package static func sleep(for duration: Duration) {
        usleep(UInt32(clamping: duration.nanoseconds / 1000))
    }
}
