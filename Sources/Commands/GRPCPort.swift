internal import Blocks
internal import HTTP
internal import Transport

/// The gRPC port of a sidecar: open, so that programs which wait for it go on, and served by nobody.
final class GRPCPort: HTTP2Observer {
    private let sidecar: Sidecar
    private let text: String
    private let refusal: HTTP2Refusal
    private var lastTold: MonotonicTime?

    /// Opens the port at each address; where it is taken nobody loses anything, so that is a warning.
    init(
        _ port: UInt16, at addresses: [SocketAddress], of sidecar: Sidecar, httpPort: UInt16,
        on loop: EventLoop
    ) {
        self.sidecar = sidecar
        text =
            "fakedapr does not serve gRPC yet: use Dapr's HTTP API at port \(httpPort) "
            + "(in an SDK: its HTTP client)"
        refusal = HTTP2Refusal(text, on: loop.reactor)
        refusal.observer = self
        for address in addresses {
            do throws(SystemError) {
                let listener = try Listener(at: address.with(port: port), on: loop.reactor)
                refusal.serve(listener, on: loop)
            } catch {
                // A machine without IPv6 has IPv4 alone.
                guard !error.isAddressUnavailable else { continue }
                sidecar.log?.write(
                    .warn,
                    "the gRPC port \(port) is not opened: \(error.reason): nothing is served there "
                        + "yet, so nothing is lost")
            }
        }
    }

    func stop() { refusal.stop() }

    func clientSpokeHTTP2() {
        sidecar.note(
            .other, status: 505, method: "PRI", target: "*", response: Array(text.utf8)[...])
        // A client connects again and again.
        let now = Reactor.monotonicNow()
        if let lastTold, now - lastTold < Duration.seconds(10).nanoseconds { return }
        lastTold = now
        sidecar.log?.write(.warn, "a gRPC client was refused: \(text)")
    }
}
