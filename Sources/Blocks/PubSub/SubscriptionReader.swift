package import Bytes
package import CEL
internal import JSON
internal import YAML

/// Reads what an application answers to `GET /dapr/subscribe`. Pure.
package enum SubscriptionReader {
    /// Why a list of subscriptions is refused as a whole.
    package enum Refusal: Error {
        case json(String)
        /// One of the rules.
        case rule(CELProblem)
    }

    /// What came of a list.
    package struct Result {
        package var subscriptions: [Subscription] = []
        /// Entries that were dropped, in Dapr's words.
        package var warnings: [String] = []
    }

    package static func programmatic(_ body: ByteSlice) throws(Refusal) -> Result {
        var result = Result()
        guard body.contains(where: { $0 > 0x20 }) else { return result }
        let json: JSONValue
        do throws(JSONSyntaxError) { json = try JSONValue.parse(body) } catch {
            throw .json(error.text)
        }
        if case .null = json { return result }
        guard let entries = json.array else {
            throw .json(
                "json: cannot unmarshal \(json.kind.goName) into Go value of type "
                    + "[]subscription.SubscriptionJSON")
        }
        for entry in entries { try take(entry, &result) }
        return result
    }

    private static func take(_ entry: JSONValue, _ result: inout Result) throws(Refusal) {
        let pubsub = entry.text("pubsubname")
        let topic = entry.text("topic")
        var rules: [Subscription.Rule] = []
        let routes = entry.member("routes")
        for rule in routes?.member("rules")?.array ?? [] {
            rules.append(try self.rule(rule.text("match"), rule.text("path")))
        }
        // A default of `routes` goes before `route`.
        let fallback = routes?.text("default") ?? ""
        let path = fallback.isEmpty ? entry.text("route") : fallback
        if !path.isEmpty { rules.append(.init(match: nil, path: path)) }
        guard !rules.isEmpty else {
            result.warnings.append(
                "topic \(topic) in pubsub \(pubsub) has an empty routes: it is not subscribed to")
            return
        }
        var bulk = Subscription.Bulk()
        if let wanted = entry.member("bulkSubscribe") {
            bulk.isEnabled = wanted.member("enabled")?.bool ?? false
            bulk.set(
                messages: wanted.member("maxMessagesCount")?.double,
                await: wanted.member("maxAwaitDurationMs")?.double)
        }
        result.subscriptions.append(
            Subscription(
                pubsub: pubsub, topic: topic, rules: rules,
                deadLetterTopic: entry.text("deadLetterTopic"),
                metadata: metadata(entry.member("metadata")), bulk: bulk, kind: .programmatic))
    }

    /// A map of texts; some SDKs send it, or a value of it, as the JSON of what they mean.
    private static func metadata(_ value: JSONValue?) -> [String: String] {
        guard let members = value?.object else { return [:] }
        var metadata: [String: String] = [:]
        for member in members { metadata[member.name] = member.value.string ?? member.value.text }
        return metadata
    }

    static func rule(
        _ match: String, _ path: String
    ) throws(Refusal) -> Subscription.Rule {
        guard !match.isEmpty else { return .init(match: nil, path: path) }
        do throws(CELProblem) {
            return .init(match: try CELProgram(match), path: path)
        } catch {
            throw .rule(error)
        }
    }

}

extension Subscription.Bulk {
    mutating func set(messages: Double?, await milliseconds: Double?) {
        if let messages, messages >= 1 { maxMessages = Int(min(messages, 100_000)) }
        if let milliseconds, milliseconds >= 1 {
            maxAwait = .milliseconds(Int(min(milliseconds, 3_600_000)))
        }
    }
}

extension JSONValue {
    /// A member, its name compared without case, as Go's decoder does.
    fileprivate func member(_ name: String) -> JSONValue? {
        if let exact = self[name] { return exact }
        let lower = name.lowercased()
        return object?.last { $0.name.lowercased() == lower }?.value
    }

    fileprivate func text(_ name: String) -> String { member(name)?.string ?? "" }
}
