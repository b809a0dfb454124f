/// Breakers by their keys; the one that was asked for longest ago is forgotten first.
struct BreakerCache {
    let limit: Int
    /// The latest last.
    private var entries: [(key: String, breaker: CircuitBreaker)] = []

    init(limit: Int) { self.limit = limit }

    mutating func breaker(_ key: String, make: () -> CircuitBreaker) -> CircuitBreaker {
        let index = entries.firstIndex { $0.key == key }
        let entry = index.map { entries.remove(at: $0) } ?? (key: key, breaker: make())
        if entries.count >= limit { entries.removeFirst() }
        entries.append(entry)
        return entry.breaker
    }
}
