import Synchronization

/// Texts from several threads, in the order in which they came.
final class Collected: Sendable {
    private let texts = Mutex<[String]>([])

    func add(_ text: String) { texts.withLock { $0.append(text) } }

    var all: [String] { texts.withLock(\.self) }
}
