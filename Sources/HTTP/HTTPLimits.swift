/// The bounds of the HTTP server, each tested at the bound and one past it.
package struct HTTPLimits: Sendable {
    /// Bytes of a request's head, request line included: daprd's read buffer and Go's slack.
    package var headBytes: Int
    /// Header fields of one message.
    package var fields = 256
    /// Bytes of one chunk-size line, extensions included.
    package var chunkLineBytes = 256
    /// Bytes of a body that nobody asked for which are read to keep the connection.
    package var discardedBodyBytes = 256 << 10
    /// Bytes read and dropped before a connection that must end is closed, so that the peer reads
    /// its answer instead of a reset.
    package var lingeringBytes = 64 << 20
    /// How long the head of a request may take from its first byte.
    package var headTimeout = Duration.seconds(10)
    /// How long a connection may be silent between two requests.
    package var idleTimeout = Duration.seconds(300)
    /// How long a body, or a reader of our answer, may stand still.
    package var stallTimeout = Duration.seconds(60)
    /// How long a closing connection waits for the peer to close as well.
    package var lingeringTimeout = Duration.seconds(2)

    /// - Parameter readBufferSize: daprd's `--read-buffer-size`, in bytes.
    package init(readBufferSize: Int = 4096) { headBytes = readBufferSize + 4096 }
}
