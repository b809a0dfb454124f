package import Bytes
internal import CLinux
internal import Glibc

/// What a child process writes, line by line. Confined to its loop.
///
/// By a pipe, not a pair of sockets: a program may open `/dev/stdout` anew, and a socket refuses that.
package final class LineSource {
    private let fd: Int32
    private let token: UInt64
    private let reactor: Reactor
    private var buffer: ByteSlice = []
    /// How much of the buffer holds no line end.
    private var seen = 0
    private var isAtEnd = false
    /// Whether nothing is waited for any more.
    private var isEnding = false

    /// - Returns: the reading end, and the writing one, which the caller closes.
    static func make(on reactor: Reactor) throws(SystemError) -> (LineSource, writer: Int32) {
        var ends: [Int32] = [-1, -1]
        // Safe: two ints of their own size.
        guard unsafe clinux_pipe(&ends) == 0 else { throw SystemError("pipe") }
        do throws(SystemError) {
            return (try LineSource(adopting: ends[0], on: reactor), ends[1])
        } catch {
            Glibc.close(ends[1])
            throw error
        }
    }

    private init(adopting fd: Int32, on reactor: Reactor) throws(SystemError) {
        self.fd = fd
        self.reactor = reactor
        do { token = try reactor.register(fd) } catch {
            Glibc.close(fd)
            throw error
        }
    }

    deinit {
        end()
        Glibc.close(fd)
    }

    /// The next line without its end; nil when every writer has gone. What exceeds the bound of a
    /// line comes in pieces; what has no end comes last.
    package func next() async -> ByteSlice? {
        while true {
            if let line = takeLine() { return line }
            if isAtEnd { return takeRest() }
            if receive() { continue }
            guard !isEnding else {
                isAtEnd = true
                continue
            }
            _ = await reactor.wait(token, .read, deadline: nil)
        }
    }

    /// Ends it: `next` gives what has been written, then nil, whoever still might write.
    package func end() {
        guard !isEnding else { return }
        isEnding = true
        // Wakes a wait that is under way, and one that is about to be.
        reactor.deregister(token, fd: fd)
    }

    private func takeLine() -> ByteSlice? {
        let rest = buffer.dropFirst(seen)
        if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            let line = buffer[..<end]
            buffer = buffer[(end + 1)...]
            seen = 0
            return line.last == UInt8(ascii: "\r") ? line.dropLast() : line
        }
        seen = buffer.count
        guard buffer.count >= TransportLimits.line else { return nil }
        return takeRest()
    }

    private func takeRest() -> ByteSlice? {
        defer {
            buffer = []
            seen = 0
        }
        return buffer.isEmpty ? nil : buffer
    }

    /// - Returns: whether something has come, or the end.
    private func receive() -> Bool {
        // Safe: read writes at most the scratch's size, and only the bytes it reported are read.
        let count = unsafe read(fd, reactor.scratch.baseAddress, reactor.scratch.count)
        if count > 0 {
            // An array of its own: lines that were taken keep the old one.
            unsafe buffer = ByteSlice(
                Array(buffer) + UnsafeRawBufferPointer(reactor.scratch)[..<count])
            return true
        }
        if count < 0, errno == EAGAIN { return false }
        if count < 0, errno == EINTR { return true }
        isAtEnd = true
        return true
    }
}
