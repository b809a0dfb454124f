internal import CEL
internal import JSON
internal import Matching
internal import YAML

/// Reads a `Subscription` resource, v1alpha1 or v2alpha1. Pure.
enum SubscriptionResource {
    enum Problem: Error {
        /// Something is missing or of the wrong kind: *what*, and where.
        case shape(String, YAMLNode)
        /// A rule that Dapr too refuses, which ends it.
        case rule(CELProblem, YAMLNode)
    }

    static func read(
        _ spec: YAMLNode, name: String, isV2: Bool
    ) throws(Problem) -> Subscription {
        guard let pubsub = text(spec, "pubsubname"), let topic = text(spec, "topic") else {
            throw .shape("it needs spec.pubsubname and spec.topic", spec)
        }
        var rules: [Subscription.Rule] = []
        if isV2 {
            let routes = spec.member(ignoringCase: "routes")
            for rule in routes?.member(ignoringCase: "rules")?.sequence ?? [] {
                let match = rule.member(ignoringCase: "match")
                do throws(SubscriptionReader.Refusal) {
                    rules.append(
                        try SubscriptionReader.rule(match?.text ?? "", text(rule, "path") ?? ""))
                } catch {
                    if case .rule(let problem) = error { throw .rule(problem, match ?? rule) }
                }
            }
            if let path = routes.flatMap({ text($0, "default") }) {
                rules.append(.init(match: nil, path: path))
            }
        } else if let path = text(spec, "route") {
            rules.append(.init(match: nil, path: path))
        }
        guard !rules.isEmpty else {
            throw .shape(isV2 ? "it has no spec.routes" : "it has no spec.route", spec)
        }
        var bulk = Subscription.Bulk()
        if let wanted = spec.member(ignoringCase: "bulkSubscribe") {
            bulk.isEnabled = wanted.member(ignoringCase: "enabled")?.bool ?? false
            bulk.set(
                messages: wanted.member(ignoringCase: "maxMessagesCount")?.int.map(Double.init),
                await: wanted.member(ignoringCase: "maxAwaitDurationMs")?.int.map(Double.init))
        }
        var metadata: [String: String] = [:]
        for member in spec.member(ignoringCase: "metadata")?.mapping ?? [] {
            metadata[member.name] = member.value.text ?? JSONValue(member.value).text
        }
        return Subscription(
            name: name, pubsub: pubsub, topic: topic, rules: rules,
            deadLetterTopic: text(spec, "deadLetterTopic") ?? "", metadata: metadata, bulk: bulk,
            kind: .declarative)
    }

    private static func text(_ node: YAMLNode, _ name: String) -> String? {
        node.member(ignoringCase: name)?.text.flatMap { $0.isEmpty ? nil : $0 }
    }
}
