internal import Blocks
internal import Transport

/// A sidecar of this process as others of this user know it, from its opening to its end. Confined to
/// its loop.
final class SidecarRegistration {
    private let registry: SidecarRegistry
    private var entry: SidecarEntry
    private var held: HeldFile?

    /// Makes it known. A home that cannot be written is no failure: others do not find it then.
    init(_ entry: SidecarEntry, in registry: SidecarRegistry, _ log: Log) {
        self.registry = registry
        self.entry = entry
        do throws(SystemError) { held = try registry.add(entry) } catch {
            log.write(
                .warn,
                "other programs cannot find this sidecar: cannot write in \(registry.folder): "
                    + "\(error.reason): name another place with --data-dir")
        }
    }

    /// Adds the application's process.
    func note(appProcessID id: Int32) {
        entry.appProcessID = id
        try? held?.replace(with: entry.json)
    }

    func release() { held?.release() }
}
