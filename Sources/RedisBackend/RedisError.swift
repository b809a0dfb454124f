package import Transport

/// Why Redis gave no reply.
package enum RedisError: Error, Equatable {
    case cannotResolve(host: String)
    case cannotConnect(address: String, SystemError)
    /// Redis refused the password, the user or the database.
    case refused(String)
    /// The connection ended before the reply came. What was sent may have been done: it is never
    /// sent again.
    case disconnected
    case timedOut
    case protocolError
    case tooManyCommands
    /// By ourselves.
    case closed

    /// The words, as Go's client and `net` package have them where they have any.
    package var text: String {
        switch self {
        case .cannotResolve(let host): "dial tcp: lookup \(host): no such host"
        case .cannotConnect(let address, let error):
            "dial tcp \(address): connect: \(error.reason)"
        case .refused(let text): text
        case .disconnected: "EOF"
        case .timedOut: "i/o timeout"
        case .protocolError: "redis: can't parse reply"
        case .tooManyCommands: "redis: too many commands are waiting for a reply"
        case .closed: "redis: client is closed"
        }
    }
}
