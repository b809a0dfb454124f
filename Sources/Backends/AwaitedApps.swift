/// Applications that were started together and have not subscribed yet.
///
/// A broker that keeps nothing keeps messages for them: who publishes does not know how long another
/// program takes to start. Confined to the sandbox's loop.
package final class AwaitedApps {
    private var names: Set<String> = []
    private var observers: [() -> Void] = []

    package init() {}

    package var isEmpty: Bool { names.isEmpty }

    package func add(_ name: String) { names.insert(name) }

    /// The application has subscribed, or will not.
    package func remove(_ name: String) {
        guard names.remove(name) != nil, names.isEmpty else { return }
        for observer in observers { observer() }
    }

    /// Adds what is to be done when nobody is awaited any more.
    package func onEmpty(_ observer: @escaping () -> Void) { observers.append(observer) }
}
