package import Transport

/// Listeners and the connections they accepted, answered by one handler.
///
/// Confined to its loop. `stop` closes the listeners, lets every request that has arrived be
/// answered, and cuts what is left at the deadline.
package final class Server {
    private let handler: any RequestHandler
    private let limits: HTTPLimits
    private let reactor: Reactor
    private let date = HTTPDate()
    private var listeners: [Listener] = []
    private var connections: [ObjectIdentifier: Connection] = [:]
    private var isStopping = false
    private var whenEmpty: Suspension<Void>?

    package init(limits: HTTPLimits, on reactor: Reactor, handler: any RequestHandler) {
        self.limits = limits
        self.reactor = reactor
        self.handler = handler
    }

    /// How many connections are open.
    package var connectionCount: Int { connections.count }

    /// Begins to accept connections at `listener`.
    package func serve(_ listener: Listener, on loop: EventLoop) {
        listeners.append(listener)
        loop.spawn {
            while let stream = await listener.accept() { self.open(stream, on: loop) }
        }
    }

    private func open(_ stream: ByteStream, on loop: EventLoop) {
        let connection = Connection(
            stream: stream, limits: limits, loop: loop, date: date)
        connections[ObjectIdentifier(connection)] = connection
        if isStopping { connection.stop() }
        loop.spawn {
            await connection.run(self.handler)
            self.closed(connection)
        }
    }

    private func closed(_ connection: Connection) {
        connections[ObjectIdentifier(connection)] = nil
        guard connections.isEmpty else { return }
        whenEmpty?.resume()
        whenEmpty = nil
    }

    /// Stops: nothing new is accepted, requests that have arrived are answered, then all is closed.
    ///
    /// - Parameter grace: how long answers may take before their connections are cut.
    package func stop(grace: Duration, on loop: EventLoop) async {
        isStopping = true
        for listener in listeners {
            // Connections the kernel had accepted before the stop hold requests too.
            for stream in listener.acceptWaiting() { open(stream, on: loop) }
            listener.close()
        }
        for connection in connections.values { connection.stop() }
        guard !connections.isEmpty else { return }
        let deadline = loop.spawn {
            await self.reactor.sleep(for: grace)
            if !Task.isCancelled { self.abort() }
        }
        await Suspension<Void>.suspend { suspension in
            // Looked at again: other jobs of the loop may have run before the suspension.
            if connections.isEmpty { suspension.resume() } else { whenEmpty = suspension }
        }
        deadline.cancel()
    }

    private func abort() {
        for connection in connections.values { connection.abort() }
        // A handler that hangs must not hold the stop as well.
        whenEmpty?.resume()
        whenEmpty = nil
    }
}
