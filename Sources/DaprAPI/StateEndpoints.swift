internal import Backends
internal import Blocks
internal import Bytes
internal import HTTP
internal import JSON

/// `/v1.0/state/…`: save, get, delete, bulk get, transaction, query.
enum StateEndpoints {
    static var all: [Endpoint] {
        [
            Endpoint(["POST", "PUT"], "/v1.0/state/{storeName}", .state, handle: save),
            Endpoint(["POST", "PUT"], "/v1.0/state/{storeName}/bulk", .state, handle: bulkGet),
            Endpoint(
                ["POST", "PUT"], "/v1.0/state/{storeName}/transaction", .state, handle: transact),
            Endpoint(["GET"], "/v1.0/state/{storeName}/{key}", .state, handle: get),
            Endpoint(["DELETE"], "/v1.0/state/{storeName}/{key}", .state, handle: delete),
            Endpoint(
                ["POST", "PUT"], "/v1.0-alpha1/state/{storeName}/query", .state,
                version: "v1alpha1",
                handle: query),
        ]
    }

    // MARK: Save

    private static func save(_ call: Call) async throws(APIError) -> Response {
        let component = try component(of: call)
        let body = try await call.readBody(refusal: APIError.malformed)
        let requests = try decode(APIError.malformed) { () throws(GoDecodingError) in
            try SaveRequest.decode(body)
        }
        let metadata = call.query.metadata
        let items = requests.map { item($0, metadata) }
        call.records = items.map { StateRecord(.set, store: component.name, key: $0.key) }
        try await call.meetFaults(.state)
        do throws(StateProblem) {
            try await call.state.save(items, in: component)
            return .noContent
        } catch {
            throw saveError(error, component.name)
        }
    }

    private static func saveError(_ problem: StateProblem, _ store: String) -> APIError {
        switch problem {
        case .missingKey: .missingKey
        case .store(let error): .save(StateTexts.status(error), store, StateTexts.text(error))
        case .several(let errors): several(errors, store)
        default: common(problem)
        }
    }

    /// Several failed writes: etag errors win the status and, unless all failed so, the text.
    private static func several(_ errors: [StateError], _ store: String) -> APIError {
        let etagErrors = errors.filter { StateTexts.status($0) != 500 }
        guard let first = etagErrors.first else {
            let texts = errors.map(StateTexts.text).joined(separator: "\n")
            return .save(500, store, texts)
        }
        guard etagErrors.count == errors.count else {
            return .save(StateTexts.status(first), store, StateTexts.text(first))
        }
        // Dapr wraps the joined errors, each of which is wrapped already.
        let joined = errors.map(StateTexts.text).joined(separator: "\n")
        return .save(
            StateTexts.status(first), store, "\(StateTexts.prefix(first)): \(joined)")
    }

    // MARK: Get

    private static func get(_ call: Call) async throws(APIError) -> Response {
        let component = try component(of: call)
        let key = call.parameter(1)
        call.records = [StateRecord(.get, store: component.name, key: key)]
        try await call.meetFaults(.state)
        do throws(StateProblem) {
            let item = try await call.state.get(
                key, consistency: call.query["consistency"], from: component)
            return item.map(found) ?? .noContent
        } catch {
            guard case .store(let reason) = error else { throw common(error) }
            throw .get(String(text: key), component.name, StateTexts.text(reason))
        }
    }

    private static func found(_ item: StoredItem) -> Response {
        var response = Response(status: 200, fields: [.contentTypeJSON], body: item.value)
        if let etag = item.etag { response.fields.append(.init("Etag", String(text: etag))) }
        if let expiry = item.expiry {
            response.fields.append(.init("Metadata.ttlexpiretime", expiry.rfc3339))
        }
        return response
    }

    // MARK: Delete

    private static func delete(_ call: Call) async throws(APIError) -> Response {
        let component = try component(of: call)
        let key = call.parameter(1)
        call.records = [StateRecord(.delete, store: component.name, key: key)]
        try await call.meetFaults(.state)
        let item = StateItem(
            key: key, etag: call.request.head.fields["if-match"], metadata: call.query.metadata,
            concurrency: call.query["concurrency"], consistency: call.query["consistency"])
        do throws(StateProblem) {
            try await call.state.delete(item, in: component)
            return .noContent
        } catch {
            throw deleteError(error, String(text: key))
        }
    }

    private static func deleteError(_ problem: StateProblem, _ key: String) -> APIError {
        switch problem {
        case .store(let error): .delete(StateTexts.status(error), key, StateTexts.text(error))
        default: common(problem)
        }
    }

    // MARK: Bulk get

