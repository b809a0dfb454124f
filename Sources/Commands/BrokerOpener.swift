internal import Backends
internal import Blocks

/// Opens the brokers that pub/sub components name.
struct BrokerOpener {
    private let opener: StoreOpener

    init(_ opener: StoreOpener) { self.opener = opener }

    func broker(
        of component: Component, in sidecar: Sidecar
    ) async throws(ComponentFailure) -> any MessageBroker {
        let sandbox = sidecar.sandbox
        // Unlike in Dapr, one component name is one broker for all apps of the sandbox.
        return await sandbox.broker("memory:\(component.name)") { MemoryBroker(on: sandbox.loop) }
    }
}
