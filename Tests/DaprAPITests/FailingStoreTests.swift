import Backends
import TestSupport
import Testing

/// What callers are told when a store fails (errors.md §2 of the specification).
@Suite struct FailingStoreTests {
    /// A store that does nothing but fail.
    private final class BrokenStore: StateStore {
        let features: [StateFeature]
        let error: StateError

        init(_ error: StateError, features: [StateFeature] = [.etag, .transactional]) {
            self.error = error
            self.features = features
        }

        func get(_ key: StateKey, consistency: Consistency?) async throws(StateError) -> StoredItem?
        {
            throw error
        }

        func set(_ write: StateWrite) async throws(StateError) { throw error }

        func setEach(_ writes: [StateWrite]) async -> [Result<Void, StateError>] {
            writes.map { _ in .failure(error) }
        }

        func delete(_ removal: StateRemoval) async throws(StateError) { throw error }

        func bulkGet(_ keys: [StateKey], parallelism: Int) async throws(StateError) -> [BulkItem] {
            guard parallelism != 1 else { throw error }
            return keys.map { BulkItem(key: $0, item: .failure(error)) }
        }

        func transact(_ operations: [StateOperation]) async throws(StateError) { throw error }

        func export(_ scope: KeyScope) async throws(StateError) -> [StateEntry] { [] }
        func replace(
            _ scope: KeyScope, with entries: [StateEntry]
        ) async throws(StateError) {}
        func close() async {}
    }

    private func answers(
        _ error: StateError, _ method: String, _ target: String, _ body: String?, _ expected: Answer
    ) async throws {
        let plan = SidecarPlan(stub: { BrokenStore(error) })
        try await SidecarFixture.run(plan) { sidecar in
            let response = try sidecar.send(method, "/v1.0/state/statestore\(target)", body)
            #expect(response.status == expected.status)
            #expect(response.text == expected.body)
        }
    }

    private static let item = #"[{"key":"k","value":1}]"#
    private static let operation =
        #"{"operations":[{"operation":"upsert","request":{"key":"k","value":1}}]}"#
    private static let mismatch = "possible etag mismatch. error from state store"

    @Test func `a read names the key without its prefix`() async throws {
        let expected = Answer.error(
            500, "ERR_STATE_GET", "fail to get a b from state store statestore: boom <1>")
        try await answers(.failed("boom <1>"), "GET", "/a+b", nil, expected)
    }

    @Test(arguments: [
        (StateError.failed("boom"), 500, "boom"), (.etagMismatch(detail: nil), 409, mismatch),
        (.etagMismatch(detail: "why"), 409, "\(mismatch): why"),
        (.etagInvalid(detail: nil), 400, "invalid etag value"),
        (.etagInvalid(detail: "why"), 400, "invalid etag value: why"),
    ])
    func `a write and a removal have the error's status, a transaction always 500`(
        error: StateError, status: Int, text: String
    ) async throws {
        try await answers(error, "POST", "", Self.item, .save(status, text))
        try await answers(error, "DELETE", "/k", nil, .delete(status, text))
        try await answers(error, "POST", "/transaction", Self.operation, .transaction(text))
    }

    @Test func `a bulk read fails as a whole in the store's words alone`() async throws {
        try await answers(
            .failed("boom"), "POST", "/bulk", #"{"keys":["a"],"parallelism":1}"#,
            .error(500, "ERR_STATE_BULK_GET", "boom"))
    }

    @Test func `a bulk read of which each key fails is a success`() async throws {
        try await answers(
            .failed("boom"), "POST", "/bulk", #"{"keys":["a","b"]}"#,
            .ok(#"[{"key":"a","error":"boom"},{"key":"b","error":"boom"}]"# + "\n"))
    }

    @Test func `a store without transactions says so before the body is read`() async throws {
        let plan = SidecarPlan(stub: { BrokenStore(.failed("boom"), features: [.etag]) })
        try await SidecarFixture.run(plan) { sidecar in
            let response = try sidecar.send(
                "POST", "/v1.0/state/statestore/transaction", "no JSON")
            let google = #"{"@type":"type.googleapis.com/google.rpc"#
            let help =
                #"\#(google).Help","links":[{"description":"Check the list of state stores and "#
                + #"the features they support","url":"https://docs.dapr.io/reference/"#
                + #"components-reference/supported-state-stores/"}]}"#
            let resource =
                #"\#(google).ResourceInfo","description":"","owner":"","#
                + #""resource_name":"statestore","resource_type":"state"}"#
            let info =
                #"\#(google).ErrorInfo","domain":"dapr.io","metadata":null,"#
                + #""reason":"DAPR_STATE_TRANSACTIONS_NOT_SUPPORTED"}"#
            let expected = Answer.error(
                500, "ERR_STATE_STORE_NOT_SUPPORTED",
                "state store statestore doesn't support transactions",
                details: "[\(help),\(resource),\(info)]")
            #expect(response.status == 500)
            #expect(response.text == expected.body)
            // Without both it holds no actors either.
            let metadata = try sidecar.send("GET", "/v1.0/metadata")
            #expect(metadata.text.contains(#""capabilities":["ETAG"]"#))
        }
    }
}
