/// A time on the monotonic clock, in nanoseconds since an arbitrary start; never the wall clock.
package typealias MonotonicTime = UInt64

/// Timers in their order: a binary heap ordered by time, then by the order they were set. A loop has
/// one, and so has each sandbox's clock.
///
/// A cancelled one leaves the heap when its time comes, or when more is cancelled than is not.
/// Confined to its loop's thread.
package struct TimerHeap {
    package struct Entry {
        package let time: MonotonicTime
        let id: UInt64
        package let fire: () -> Void
    }

    private var entries: [Entry] = []
    /// Those that will fire; an id that is not here was cancelled or has fired.
    private var pending: Set<UInt64> = []
    private var lastID: UInt64 = 0

    package init() {}

    /// No timer fires before: the first one's time, though it may be a cancelled one.
    package var next: MonotonicTime? { entries.first?.time }

    /// Entries, cancelled ones too, for a test of their bound.
    var size: Int { entries.count }

    /// How many are set.
    package var count: Int { pending.count }

    package mutating func set(at time: MonotonicTime, fire: @escaping () -> Void) -> UInt64 {
        lastID += 1
        pending.insert(lastID)
        entries.append(Entry(time: time, id: lastID, fire: fire))
        siftUp(from: entries.count - 1)
        return lastID
    }

    /// Nothing happens to one that has fired.
    package mutating func cancel(_ id: UInt64) {
        guard pending.remove(id) != nil else { return }
        // Timeouts are long and nearly all are cancelled: a busy loop would carry them for minutes.
        if entries.count > 8, pending.count < entries.count / 2 { dropCancelled() }
    }

    /// The id of the timer that was set last.
    var newest: UInt64 { lastID }

    /// Takes out the first timer that is due at `now`; cancelled ones are dropped on the way.
    ///
    /// - Parameter newest: the id of the last timer that may be taken.
    package mutating func popDue(
        at now: MonotonicTime, setUntil newest: UInt64 = .max
    ) -> Entry? {
        while let first = entries.first, first.time <= now, first.id <= newest {
            removeFirst()
            if pending.remove(first.id) != nil { return first }
        }
        return nil
    }

    private mutating func dropCancelled() {
        // Sorted is a heap too.
        entries = entries.filter { pending.contains($0.id) }
            .sorted { ($0.time, $0.id) < ($1.time, $1.id) }
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
