internal import Blocks
internal import Bytes
internal import HTTP
internal import JSON
internal import Matching

/// An application that answers by the stubs of a scenario, over real HTTP on a port of its own.
///
/// Confined to the case's loop.
final class ScriptedApp: RequestHandler {
    /// What answers; a scenario's steps may add to it.
    let app: StubbedApp
    private let hasSubscriptions: Bool
    private let sandbox: Sandbox
    private let variables: () -> [String: String]

    /// - Parameter variables: what they are when a request comes.
    init(
        _ id: String, _ description: ScriptedAppDescription, in sandbox: Sandbox,
        variables: @escaping () -> [String: String]
    ) {
        app = StubbedApp(id)
        for stub in description.stubs { app.add(stub) }
        app.subscriptions = description.subscriptions ?? []
        hasSubscriptions = description.subscriptions != nil
        self.sandbox = sandbox
        self.variables = variables
    }

    func respond(to request: Request) async -> Response {
        let body = (try? await request.body.collect(upTo: Self.bodyLimit)) ?? []
        let seen = Self.observation(request.head, body)
        guard let answer = app.answer(to: seen, variables()) else {
            return unmatched(request.head, seen)
        }
        await sandbox.hold(for: answer.delay)
        var response = Response(status: answer.status)
        for field in answer.fields {
            response.fields.append(
                Response.Field(String(text: field.name), String(text: field.value)))
        }
        response.body = answer.body
        return response
    }

    private static let bodyLimit = 64 << 20

    private static func observation(_ head: RequestHead, _ body: ByteSlice) -> Observation {
        let fields = (0..<head.fields.count).map { index in
            let (name, value) = head.fields[index]
            return AppField(name, value)
        }
        let query = head.query.map { [UInt8(ascii: "?")] + $0 } ?? []
        return StubRequest.observation(
            method: String(text: head.method), target: head.path + query, fields: fields,
            body: body)
    }

    /// What a real application's library answers of itself.
    private func unmatched(_ head: RequestHead, _ seen: Observation) -> Response {
        guard head.path.equals(utf8: "/dapr/subscribe"), hasSubscriptions else {
            return .plainText(404, app.refusal(of: seen, variables()))
        }
        let list = JSONValue.array(app.subscriptions).filled(variables()).value
        return Response(
            status: 200, fields: [Response.Field("Content-Type", "application/json")],
            body: Array(list.text.utf8)[...])
    }
}
