import TestSupport
import Testing

/// What a request must be answered, byte for byte.
struct Answer: Sendable {
    var status: Int
    /// nil for whatever it is.
    var body: String?
    /// Fields that must be there with these values; nil for one that must not.
    var fields: [String: String?] = [:]

    static let noContent = Answer(status: 204, body: "")

    static func ok(_ body: String, _ fields: [String: String?] = [:]) -> Answer {
        var fields = fields
        fields["Content-Type"] = "application/json"
        return Answer(status: 200, body: body, fields: fields)
    }

    /// An error of the API.
    ///
    /// - Parameter details: the JSON of the `details` array.
    static func error(
        _ status: Int, _ code: String, _ message: String, details: String? = nil
    ) -> Answer {
        let rest = details.map { ",\"details\":\($0)" } ?? ""
        return Answer(
            status: status,
            body: "{\"errorCode\":\"\(code)\",\"message\":\(goQuoted(message))\(rest)}",
            fields: ["Content-Type": "application/json"])
    }

    static func malformed(_ message: String) -> Answer {
        error(400, "ERR_MALFORMED_REQUEST", message)
    }

    static func malformedBody(_ message: String) -> Answer {
        malformed("failed deserializing HTTP body: \(message)")
    }

    /// A failed save of `statestore`.
    static func save(_ status: Int, _ why: String) -> Answer {
        error(status, "ERR_STATE_SAVE", "failed saving state in state store statestore: \(why)")
    }

    /// A failed removal of the key `k`.
    static func delete(_ status: Int, _ why: String) -> Answer {
        error(status, "ERR_STATE_DELETE", "failed deleting state with key k: \(why)")
    }

    static func transaction(_ why: String) -> Answer {
        error(500, "ERR_STATE_TRANSACTION", "error while executing state transaction: \(why)")
    }

    /// An illegal key, with the details that Dapr sends.
    static func illegalKey(_ key: String, field: Bool = true) -> Answer {
        let text =
            "api error: code = InvalidArgument desc = input key/keyPrefix '\(key)' "
            + "can't contain '||'"
        let name = field ? "\"field\":\"\(key)\"," : ""
        // Members in the order of the wire: the field's name comes first.
        let violation = "{\(name)\"description\":\"\(text)\"}"
        return .error(
            400, "ERR_MALFORMED_REQUEST", text,
            details: "[{\"@type\":\"type.googleapis.com/google.rpc.BadRequest\","
                + "\"field_violations\":[\(violation)]},"
                + "{\"@type\":\"type.googleapis.com/google.rpc.ResourceInfo\","
                + "\"description\":\"\",\"owner\":\"\",\"resource_name\":\"statestore\","
                + "\"resource_type\":\"state\"},"
                + "{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\",\"domain\":\"dapr.io\","
                + "\"metadata\":null,\"reason\":\"DAPR_STATE_ILLEGAL_KEY\"}]")
    }

    private static func goQuoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "\n": quoted += "\\n"
            case "<": quoted += "\\u003c"
            case ">": quoted += "\\u003e"
            case "&": quoted += "\\u0026"
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

/// One request of a contract and what each store's sidecar must answer.
///
/// In targets, bodies and answers `$app` is the app id, `$etag:KEY` the etag that the latest GET of
/// KEY was answered, `$sha` the digest of a Redis script.
struct Step: Sendable {
    let method: String
    let target: String
    var headers: [(String, String)] = []
    var body: String?
    let expected: [Store: Answer]

    static func send(
        _ method: String, _ target: String, headers: [(String, String)] = [], _ answer: Answer
    ) -> Step {
        send(method, target, headers, nil, answer, answer, answer)
    }

    static func send(
        _ method: String, _ target: String, headers: [(String, String)] = [], _ body: String,
        _ answer: Answer
    ) -> Step {
        send(method, target, headers, body, answer, answer, answer)
    }

    static func send(
        _ method: String, _ target: String, headers: [(String, String)] = [], memory: Answer,
        sqlite: Answer, redis: Answer
    ) -> Step {
        send(method, target, headers, nil, memory, sqlite, redis)
    }

    static func send(
        _ method: String, _ target: String, headers: [(String, String)] = [], _ body: String,
        memory: Answer, sqlite: Answer, redis: Answer
    ) -> Step {
        send(method, target, headers, body, memory, sqlite, redis)
    }

