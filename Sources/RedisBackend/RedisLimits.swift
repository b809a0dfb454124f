/// The bounds of a connection to Redis.
enum RedisLimits {
    /// Commands that wait for their replies.
    static let pendingCommands = 100_000
    /// How long connecting, logging in included, may take.
    static let connectTimeout = Duration.milliseconds(1000)
    /// How long a reply may take before the connection is given up: a stopped server must not hold
    /// requests for longer than two seconds, connecting anew included.
    static let replyTimeout = Duration.milliseconds(1500)
}
