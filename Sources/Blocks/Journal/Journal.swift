package import Transport

/// The bounds of the journal.
package enum JournalLimits {
    /// Entries kept at most.
    package static let entries = 10_000
    /// Bytes kept at most, all entries together.
    package static let bytes = 32 << 20
    /// Bytes kept of one body.
    package static let keptBodyBytes = 64 << 10
}

/// The latest requests of a sandbox and their answers: a ring bounded by entries and by bytes.
///
/// Confined to the sandbox's loop.
package final class Journal {
    private let capacity: Int
    private let byteCapacity: Int
    /// nil where an entry has left: a free place must not keep its bytes.
    private var ring: [JournalEntry?] = []
    /// Where the oldest entry is, once the ring is full.
    private var head = 0
    private var count = 0
    private var byteCount = 0
    private var lastSequence: UInt64 = 0
    private var waiters: Waiters?
    /// Entries that have left because a bound was passed, since all were forgotten.
    package private(set) var dropped: UInt64 = 0
    /// Whether nobody is to wait any more.
    package private(set) var hasEnded = false

    package init(entries: Int = JournalLimits.entries, bytes: Int = JournalLimits.bytes) {
        capacity = entries
        byteCapacity = bytes
    }

    /// How many entries were ever added.
    package var total: UInt64 { lastSequence }

    /// Bytes that the entries count for, never more than the bound once there are two.
    package var bytes: Int { byteCount }

    /// Adds an entry; the oldest ones leave when a bound is passed.
    package func append(_ entry: consuming JournalEntry) {
        lastSequence += 1
        entry.sequence = lastSequence
        if count == capacity { dropOldest() }
        byteCount += entry.cost
        place(entry)
        while byteCount > byteCapacity, count > 1 { dropOldest() }
        waiters?.wake()
    }

    /// Suspends until an entry follows the one numbered `sequence`, or until `deadline`.
    ///
    /// - Returns: false at the deadline; true may also mean that something else has changed.
    package func entry(
        after sequence: UInt64, until deadline: MonotonicTime, on reactor: Reactor
    ) async -> Bool {
        // Made for who asks: appending is on every request's way.
        let waiters = self.waiters ?? Waiters(on: reactor)
        self.waiters = waiters
        return await waiters.wait(until: deadline) { lastSequence > sequence || hasEnded }
    }

    /// Lets everybody who waits for an entry look again: a follower has gone.
    package func wakeFollowers() { waiters?.wake() }

    /// Sends away who waits or follows: the sidecar is about to stop.
    package func end() {
        hasEnded = true
        waiters?.wake()
    }

    /// The entries that are kept, oldest first.
    package var entries: [JournalEntry] {
        (0..<count).compactMap { ring[(head + $0) % ring.count] }
    }

    /// The kept entries that follow the one numbered `sequence`, oldest first.
    package func entries(after sequence: UInt64) -> [JournalEntry] {
        // Numbers are without a gap among those that are kept.
        let wanted = Int(clamping: lastSequence - min(lastSequence, sequence))
        return (count - min(count, wanted)..<count).compactMap { ring[(head + $0) % ring.count] }
    }

    /// Forgets all entries; sequence numbers go on.
    package func clear() {
        dropped = 0
        ring = []
        head = 0
        count = 0
        byteCount = 0
    }

    private func place(_ entry: consuming JournalEntry) {
        if count == ring.count, count < capacity {
            // Not wrapped yet, or unwrapped by the copy: the ring grows at its end.
            if head != 0 {
                ring = entries
                head = 0
            }
            ring.append(entry)
        } else {
            ring[(head + count) % ring.count] = entry
        }
        count += 1
    }

    private func dropOldest() {
        byteCount -= ring[head]?.cost ?? 0
        dropped += 1
        ring[head] = nil
        head = (head + 1) % ring.count
        count -= 1
    }
}
