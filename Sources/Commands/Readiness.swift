internal import Bytes
internal import HTTP
internal import Transport

/// Asks one URL again and again. Blocks its thread.
struct Readiness {
    private let host: String
    private let port: UInt16
    private let path: String
    private let socket: String?

    /// - Parameter url: `http://host[:port][/path]`, or `unix:///path/of/socket`.
    init(_ url: String) throws(Failure) {
        let complaint = Failure(
            .usage, "invalid --url `\(url)`: write http://127.0.0.1:3500 or unix:///path")
        if url.hasPrefix("unix://") {
            (host, port, path, socket) =
                ("localhost", 0, Self.outbound, String(url.dropFirst("unix://".count)))
            return
        }
        guard let parts = PlainURL(url) else { throw complaint }
        (host, port, socket) = (parts.host, parts.port, nil)
        path = parts.path.isEmpty || parts.path == "/" ? Self.outbound : parts.path
    }

    private static let outbound = "/v1.0/healthz/outbound"

    /// - Returns: why the last attempt failed; nil when one has succeeded.
    func wait(until deadline: MonotonicTime) -> String? {
        while true {
            guard let why = attempt(deadline) else { return nil }
            guard Reactor.monotonicNow() + Self.pause.nanoseconds < deadline else { return why }
            BlockingPause.sleep(for: Self.pause)
        }
    }

    private static let pause = Duration.milliseconds(20)
    /// A listener that takes connections and says nothing must not take all the time.
    private static let leastTime = Duration.milliseconds(100)
    private static let attemptTime = Duration.seconds(2)

    private func attempt(_ deadline: MonotonicTime) -> String? {
        // Even when the time is up there is one attempt worth its name.
        let now = Reactor.monotonicNow()
        let deadline = min(
            max(deadline, now + Self.leastTime.nanoseconds), now + Self.attemptTime.nanoseconds)
        var why = "\(host) is unknown"
        for address in addresses {
            do throws(SystemError) {
                let socket = try BlockingSocket(to: address, deadline: deadline)
                guard let refusal = ask(socket, deadline) else { return nil }
                why = refusal
            } catch {
                why = error.reason
            }
        }
        return why
    }

    private var addresses: [SocketAddress] {
        if let socket { return [.unix(path: socket)] }
        return Resolver.resolveBlocking(host, port: port)
    }

    private func ask(_ socket: BlockingSocket, _ deadline: MonotonicTime) -> String? {
        let request = "GET \(path) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n"
        do {
            try socket.send(Array(request.utf8)[...], deadline: deadline)
            var bytes: ByteSlice = []
            while true {
                let head = try ResponseParser.parse(bytes, isHEAD: true, limits: HTTPLimits())
                if let head {
                    return (200..<300).contains(head.status) ? nil : "HTTP \(head.status)"
                }
                guard try socket.receive(appendingTo: &bytes, deadline: deadline) > 0 else {
                    return "the connection was closed without an answer"
                }
            }
        } catch is ParseError {
            return "what answers is no HTTP server"
        } catch {
            return "no answer"
        }
    }
}
