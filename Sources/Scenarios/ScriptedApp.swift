internal import Bytes
internal import HTTP
internal import JSON
internal import Matching
internal import Transport

/// An application that answers by the rules of a scenario, over real HTTP on a port of its own.
///
/// Confined to the case's loop.
final class ScriptedApp: RequestHandler {
    private let description: ScriptedAppDescription
    private let reactor: Reactor
    private let variables: () -> [String: String]
    /// How often each rule has answered.
    private var uses: [Int]

    /// - Parameter variables: what they are when a request comes.
    init(
        _ description: ScriptedAppDescription, on reactor: Reactor,
        variables: @escaping () -> [String: String]
    ) {
        self.description = description
        self.reactor = reactor
        self.variables = variables
        uses = Array(repeating: 0, count: description.rules.count)
    }

    func respond(to request: Request) async -> Response {
        let body = (try? await request.body.collect(upTo: Self.bodyLimit)) ?? []
        let outcome = Outcome(request.head, body)
        if let index = rule(for: outcome) {
            uses[index] += 1
            let reply = description.rules[index].reply
            if reply.delay > .zero { await reactor.sleep(for: reply.delay) }
            return response(reply)
        }
        // What a real application's library answers of itself.
        if request.head.path.equals(utf8: "/dapr/subscribe"),
            let subscriptions = description.subscriptions
        {
            return response(
                ReplyRule.Reply(
                    headers: [
                        ("Content-Type", Template("application/json", at: StepFailure.start))
                    ],
                    body: subscriptions))
        }
        return Response(status: 404)
    }

    private static let bodyLimit = 64 << 20

    private func rule(for outcome: Outcome) -> Int? {
        let variables = variables()
        return description.rules.indices.first { index in
            let rule = description.rules[index]
            guard uses[index] < rule.times ?? .max else { return false }
            return rule.conditions.allSatisfy {
                $0.matcher.mismatch(outcome.value($0.part), at: $0.part, variables) == nil
            }
        }
    }

    private func response(_ reply: ReplyRule.Reply) -> Response {
        let variables = variables()
        // That every variable has a value was checked before the case began.
        var response = Response(status: reply.status)
        for (name, value) in reply.headers {
            let text = value.filled(variables).text ?? value.text
            response.fields.append(Response.Field(name, text))
        }
        switch reply.body {
        case .text(let template):
            response.body = Array((template.filled(variables).text ?? template.text).utf8)[...]
        case .json(let value, _):
            response.body = Array(value.filled(variables).value.text.utf8)[...]
        case nil: break
        }
        return response
    }
}
