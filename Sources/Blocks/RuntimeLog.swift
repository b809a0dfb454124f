/// Where the runtime tells what it does, in daprd's words.
package struct RuntimeLog: Sendable {
    package enum Level: Sendable {
        case debug
        case info
        case warning
        case error
    }

    /// - Parameter scope: daprd's name for the part that speaks: `dapr.runtime`.
    package typealias Write = @Sendable (_ level: Level, _ message: String, _ scope: String) -> Void

    private let line: Write

    package init(_ line: @escaping Write) { self.line = line }

    /// Tells nobody.
    package static let none = RuntimeLog { _, _, _ in }

    package func write(
        _ level: Level, _ message: @autoclosure () -> String, scope: String = "dapr.runtime"
    ) {
        line(level, message(), scope)
    }
}
