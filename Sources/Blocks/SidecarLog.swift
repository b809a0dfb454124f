/// Where a sidecar's parts write what a developer should read, in daprd's words. The form of a line
/// and where it goes is decided above.
package protocol SidecarLog: Sendable {
    /// - Parameter scope: the part of daprd that would say so: `dapr.runtime`,
    ///   `dapr.runtime.processor.subscription`.
    func write(_ level: LogLevel, _ message: String, scope: String)
}

extension SidecarLog {
    /// Writes a line of the runtime's own scope.
    package func write(_ level: LogLevel, _ message: String) {
        write(level, message, scope: "dapr.runtime")
    }
}

/// How much a log line matters, least first.
package enum LogLevel: String, CaseIterable, Comparable, Sendable {
    case debug, info, warn, error, fatal

    package static func < (a: LogLevel, b: LogLevel) -> Bool { a.rank < b.rank }

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
