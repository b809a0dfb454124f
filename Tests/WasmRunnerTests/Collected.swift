import Transport

/// Texts from several threads, in the order in which they came.
final class Collected: Sendable {
    private let texts = Guarded<[String]>([])

    func add(_ text: String) { texts.withLock { $0.append(text) } }

    var all: [String] { texts.withLock(\.self) }
}
