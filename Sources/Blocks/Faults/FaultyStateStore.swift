internal import Backends
internal import Bytes

/// A store as the rules let it seem: away, or with another etag than the caller has. Made for one
/// request, and only when there are rules.
final class FaultyStateStore: StateStore {
    private let store: any StateStore
    private let component: StateComponent
    private let sidecar: Sidecar

    init(_ component: StateComponent, of sidecar: Sidecar) {
        store = component.store
        self.component = component
        self.sidecar = sidecar
    }

    var features: [StateFeature] { store.features }

    /// Why the rules let an operation fail; nil when it is to be done.
    private func failure(_ records: [StateRecord]) -> StateError? {
        var subject = FaultSubject(api: .state, app: sidecar.appID)
        subject.component = component.name
        subject.records = records
        switch sidecar.sandbox.faults.pick(.component, subject).first?.fault.kind {
        case .unavailable(let message): return .failed(message)
        case .etagConflict: return .etagMismatch(detail: nil)
        default: return nil
        }
    }

    private func record(_ operation: StateRecord.Operation, _ key: StateKey) -> StateRecord {
        StateRecord(operation, store: component.name, key: component.keyPrefix.bare(key))
    }

    func get(_ key: StateKey, consistency: Consistency?) async throws(StateError) -> StoredItem? {
        if let error = failure([record(.get, key)]) { throw error }
        return try await store.get(key, consistency: consistency)
    }

    func set(_ write: StateWrite) async throws(StateError) {
        if let error = failure([record(.set, write.key)]) { throw error }
        try await store.set(write)
    }

    func setEach(_ writes: [StateWrite]) async -> [Result<Void, StateError>] {
        let errors = writes.map { failure([record(.set, $0.key)]) }
        let sound = zip(writes, errors).filter { $1 == nil }.map(\.0)
        var results = (sound.isEmpty ? [] : await store.setEach(sound))[...]
        return errors.map { error in
            error.map { .failure($0) } ?? results.popFirst() ?? .success(())
        }
    }

    func delete(_ removal: StateRemoval) async throws(StateError) {
        if let error = failure([record(.delete, removal.key)]) { throw error }
        try await store.delete(removal)
    }

    func bulkGet(
        _ keys: [StateKey], parallelism: Int
    ) async throws(StateError) -> [BulkItem] {
        var failed: [BulkItem] = []
        var sound: [StateKey] = []
        for key in keys {
            if let error = failure([record(.get, key)]) {
                failed.append(BulkItem(key: key, item: .failure(error)))
            } else {
                sound.append(key)
            }
        }
        guard !sound.isEmpty else { return failed }
        return try await store.bulkGet(sound, parallelism: parallelism) + failed
    }

    func transact(_ operations: [StateOperation]) async throws(StateError) {
        let records = operations.map { operation in
            switch operation {
            case .upsert(let write): record(.set, write.key)
            case .delete(let removal): record(.delete, removal.key)
            }
        }
        if let error = failure(records) { throw error }
        try await store.transact(operations)
    }

    func export(_ scope: KeyScope) async throws(StateError) -> [StateEntry] {
        try await store.export(scope)
    }

    func replace(_ scope: KeyScope, with entries: [StateEntry]) async throws(StateError) {
        try await store.replace(scope, with: entries)
    }

    func close() async {}
}
