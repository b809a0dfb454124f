package import Bytes
package import JSON
package import Matching

/// An answer that is ready to be sent.
package struct StubAnswer {
    package var status: Int
    package var fields: [AppField]
    package var body: ByteSlice
    /// How long it is held back.
    package var delay: Duration
}

/// An application that is made of stubs: the first that fits, and may still answer, answers.
///
/// The one engine behind scripted applications of scenarios and stubs of the control API. Confined to
/// the sandbox's loop.
package final class StubbedApp {
    package let id: String
    package private(set) var stubs: [Stub] = []
    /// What it subscribes to, as `GET /dapr/subscribe` answers it.
    package var subscriptions: [JSONValue] = []
    /// How often each stub has answered, by its id.
    private var uses: [String: Int] = [:]

    package init(_ id: String) { self.id = id }

    package func add(_ stub: Stub) { stubs.append(stub) }

    func remove(_ id: String) {
        stubs.removeAll { $0.id == id }
        uses[id] = nil
    }

    package func uses(of id: String) -> Int { uses[id] ?? 0 }

    func clear() {
        stubs = []
        subscriptions = []
        uses = [:]
    }

    var isEmpty: Bool { stubs.isEmpty && subscriptions.isEmpty }

    /// The answer to a request; nil when no stub fits.
    ///
    /// - Parameter variables: for `${variables}` in matchers and replies.
    package func answer(
        to request: Observation, _ variables: [String: String] = [:]
    ) -> StubAnswer? {
        let stub = stubs.first { stub in
            uses(of: stub.id) < stub.times ?? .max
                && request.mismatch(stub.conditions, variables) == nil
        }
        guard let stub else { return nil }
        let use = uses(of: stub.id)
        uses[stub.id] = use + 1
        let templates = StubTemplates(request: request, variables: variables, use: use + 1)
        return Self.answer(stub.reply(use), templates)
    }

    private static func answer(_ reply: StubReply, _ templates: StubTemplates) -> StubAnswer {
        let body: ByteSlice =
            switch reply.body {
            case .text(let template): Array(templates.text(template).utf8)[...]
            case .json(let value, _): Array(templates.json(value).text.utf8)[...]
            case nil: []
            }
        return StubAnswer(
            status: reply.status,
            fields: reply.headers.map { AppField($0.name, templates.text($0.value)) }, body: body,
            delay: reply.delay)
    }

    /// Whether a path is one that messages of a subscription come to.
    package func subscribes(at path: String) -> Bool {
        subscriptions.contains { $0.routes.contains { $0 == path || "/\($0)" == path } }
    }

    // MARK: What does not fit

    /// Why no stub answers, with the one that came nearest and how it differs.
    package func refusal(
        of request: Observation, _ variables: [String: String] = [:]
    ) -> String {
        let what = ["method", "path"].compactMap { request.value($0)?.string }
            .joined(separator: " ")
        let misses = stubs.map { Miss($0, uses(of: $0.id), request, variables) }
        guard let nearest = misses.min(by: { $0.distance < $1.distance }) else {
            return "no stub of \(id) answers \(what): it has none"
        }
        return "no stub of \(id) answers \(what): the nearest is \(nearest.text)"
    }

    /// How far a stub is from a request.
    private struct Miss {
        let distance: Int
        let text: String

        init(
            _ stub: Stub, _ uses: Int, _ request: Observation, _ variables: [String: String]
        ) {
            let problems = stub.conditions.compactMap {
                request.mismatch([$0], variables)
            }
            // What is wrong in the path is further away than all else.
            distance = problems.reduce(0) { $0 + ($1.path == "path" ? 10 : 1) }
            let name = stub.id.isEmpty ? "one" : stub.id
            guard !problems.isEmpty else {
                text = "\(name), which has answered its \(uses) times"
                return
            }
            let words = problems.map { "\($0.path) is to be \($0.expected), is \($0.actual)" }
            text = "\(name), whose \(words.joined(separator: "; "))"
        }
    }
}

extension JSONValue {
    /// The paths of a subscription, its names compared without case as Dapr does.
    fileprivate var routes: [String] {
        let routes = member("routes")
        let rules = routes?.member("rules")?.array ?? []
        return
            ([member("route"), routes?.member("default")] + rules.map { $0.member("path") })
            .compactMap { $0?.string }
    }

    private func member(_ name: String) -> JSONValue? {
        object?.last { $0.name.lowercased() == name }?.value
    }
}
