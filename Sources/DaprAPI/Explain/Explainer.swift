internal import Backends
internal import Blocks
internal import Bytes
internal import HTTP
internal import YAML

/// Gives requests their hints as they are answered, and tells each hint once in the log.
///
/// Confined to the sandbox's loop.
final class Explainer {
    private let sidecar: Sidecar
    private let router: Router
    /// What was told already; not looked at any more once it is full.
    private var told: Set<String> = []
    /// What is said of messages that nobody gets: a publisher does it again and again.
    private var unheard: [MessageRecord: String] = [:]

    private static let limit = 256

    init(_ sidecar: Sidecar, _ router: Router) {
        self.sidecar = sidecar
        self.router = router
    }

    /// Looks at an answer that is about to be given.
    func explain(_ call: Call, _ path: ByteSlice, _ response: Response) {
        guard call.detail.hint == nil, let hint = hint(call, path, response) else { return }
        call.detail.hint = hint
        guard told.count < Self.limit, told.insert(hint).inserted else { return }
        sidecar.log?.write(.info, "hint: \(hint)", scope: "fakedapr.hint")
    }

    private func hint(_ call: Call, _ path: ByteSlice, _ response: Response) -> String? {
        if response.status >= 400 {
            let explanation = Explanation(
                call: call, path: path, router: router, answer: response.body)
            if let code = call.errorCode {
                return explanation.hint(of: code, status: response.status)
            }
            return response.status == 401 && call.unroutedAPI != .invoke
                ? explanation.tokenHint : nil
        }
        guard response.status == 204, let message = call.detail.message else { return nil }
        return unheardHint(message)
    }

    private func unheardHint(_ message: MessageRecord) -> String? {
        guard !Audience.hears(message, sidecar) else {
            unheard[message] = nil
            return nil
        }
        if let known = unheard[message] { return known }
        let hint = Audience.hint(message, sidecar)
        if unheard.count < Self.limit { unheard[message] = hint }
        return hint
    }
}

/// Which applications of a sandbox a message goes to.
enum Audience {
    static func hears(_ message: MessageRecord, _ sidecar: Sidecar) -> Bool {
        // Who is about to subscribe gets it too.
        guard sidecar.sandbox.awaited.isEmpty else { return true }
        return sidecar.sandbox.sidecars.contains { other in
            other.subscriptions?.active.contains {
                takes($0.topic, message.topic)
                    && isSame($0.pubsub, of: other, as: message.pubsub, of: sidecar)
            } ?? false
        }
    }

    static func hint(_ message: MessageRecord, _ sidecar: Sidecar) -> String {
        let topics = sidecar.sandbox.sidecars.flatMap { other in
            (other.subscriptions?.active ?? []).filter {
                isSame($0.pubsub, of: other, as: message.pubsub, of: sidecar)
            }.map(\.topic)
        }
        let near = Suggestion.hint(for: message.topic, among: topics).map { ": \($0)" } ?? ""
        return "no application here is subscribed to the topic \(message.topic) of "
            + message.pubsub + near
    }

    private static func takes(_ wanted: String, _ topic: String) -> Bool {
        if wanted == topic { return true }
        return wanted.hasSuffix("*") && topic.hasPrefix(wanted.dropLast())
    }

    /// Two names may stand for one broker.
    private static func isSame(
        _ name: String, of other: Sidecar, as own: String, of sidecar: Sidecar
    ) -> Bool {
        if name == own { return true }
        guard let broker = sidecar.pubSubComponents.first(where: { $0.name == own })?.broker
        else { return false }
        return other.pubSubComponents.contains { $0.name == name && $0.broker === broker }
    }
}
