internal import Blocks
internal import Transport

/// The running sidecars of this user: one file each, held by its process, in one folder.
struct SidecarRegistry: Sendable {
    let folder: String

    /// - Parameter dataFolder: `--data-dir`; sidecars of different ones do not see each other.
    init(dataFolder: String?) { folder = "\(dataFolder ?? UserFolders.data)/sidecars" }

    /// All whose process lives, in the order in which they were started.
    var entries: [SidecarEntry] {
        (FileContents.names(in: folder) ?? []).filter { $0.hasSuffix(".json") }
            .compactMap { HeldFile.read("\(folder)/\($0)") }
            .compactMap { SidecarEntry(json: $0) }
            .sorted { ($0.created, $0.appID) < ($1.created, $1.appID) }
    }

    /// Adds a sidecar of this process; it is there as long as what is returned.
    func add(_ entry: SidecarEntry) throws(SystemError) -> HeldFile {
        try FileContents.makeFolder(folder)
        return try HeldFile(entry.json, at: path(of: entry))
    }

    /// An app id may hold what no file's name may, and two sidecars may have one.
    private func path(of entry: SidecarEntry) -> String {
        let name = String(entry.appID.map { $0 == "/" ? "_" : $0 }.prefix(100))
        return "\(folder)/\(entry.processID)-\(entry.httpPort)-\(name).json"
    }
}

/// Finds sidecars of other processes in the registry. Confined to its loop.
final class RegistryResolver: NameResolver {
    private let registry: SidecarRegistry
    private let reactor: Reactor
    /// What was found, and until when it counts: a folder is not read for every call.
    private var known: [String: (peers: [PeerAddress], until: MonotonicTime)] = [:]
    private var turn = 0

    init(_ registry: SidecarRegistry, on reactor: Reactor) {
        self.registry = registry
        self.reactor = reactor
    }

    func resolve(_ appID: String) async -> PeerAddress? {
        let now = Reactor.monotonicNow()
        let peers: [PeerAddress]
        if let entry = known[appID], entry.until > now {
            peers = entry.peers
        } else {
            peers = look(for: appID)
            // Who is not there may come at any moment.
            known[appID] =
                peers.isEmpty ? nil : (peers, now + Duration.milliseconds(250).nanoseconds)
        }
        guard !peers.isEmpty else { return nil }
        turn &+= 1
        return peers[turn % peers.count]
    }

    private func look(for appID: String) -> [PeerAddress] {
        registry.entries
            .filter { $0.appID == appID && $0.processID != ProcessEnvironment.processID }
            .map { PeerAddress(address: $0.address, token: $0.token) }
    }
}
