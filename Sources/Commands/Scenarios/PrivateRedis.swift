internal import RedisBackend
internal import Transport

/// A redis-server of our own for scenarios, on a free loopback port, gone with us.
final class PrivateRedis {
    private let process: ChildProcess
    let settings: RedisSettings

    /// Starts a redis-server found in PATH.
    init() throws(Failure) {
        guard let program = Self.program else {
            throw Failure(
                .runtime,
                "scenarios want a Redis, and there is no redis-server in PATH: "
                    + "install one (apt-get install redis-server), name a running one with "
                    + "--redis-url, or leave Redis out with --store sqlite")
        }
        do throws(SystemError) {
            let port = try FreePort.find()
            settings = RedisSettings(host: "127.0.0.1", port: port)
            process = try ChildProcess(
                program,
                [
                    "redis-server", "--port", String(port), "--bind", "127.0.0.1", "--save", "",
                    "--appendonly", "no", "--daemonize", "no",
                ])
        } catch {
            throw Failure(.runtime, "cannot start \(program): \(error.reason)")
        }
    }

    func stop() { process.stop() }

    private static var program: String? {
        (ProcessEnvironment["PATH"] ?? "").split(separator: ":")
            .map { "\($0)/redis-server" }.first { FileContents.exists($0) }
    }
}
