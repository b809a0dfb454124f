/// The snapshots of a process by their names: any of its sandboxes may load any of them. Bounded; a
/// snapshot is never forgotten for another. Confined to the loop.
package final class Snapshots {
    /// Snapshots kept at most.
    package static let limit = 100
    /// Bytes of all snapshots together at most.
    package static let byteLimit = 512 << 20

    private var byName: [String: Snapshot] = [:]

    package init() {}

    package var names: [String] { byName.keys.sorted() }

    package subscript(name: String) -> Snapshot? { byName[name] }

    /// Keeps a snapshot, in place of one of the same name.
    package func keep(
        _ snapshot: Snapshot, named name: String
    ) throws(Sandbox.ContentsFailure) {
        var others = byName
        others[name] = nil
        let bytes = others.values.reduce(snapshot.cost) { $0 + $1.cost }
        guard others.count < Self.limit, bytes <= Self.byteLimit else {
            throw Sandbox.ContentsFailure(
                "cannot keep the snapshot \(name): there is space for \(Self.limit) snapshots and "
                    + "\(Self.byteLimit >> 20) MiB: delete others first")
        }
        byName[name] = snapshot
    }

    /// - Returns: whether there was one.
    package func remove(_ name: String) -> Bool { byName.removeValue(forKey: name) != nil }
}
