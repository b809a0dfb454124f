internal import HTTP
internal import Transport

/// Where a sidecar listens: one port in several families.
struct ListenAddresses {
    let addresses: [SocketAddress]

    /// Lets a server listen at all of them.
    ///
    /// - Returns: the first, with the port that it has.
    func open(
        for server: Server, on loop: EventLoop
    ) throws(Failure) -> SocketAddress {
        guard let first = addresses.first else {
            throw Failure(.usage, "no address to listen at: name one in --dapr-listen-addresses")
        }
        let listeners = try listeners(on: loop.reactor)
        for listener in listeners { server.serve(listener, on: loop) }
        return first.with(port: listeners.first?.address.port ?? first.port)
    }

    /// One per address. A port that the kernel chose for the first may be another program's in the
    /// second family; then it chooses again.
    private func listeners(on reactor: Reactor) throws(Failure) -> [Listener] {
        for _ in 0..<Self.portChoices {
            do throws(ListenFailure) {
                return try bind(reactor)
            } catch {
                guard error.isChosenPort, error.error.isAddressInUse else {
                    throw failure(error.error, at: error.address)
                }
            }
        }
        throw Failure(.runtime, "cannot listen: no port is free for all addresses")
    }

    private static let portChoices = 32

    private struct ListenFailure: Error {
        let error: SystemError
        let address: SocketAddress
        let isChosenPort: Bool
    }

    private func bind(_ reactor: Reactor) throws(ListenFailure) -> [Listener] {
        var listeners: [Listener] = []
        for address in addresses {
            // The other family takes the port that the first one was given.
            let port = listeners.first?.address.port
            let wanted = address.port == 0 ? address.with(port: port ?? 0) : address
            do throws(SystemError) {
                listeners.append(try Listener(at: wanted, on: reactor))
            } catch {
                // A machine without IPv6 listens on IPv4 alone.
                if port != nil, error.isAddressUnavailable { continue }
                for listener in listeners { listener.close() }
                throw ListenFailure(
                    error: error, address: wanted, isChosenPort: address.port == 0 && port != nil)
            }
        }
        return listeners
    }

    private func failure(_ error: SystemError, at address: SocketAddress) -> Failure {
        let mend =
            error.isAddressInUse
            ? ": another program has it; choose another with --dapr-http-port, or 0 for a free one"
            : ""
        return Failure(.runtime, "cannot listen at \(address): \(error.reason)\(mend)")
    }
}
