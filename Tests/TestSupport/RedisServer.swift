internal import Foundation
internal import Transport

/// A real redis-server on a free loopback port.
///
/// `shared` serves all tests, each with keys of its own (its own app id or prefix); a test that stops
/// or configures its server starts one itself.
package final class RedisServer: @unchecked Sendable {
    package static let shared = try! RedisServer()

    package let port: UInt16
    private let options: [String]
    private let child = Guarded<Child?>(nil)

    /// - Parameter options: further redis-server arguments: `["--requirepass", "secret"]`.
    package init(_ options: [String] = []) throws {
        port = try FreePort.find()
        self.options = options
        try start()
        ExitHandlers.add { [weak self] in self?.stop() }
    }

    deinit { stop() }

    /// Starts the server, at its port, and waits until it listens.
    package func start() throws {
        let started = try Child(
            [
                "/usr/bin/env", "redis-server", "--port", String(port), "--bind", "127.0.0.1",
                "--save", "", "--appendonly", "no",
            ] + options)
        child.withLock { $0 = started }
        try Deadline.wait("redis-server to listen") {
            (try? BlockingSocket(
                to: .loopback(port: port), deadline: Deadline.after(.seconds(1)))) != nil
        }
    }

    /// Stops the server as it is: connections stay and are answered no more. For good.
    package func pause() {
        child.withLock { $0?.signal(SIGSTOP) }
    }

    /// Ends the server; its port stays free for `start`.
    package func stop() {
        child.withLock { child in
            child?.stop()
            child = nil
        }
    }
}

/// What must not outlive the test process.
enum ExitHandlers {
    private static let lock = NSLock()
    nonisolated(unsafe) private static var handlers: [() -> Void] = []

    static func add(_ handler: @escaping () -> Void) {
        lock.withLock {
            if unsafe handlers.isEmpty { atexit { ExitHandlers.run() } }
            unsafe handlers.append(handler)
        }
    }

    private static func run() {
        let all = lock.withLock { unsafe handlers }
        for handler in all { handler() }
    }
}
