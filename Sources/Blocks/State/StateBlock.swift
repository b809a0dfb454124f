package import Backends
package import Bytes

/// One value as a caller asks to save it: nothing checked yet.
package struct StateItem: Sendable {
    package var key: ByteSlice
    /// The value's JSON, as it was sent.
    package var value: ByteSlice
    /// nil and empty both mean that none was asked for.
    package var etag: ETag?
    package var metadata: Metadata
    package var concurrency: String?
    package var consistency: String?

    package init(
        key: ByteSlice, value: ByteSlice = [], etag: ETag? = nil, metadata: Metadata = [:],
        concurrency: String? = nil, consistency: String? = nil
    ) {
        self.key = key
        self.value = value
        self.etag = etag
        self.metadata = metadata
        self.concurrency = concurrency
        self.consistency = consistency
    }
}

/// One step of a transaction as a caller asks for it.
package struct StateStep: Sendable {
    /// `upsert` or `delete`; anything else is refused.
    package var operation: String
    package var item: StateItem

    package init(operation: String, item: StateItem) {
        self.operation = operation
        self.item = item
    }
}

/// One answer of a bulk read.
package struct BulkAnswer: Sendable {
    package let key: ByteSlice
    package let item: Result<StoredItem?, StateError>
}

/// Why the state building block refused a request.
package enum StateProblem: Error, Equatable {
    case notConfigured(store: String)
    case notFound(store: String)
    case illegalKey(ByteSlice, store: String)
    case missingKey
    case unknownOperation(String)
    /// What the store said, or what Dapr's stores say of options they do not know.
    case store(StateError)
    /// Several writes of one request failed, each for its own reason, in their order.
    case several([StateError])
}

