package import Bytes
internal import Glibc

/// A connected, non-blocking socket: bytes in, bytes out, nothing else.
///
/// Confined to its loop. Registered edge-triggered once; after a read that did not fill the chunk
/// the socket is known to be drained, and the next read waits without asking the kernel first.
package final class ByteStream {
    private let fd: Int32
    private let reactor: Reactor
    private let token: UInt64
    private var isDrained = false
    private var isOpen = true

    /// Takes over a connected, non-blocking descriptor.
    package init(adopting fd: Int32, on reactor: Reactor) throws(SystemError) {
        self.fd = fd
        self.reactor = reactor
        do { token = try reactor.register(fd) } catch {
            Glibc.close(fd)
            throw error
        }
    }

    deinit { close() }

    // MARK: Connecting

    /// Connects to `address`; a connection not made by `deadline` is `ETIMEDOUT`.
    package static func connect(
        to address: SocketAddress, deadline: MonotonicTime? = nil, on reactor: Reactor
    ) async throws(SystemError) -> ByteStream {
        let fd = socket(address.family, Self.socketType, 0)
        guard fd >= 0 else { throw SystemError("socket") }
        // Safe: the kernel reads one address of the length given.
        let code = unsafe address.withSockaddr { unsafe Glibc.connect(fd, $0, $1) } ?? -1
        let connectError = code == 0 ? 0 : errno
        guard code == 0 || connectError == EINPROGRESS else {
            Glibc.close(fd)
            throw SystemError("connect", code: connectError)
        }
        let stream = try ByteStream(adopting: fd, on: reactor)
        setNoDelay(fd)
        guard code != 0 else { return stream }
        guard await reactor.wait(stream.token, .write, deadline: deadline) == .ready else {
            throw SystemError("connect", code: ETIMEDOUT)
        }
        let failure = pendingError(fd)
        guard failure == 0 else { throw SystemError("connect", code: failure) }
        return stream
    }

    // MARK: Reading

    /// Appends to `buffer` what has arrived, waiting until something has.
    ///
    /// - Returns: how many bytes came; 0 at the end of the stream.
    package func read(
        appendingTo buffer: inout ByteSlice, deadline: MonotonicTime?
    ) async throws(StreamError) -> Int {
        while true {
            if !isDrained, let count = try receive(into: &buffer) { return count }
            isDrained = false
            switch await reactor.wait(token, .read, deadline: deadline) {
            case .ready: continue
            case .timedOut: throw .timedOut
            case .interrupted: throw .interrupted
            }
        }
    }

    /// Whether bytes have arrived that were not read.
    package var hasBytes: Bool {
        guard isOpen else { return false }
        var byte: UInt8 = 0
        // Safe: one byte is looked at, into a local.
        return unsafe recv(fd, &byte, 1, Int32(MSG_PEEK)) > 0
    }

    /// Whether the peer has closed and nothing more is to be read.
    package var isClosedByPeer: Bool {
        guard isOpen else { return true }
        var byte: UInt8 = 0
        // Safe: one byte is looked at, into a local.
        let count = unsafe recv(fd, &byte, 1, Int32(MSG_PEEK))
        return count == 0 || count < 0 && errno != EAGAIN && errno != EINTR
    }

    /// Whether it is open and nothing has arrived, neither bytes nor the peer's end.
    package var isQuiet: Bool {
        guard isOpen else { return false }
        var byte: UInt8 = 0
        // Safe: one byte is looked at, into a local.
        return unsafe recv(fd, &byte, 1, Int32(MSG_PEEK)) < 0 && errno == EAGAIN
    }

    /// Suspends until bytes have arrived, the peer has closed, or `interruptRead`. Takes nothing.
    ///
    /// - Returns: whether the peer has closed.
    package func waitForPeer() async -> Bool {
        while isOpen {
            if isClosedByPeer { return true }
            if hasBytes { return false }
            // What the edge has told is forgotten here, so the next read asks the kernel first.
            isDrained = false
            guard await reactor.wait(token, .read, deadline: nil) == .ready else { return false }
        }
        return true
    }

    /// Takes what is there without waiting: nil when nothing is.
    private func receive(into buffer: inout ByteSlice) throws(StreamError) -> Int? {
        guard isOpen else { throw .disconnected }
        // Safe: recv writes at most the scratch's size, and only the bytes it reported are read.
        let count = unsafe recv(fd, reactor.scratch.baseAddress, reactor.scratch.count, 0)
        if count > 0 {
            unsafe append(UnsafeRawBufferPointer(reactor.scratch)[..<count], to: &buffer)
            isDrained = unsafe count < reactor.scratch.count
            return count
        }
        if count == 0 { return 0 }
        switch errno {
        case EAGAIN: return nil
        case EINTR: return try receive(into: &buffer)
        default: throw .disconnected
        }
    }

    private func append(
        _ bytes: Slice<UnsafeRawBufferPointer>, to buffer: inout ByteSlice
    ) {
        // An empty buffer gets an array of exactly this size instead of growing its old storage,
        // which the journal may still hold.
        if buffer.isEmpty {
            buffer = unsafe ByteSlice(bytes)
        } else {
            // A slice keeps its indices while it grows; heads hold theirs in 32 bits, and a peer
            // that pipelines may never let the buffer run empty.
            if buffer.startIndex > TransportLimits.readChunk { buffer = ByteSlice(Array(buffer)) }
            unsafe buffer.append(contentsOf: bytes)
        }
    }

    // MARK: Writing

    /// Sends all of `bytes`; a reader that takes nothing for `stall` ends it.
    package func write(_ bytes: ByteSlice, stall: Duration) async throws(StreamError) {
        var rest = bytes
        while let sent = try send(rest), sent < rest.count {
            rest = rest.dropFirst(sent)
            let deadline = reactor.now + stall.nanoseconds
            switch await reactor.wait(token, .write, deadline: deadline) {
            case .ready: continue
            case .timedOut: throw .timedOut
            case .interrupted: throw .interrupted
            }
        }
    }

    /// Sends what the socket takes without waiting: how many bytes that was.
    private func send(_ bytes: ByteSlice) throws(StreamError) -> Int? {
        guard isOpen else { throw .disconnected }
        guard !bytes.isEmpty else { return nil }
        // Safe: send reads within the slice's own bounds.
        let count = unsafe bytes.withUnsafeBytes {
            unsafe Glibc.send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        if count >= 0 { return count }
        switch errno {
        case EAGAIN: return 0
        case EINTR: return try send(bytes)
        default: throw .disconnected
        }
    }

    // MARK: Ending

    /// Wakes a read that is waiting, with `interrupted`.
    package func interruptRead() {
        guard isOpen else { return }
        reactor.interrupt(token, .read)
    }

    /// Tells the peer that no more bytes will come; reading goes on.
    package func shutdownWrite() {
        guard isOpen else { return }
        shutdown(fd, Int32(SHUT_WR))
    }

    /// Closes the socket; a task that waits on it is woken with `interrupted`.
    package func close() {
        guard isOpen else { return }
        isOpen = false
        reactor.deregister(token, fd: fd)
        Glibc.close(fd)
    }

    /// Closes with a reset, so that the peer sees a broken connection.
    package func reset() {
        guard isOpen else { return }
        var lingering = linger(l_onoff: 1, l_linger: 0)
        // Safe: one linger structure of its own size.
        _ = unsafe setsockopt(
            fd, SOL_SOCKET, SO_LINGER, &lingering, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    static var socketType: Int32 {
        Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    }

    static func setNoDelay(_ fd: Int32) {
        var on: Int32 = 1
        // Safe: one int of its own size. Unix sockets refuse it, which does no harm.
        _ = unsafe setsockopt(
            fd, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    static func pendingError(_ fd: Int32) -> Int32 {
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        // Safe: SO_ERROR is one int.
        _ = unsafe getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &length)
        return code
    }
}