    private static func bulkGet(_ call: Call) async throws(APIError) -> Response {
        let component = try component(of: call)
        let body = try await call.readBody(refusal: APIError.malformedBody)
        let request = try decode(APIError.malformedBody) { () throws(GoDecodingError) in
            try BulkGetRequest.decode(body)
        }
        call.records = request.keys.map { StateRecord(.get, store: component.name, key: $0) }
        try await call.meetFaults(.state)
        do throws(StateProblem) {
            let answers = try await call.state.bulkGet(
                request.keys, parallelism: request.parallelism, from: component)
            return .json(200, BulkAnswerWriter.write(answers))
        } catch {
            guard case .store(let reason) = error else { throw common(error) }
            throw .bulkGet(StateTexts.text(reason))
        }
    }

    // MARK: Transaction

    private static func transact(_ call: Call) async throws(APIError) -> Response {
        let component = try component(of: call)
        guard component.store.features.contains(.transactional) else {
            throw .transactionsNotSupported(component.name)
        }
        let body = try await call.readBody(refusal: APIError.malformedBody)
        let request = try decode(APIError.malformedBody) { () throws(GoDecodingError) in
            try TransactionRequest.decode(body)
        }
        let metadata = call.query.metadata
        var steps: [StateStep] = []
        for operation in request.operations {
            // Each operation is looked at whole before the next, as Dapr does.
            let item = try step(operation, metadata)
            do throws(StateProblem) {
                try call.state.checkKey(item.key, in: component)
            } catch {
                throw transactionError(error)
            }
            steps.append(StateStep(operation: operation.operation, item: item))
        }
        call.records = steps.map { step in
            let operation: StateRecord.Operation = step.operation == "delete" ? .delete : .set
            return StateRecord(operation, store: component.name, key: step.item.key)
        }
        try await call.meetFaults(.state)
        do throws(StateProblem) {
            try await call.state.transact(steps, in: component)
            return .noContent
        } catch {
            throw transactionError(error)
        }
    }

    private static func step(
        _ operation: TransactionRequest.Operation, _ metadata: Metadata
    ) throws(APIError) -> StateItem {
        guard ["upsert", "delete"].contains(operation.operation) else {
            throw .unknownOperation(operation.operation)
        }
        return item(
            try decode(APIError.malformedBody) { () throws(GoDecodingError) in
                try operation.item.get()
            }, metadata)
    }

    private static func transactionError(_ problem: StateProblem) -> APIError {
        switch problem {
        case .illegalKey(let key, let store):
            .illegalKey(String(text: key), store: store, namesField: false)
        case .unknownOperation(let operation): .unknownOperation(operation)
        case .store(let error): .transaction(StateTexts.text(error))
        default: common(problem)
        }
    }

    // MARK: Query

    private static func query(_ call: Call) async throws(APIError) -> Response {
        // Unlike the other routes this one reads its body before it looks for the store.
        _ = try await call.readBody(refusal: APIError.bodyRead)
        let component: StateComponent
        do throws(StateProblem) {
            component = try call.state.component(named: call.parameter(0))
        } catch {
            switch error {
            case .notConfigured(let store): throw .storeNotConfigured(store, app: nil)
            case .notFound(let store): throw .storeNotFound(store, app: nil)
            default: throw common(error)
            }
        }
        call.records = [StateRecord(.query, store: component.name, key: [])]
        try await call.meetFaults(.state)
        throw .queryingNotSupported(component.name)
    }

    // MARK: Shared

    private static func component(of call: Call) throws(APIError) -> StateComponent {
        do throws(StateProblem) {
            return try call.state.component(named: call.parameter(0))
        } catch {
            switch error {
            case .notConfigured(let store):
                throw .storeNotConfigured(store, app: call.sidecar.appID)
            case .notFound(let store): throw .storeNotFound(store, app: call.sidecar.appID)
            default: throw common(error)
            }
        }
    }

    /// What every route answers alike.
    private static func common(_ problem: StateProblem) -> APIError {
        switch problem {
        case .illegalKey(let key, let store):
            .illegalKey(String(text: key), store: store, namesField: true)
        default: APIError(500, "ERROR", "\(problem)")
        }
    }

    private static func decode<Value>(
        _ refusal: (String) -> APIError, _ body: () throws(GoDecodingError) -> Value
    ) throws(APIError) -> Value {
        do throws(GoDecodingError) { return try body() } catch { throw refusal(error.text) }
    }

    /// The item a caller asks for; metadata of the query overrides its own.
    private static func item(_ item: SaveItem, _ metadata: Metadata) -> StateItem {
        let own = item.metadata
        return StateItem(
            key: item.key, value: item.value, etag: item.etag,
            metadata: metadata.isEmpty ? own : own.merging(metadata) { $1 },
            concurrency: item.concurrency, consistency: item.consistency)
    }
}
