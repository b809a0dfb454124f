internal import Transport

/// Lets one task at a time through, in the order of their coming. Confined to its loop.
final class Turns {
    private var isTaken = false
    private var waiting: [Suspension<Void>] = []

    /// Runs `body` alone.
    func take<Value, Failure: Error>(
        _ body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        if isTaken {
            await Suspension<Void>.suspend { suspension in
                // Looked at again: others may have run before it came to this.
                if isTaken {
                    waiting.append(suspension)
                } else {
                    isTaken = true
                    suspension.resume()
                }
            }
        } else {
            isTaken = true
        }
        defer { leave() }
        return try await body()
    }

    /// Hands the turn on, taken as it is.
    private func leave() {
        if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
    }
}