/// State as Dapr offers it: keys prefixed, requests checked, values opaque. Knows no HTTP.
///
/// Confined to the sandbox's loop.
package struct StateBlock {
    let sidecar: Sidecar
    /// Who waits for the answers; nil when that is not known.
    var caller: (any PolicyCaller)?

    /// The component `name`.
    package func component(named name: ByteSlice) throws(StateProblem) -> StateComponent {
        for component in sidecar.stateComponents where name.equals(component.nameBytes) {
            return component
        }
        let text = String(text: name)
        throw sidecar.stateComponents.isEmpty
            ? .notConfigured(store: text) : .notFound(store: text)
    }

    /// The value of `key`; nil when there is none.
    package func get(
        _ key: ByteSlice, consistency: String?, from component: StateComponent
    ) async throws(StateProblem) -> StoredItem? {
        let key = try storedKey(key, in: component)
        // Dapr never validates the consistency of a read.
        let consistency = consistency.flatMap { Consistency(rawValue: $0) }
        return try await perform(on: component) { () throws(StateError) in
            try await store(of: component).get(key, consistency: consistency)
        }
    }

    /// Saves items: every key is checked before anything is written; one item is one write, several
    /// are independent of each other.
    package func save(
        _ items: [StateItem], in component: StateComponent
    ) async throws(StateProblem) {
        var keys: [StateKey] = []
        keys.reserveCapacity(items.count)
        for item in items {
            guard !item.key.isEmpty else { throw .missingKey }
            keys.append(try storedKey(item.key, in: component))
        }
        switch items.count {
        case 0: return
        case 1: try await saveOne(items[0], keys[0], in: component)
        default: try await saveSeveral(zip(items, keys), in: component)
        }
    }

    private func saveOne(
        _ item: StateItem, _ key: StateKey, in component: StateComponent
    ) async throws(StateProblem) {
        let block = self
        try await perform(on: component, retriesEtags: false) { () throws(StateError) in
            try await store(of: component).set(try block.write(item, key, in: component))
        }
    }

    /// Options are the store's to refuse, item by item: what is wrong with one keeps no other from
    /// being saved.
    private func saveSeveral(
        _ items: Zip2Sequence<[StateItem], [StateKey]>, in component: StateComponent
    ) async throws(StateProblem) {
        var writes: [(index: Int, write: StateWrite)] = []
        var results: [Result<Void, StateError>] = []
        for (index, (item, key)) in items.enumerated() {
            do throws(StateError) {
                writes.append((index, try write(item, key, in: component)))
                results.append(.success(()))
            } catch {
                results.append(.failure(error))
            }
        }
        for (index, result) in try await saveEach(writes, in: component) {
            results[index] = result
        }
        let failures = results.compactMap { result in
            if case .failure(let error) = result { error } else { nil }
        }
        guard failures.isEmpty else { throw .several(failures) }
    }

    /// Removes one key.
    package func delete(
        _ item: StateItem, in component: StateComponent
    ) async throws(StateProblem) {
        let key = try storedKey(item.key, in: component)
        let block = self
        try await perform(on: component) { () throws(StateError) in
            try await store(of: component).delete(try block.removal(item, key))
        }
    }

    /// Reads several keys; the order is the store's.
    package func bulkGet(
        _ keys: [ByteSlice], parallelism: Int, from component: StateComponent
    ) async throws(StateProblem) -> [BulkAnswer] {
        var stored: [StateKey] = []
        for key in keys { stored.append(try storedKey(key, in: component)) }
        guard !stored.isEmpty else { return [] }
        let wanted = stored
        let items = try await perform(on: component) { () throws(StateError) in
            try await store(of: component).bulkGet(wanted, parallelism: parallelism)
        }
        return items.map { item in
            let key = item.key.map { component.keyPrefix.bare($0) } ?? []
            return BulkAnswer(key: key, item: item.item)
        }
    }

    /// Does all steps in order, as one transaction. A missing key is accepted, as in Dapr.
    package func transact(
        _ steps: [StateStep], in component: StateComponent
    ) async throws(StateProblem) {
        var operations: [StateOperation] = []
        operations.reserveCapacity(steps.count)
        for step in steps { operations.append(try operation(step, in: component)) }
        guard !operations.isEmpty else { return }
        let wanted = operations
        try await perform(on: component) { () throws(StateError) in
            try await store(of: component).transact(wanted)
        }
    }

    /// Whether a transaction may name this key: asked as each of its operations is read.
    package func checkKey(
        _ key: ByteSlice, in component: StateComponent
    ) throws(StateProblem) {
        _ = try storedKey(key, in: component)
    }

    private func operation(
        _ step: StateStep, in component: StateComponent
    ) throws(StateProblem) -> StateOperation {
        let key = try storedKey(step.item.key, in: component)
        var item = step.item
        if component.family == .redis { forgetUnknownOptions(of: &item) }
        do throws(StateError) {
            switch step.operation {
            case "upsert": return .upsert(try write(item, key, in: component))
            case "delete": return .delete(try removal(item, key))
            default: break
            }
        } catch {
            throw .store(error)
        }
        throw .unknownOperation(step.operation)
    }

    /// Dapr's Redis store does not validate the options of a transaction.
    private func forgetUnknownOptions(of item: inout StateItem) {
        item.concurrency = item.concurrency.flatMap { Concurrency(rawValue: $0)?.rawValue }
        item.consistency = item.consistency.flatMap { Consistency(rawValue: $0)?.rawValue }
    }

    /// What a component's operations are asked of.
    func store(of component: StateComponent) -> any StateStore {
        sidecar.sandbox.faults.isIdle
            ? component.store : FaultyStateStore(component, of: sidecar)
    }

    // MARK: What a caller asked for, checked

    private func storedKey(
        _ key: ByteSlice, in component: StateComponent
    ) throws(StateProblem) -> StateKey {
        guard !KeyPrefix.isIllegal(key) else { throw .illegalKey(key, store: component.name) }
        return component.keyPrefix.stored(key)
    }

    private func write(
        _ item: StateItem, _ key: StateKey, in component: StateComponent
    ) throws(StateError) -> StateWrite {
        StateWrite(
            key: key, value: value(item.value, in: component), etag: etag(item),
            concurrency: try concurrency(item), consistency: try consistency(item),
            metadata: item.metadata)
    }

    private func removal(
        _ item: StateItem, _ key: StateKey
    ) throws(StateError) -> StateRemoval {
        StateRemoval(
            key: key, etag: etag(item), concurrency: try concurrency(item),
            consistency: try consistency(item))
    }

    private func etag(_ item: StateItem) -> ETag? {
        item.etag.flatMap { $0.isEmpty ? nil : $0 }
    }

    private func concurrency(_ item: StateItem) throws(StateError) -> Concurrency? {
        guard let text = item.concurrency, !text.isEmpty else { return nil }
        guard let known = Concurrency(rawValue: text) else {
            throw .failed("unrecognized concurrency model '\(text)'")
        }
        return known
    }

    private func consistency(_ item: StateItem) throws(StateError) -> Consistency? {
        guard let text = item.consistency, !text.isEmpty else { return nil }
        guard let known = Consistency(rawValue: text) else {
            throw .failed("unrecognized consistency model '\(text)'")
        }
        return known
    }

    private func value(_ value: ByteSlice, in component: StateComponent) -> ByteSlice {
        switch sidecar.settings.values {
        case .exact: value
        case .dapr: StoredForm.dapr(value, family: component.family)
        }
    }
}
