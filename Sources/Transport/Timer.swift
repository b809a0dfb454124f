/// A time on the monotonic clock, in nanoseconds since an arbitrary start; never the wall clock.
package typealias MonotonicTime = UInt64

/// The timers of one loop: a binary heap ordered by time, then by the order they were set.
///
/// Cancelling marks an entry, which leaves the heap when its time comes, or when more is marked than is
/// live: memory stays within twice of what waits. Confined to the loop thread.
struct TimerHeap {
    struct Entry {
        let time: MonotonicTime
        let id: UInt64
        let fire: () -> Void
    }

    private var entries: [Entry] = []
    private var cancelled: Set<UInt64> = []
    private var lastID: UInt64 = 0

    var next: MonotonicTime? { entries.first?.time }

    mutating func set(at time: MonotonicTime, fire: @escaping () -> Void) -> UInt64 {
        lastID += 1
        entries.append(Entry(time: time, id: lastID, fire: fire))
        siftUp(from: entries.count - 1)
        return lastID
    }

    /// A timer that has fired is no longer there; cancelling it does nothing that lasts.
    mutating func cancel(_ id: UInt64) {
        cancelled.insert(id)
        if cancelled.count > entries.count { dropCancelled() }
    }

    /// Entries and marks, for a test of their bound.
    var size: Int { entries.count + cancelled.count }

    private mutating func dropCancelled() {
        let live = entries.filter { !cancelled.contains($0.id) }
        cancelled = []
        entries = []
        for entry in live {
            entries.append(entry)
            siftUp(from: entries.count - 1)
        }
    }

    /// Takes out the first timer that is due at `now`; cancelled ones are dropped on the way.
    mutating func popDue(at now: MonotonicTime) -> (() -> Void)? {
        while let first = entries.first, first.time <= now {
            removeFirst()
            if cancelled.remove(first.id) == nil { return first.fire }
        }
        return nil
    }

    private mutating func removeFirst() {
        entries.swapAt(0, entries.count - 1)
        entries.removeLast()
        var parent = 0
        while let child = smallestChild(of: parent), precedes(child, parent) {
            entries.swapAt(child, parent)
            parent = child
        }
    }

    private mutating func siftUp(from index: Int) {
        var child = index
        while child > 0, precedes(child, (child - 1) / 2) {
            entries.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private func smallestChild(of parent: Int) -> Int? {
        let left = 2 * parent + 1
        guard left < entries.count else { return nil }
        return left + 1 < entries.count && precedes(left + 1, left) ? left + 1 : left
    }

    private func precedes(_ a: Int, _ b: Int) -> Bool {
        (entries[a].time, entries[a].id) < (entries[b].time, entries[b].id)
    }
}