    private static func send(
        _ method: String, _ target: String, _ headers: [(String, String)], _ body: String?,
        _ memory: Answer, _ sqlite: Answer, _ redis: Answer
    ) -> Step {
        Step(
            method: method, target: target, headers: headers, body: body,
            expected: [.memory: memory, .sqlite: sqlite, .redis: redis])
    }

    static func save(_ body: String, _ answer: Answer = .noContent) -> Step {
        send("POST", "/v1.0/state/statestore", body, answer)
    }

    static func save(_ body: String, memory: Answer, sqlite: Answer, redis: Answer) -> Step {
        send(
            "POST", "/v1.0/state/statestore", body, memory: memory, sqlite: sqlite, redis: redis)
    }

    /// Reads `key`, which must hold `value`; nil for a key that must not be there.
    static func get(_ key: String, _ value: String?, _ fields: [String: String?] = [:]) -> Step {
        send(
            "GET", "/v1.0/state/statestore/\(key)",
            value.map { .ok($0, fields) } ?? Answer(status: 204, body: "", fields: ["Etag": nil]))
    }

    static func get(_ key: String, memory: String?, sqlite: String?, redis: String?) -> Step {
        func answer(_ value: String?) -> Answer { value.map { .ok($0) } ?? .noContent }
        return send(
            "GET", "/v1.0/state/statestore/\(key)", memory: answer(memory), sqlite: answer(sqlite),
            redis: answer(redis))
    }

    static func bulk(_ body: String, _ answer: Answer) -> Step {
        send("POST", "/v1.0/state/statestore/bulk", body, answer)
    }

    static func transact(_ body: String, _ answer: Answer = .noContent) -> Step {
        send("POST", "/v1.0/state/statestore/transaction", body, answer)
    }

    static func transact(_ body: String, memory: Answer, sqlite: Answer, redis: Answer) -> Step {
        send(
            "POST", "/v1.0/state/statestore/transaction", body, memory: memory, sqlite: sqlite,
            redis: redis)
    }
}

/// A row of the contract: requests in order, the name telling what they hold.
struct ContractCase: Sendable, CustomTestStringConvertible {
    let name: String
    let steps: [Step]

    init(_ name: String, _ steps: Step...) {
        self.name = name
        self.steps = steps
    }

    var testDescription: String { name }

    func run(on store: Store) async throws {
        try await SidecarFixture.run(SidecarPlan(store: store)) { sidecar in
            var exchange = Exchange(client: try sidecar.client(), store: store, app: sidecar.appID)
            for step in steps { try exchange.run(step) }
        }
    }
}

/// A row's requests on one connection, with the etags seen so far.
private struct Exchange {
    let client: WireClient
    let store: Store
    let app: String
    var etags: [String: String] = [:]

    mutating func run(_ step: Step) throws {
        let response = try client.request(
            step.method, filled(step.target),
            headers: step.headers.map { ($0.0, filled($0.1)) }, body: step.body.map(filled))
        let answer = try #require(step.expected[store])
        let what = "\(step.method) \(step.target) \(step.body ?? "")"
        #expect(response.status == answer.status, "\(what): \(response.text)")
        if let body = answer.body {
            #expect(normalized(response.text) == filled(body), "\(what)")
        }
        for (name, value) in answer.fields {
            #expect(response[name] == value.map(filled), "\(name) of \(what)")
        }
        if step.method == "GET", let key = step.target.split(separator: "/").last {
            etags[String(key)] = response["Etag"]
        }
    }

    private func filled(_ text: String) -> String {
        guard text.contains("$") else { return text }
        var text = text.replacing("$app", with: app)
        for (key, etag) in etags { text = text.replacing("$etag:\(key)", with: etag) }
        return text
    }

    private func normalized(_ text: String) -> String {
        text.replacing(/script: [0-9a-f]{40}/, with: "script: $sha")
    }
}

@Suite struct StateContractTests {
    @Test(arguments: Contract.all, Store.allCases)
    func `the state API is what Dapr's is`(row: ContractCase, store: Store) async throws {
        try await row.run(on: store)
    }
}

/// The rows, in the order of state.md of the specification.
enum Contract {
    static let all = save + etags + get + delete + bulk + transactions + query
}
