package import Bytes
internal import JSON
internal import Matching

/// What is about to be done, as fault rules look at it.
package struct FaultSubject {
    package var api: APIName
    /// Whose sidecar is asked; which application is called.
    package var app: String
    package var component: String?
    package var topic: String?
    /// Whom an invocation is for.
    package var callee: String?
    package var method: ByteSlice = []
    /// Without the query.
    package var path: ByteSlice = []
    package var headers: [(name: ByteSlice, value: ByteSlice)] = []
    /// What is asked of which key; a rule that fits one fits them all.
    package var records: [StateRecord] = []

    package init(api: APIName, app: String) {
        self.api = api
        self.app = app
    }

    /// What rules may look at.
    static let parts = [
        "api", "app", "store", "operation", "key", "pubsub", "topic", "callee", "method", "path",
        "headers", "nth",
    ]

    /// Whether the rule is meant, its `nth` aside.
    func fits(_ match: [Expectation]) -> Bool {
        var seen = observation
        guard !records.isEmpty else { return seen.mismatch(match) == nil }
        return records.contains { record in
            seen["operation"] = .string(record.operation.rawValue)
            seen["key"] = .string(String(text: record.key))
            return seen.mismatch(match) == nil
        }
    }

    private var observation: Observation {
        var seen = Observation()
        seen["api"] = .string(api.rawValue)
        seen["app"] = .string(app)
        if let component {
            seen[api == .state || api == .secrets ? "store" : "pubsub"] = .string(component)
        }
        if let topic { seen["topic"] = .string(topic) }
        if let callee { seen["callee"] = .string(callee) }
        if !method.isEmpty { seen["method"] = .string(String(text: method)) }
        if !path.isEmpty { seen["path"] = .string(String(text: path)) }
        for (name, value) in headers {
            seen.addHeader(String(text: name), String(text: value))
        }
        return seen
    }
}
