internal import Blocks
internal import Bytes
internal import Transport

/// Notes to the processes of other sidecars in the registry, by a socket each. Confined to its loop.
final class RegistryNotes: PeerNotes {
    private let registry: SidecarRegistry
    private let socket: PokeSocket
    private var listeners: [String: () -> Void] = [:]
    /// The others' sockets, and until when they count: a folder is not read for every note.
    private var peers: (paths: Set<String>, until: MonotonicTime) = ([], 0)

    init(_ registry: SidecarRegistry, on loop: EventLoop) throws(SystemError) {
        self.registry = registry
        try FileContents.makeFolder(registry.folder)
        socket = try PokeSocket(at: registry.socketPath, on: loop.reactor)
        loop.spawn { [weak self, socket] in
            while let note = await socket.next() { self?.listeners[String(text: note)]?() }
        }
    }

    func listen(for subject: String, _ body: @escaping () -> Void) { listeners[subject] = body }

    func tell(_ subject: String) {
        let now = Reactor.monotonicNow()
        if peers.until <= now {
            let paths = registry.entries.map(\.socket).filter { !$0.isEmpty && $0 != socket.path }
            peers = (Set(paths), now + Duration.milliseconds(250).nanoseconds)
        }
        for path in peers.paths { socket.send(Array(subject.utf8), to: path) }
    }

    func close() { socket.close() }
}

extension SidecarRegistry {
    /// Where this process listens for notes.
    var socketPath: String { "\(folder)/\(ProcessEnvironment.processID).sock" }

    /// Removes the sockets of processes that were killed.
    private func removeAbandonedSockets() {
        for name in FileContents.names(in: folder) ?? [] where name.hasSuffix(".sock") {
            guard let id = Int32(name.dropLast(5)), !ProcessEnvironment.isRunning(id) else {
                continue
            }
            FileContents.removeSocket("\(folder)/\(name)")
        }
    }

    /// Lets a sandbox find others and hear from them.
    ///
    /// - Returns: what is to be closed at the end; nil when there can be no socket: the others are
    ///   heard a little later then.
    func join(_ sandbox: Sandbox) -> RegistryNotes? {
        removeAbandonedSockets()
        sandbox.resolver = RegistryResolver(self, on: sandbox.loop.reactor)
        let notes = try? RegistryNotes(self, on: sandbox.loop)
        sandbox.notes = notes
        return notes
    }
}
