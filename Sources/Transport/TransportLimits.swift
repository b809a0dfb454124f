/// The bounds of the transport, each named once.
package enum TransportLimits {
    /// Bytes taken from a socket by one read.
    package static let readChunk = 65_536
    /// How often waits are compared with their deadlines, in nanoseconds: a timeout is seen at most
    /// this late, and a wait costs no timer.
    package static let sweepInterval: MonotonicTime = 100_000_000
    /// A wait for events that is shorter than this, in nanoseconds, is brief: the loop stays awake.
    package static let briefWait: MonotonicTime = 150_000
    /// Connections that wait to be accepted.
    package static let backlog: Int32 = 4096
    /// Bytes of one line that a child process writes; more comes in pieces.
    package static let line = 65_536
}
