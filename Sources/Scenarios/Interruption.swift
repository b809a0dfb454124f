internal import Transport

/// Somebody's wish that the run end. Any thread may make it and ask for it.
package final class Interruption: Sendable {
    private struct State {
        var isTriggered = false
        var lastID = 0
        var actions: [Int: @Sendable () -> Void] = [:]
    }

    private let state = Guarded(State())

    package init() {}

    package var isTriggered: Bool { state.withLock(\.isTriggered) }

    /// The first call counts.
    package func trigger() {
        let actions = state.withLock { state in
            state.isTriggered = true
            let actions = Array(state.actions.values)
            state.actions = [:]
            return actions
        }
        for action in actions { action() }
    }

    /// Calls `action` once it is triggered, on the thread that does; at once when it has been.
    ///
    /// - Returns: what `forget` takes.
    package func whenTriggered(_ action: @escaping @Sendable () -> Void) -> Int {
        let id = state.withLock { state -> Int? in
            guard !state.isTriggered else { return nil }
            state.lastID += 1
            state.actions[state.lastID] = action
            return state.lastID
        }
        guard let id else {
            action()
            return 0
        }
        return id
    }

    package func forget(_ id: Int) { state.withLock { _ = $0.actions.removeValue(forKey: id) } }
}
