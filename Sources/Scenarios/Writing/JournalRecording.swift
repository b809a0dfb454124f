package import JSON

/// Reads a journal, as the control API gives it, into what a scenario can be written from. Pure.
package enum JournalRecording {
    /// - Parameter journal: an object with `entries`, or the list of them.
    /// - Returns: nil for what is no journal.
    package static func recording(_ journal: JSONValue) -> Recording? {
        guard let entries = journal["entries"]?.array ?? journal.array else { return nil }
        var recording = Recording()
        let asked = entries.filter { $0["api"]?.string != "deliver" && isWorth($0) }
        recording.appID = asked.first?["app"]?.string ?? recording.appID
        for entry in asked {
            guard var exchange = exchange(entry) else { continue }
            let app = entry["app"]?.string
            exchange.app = app == recording.appID ? nil : app
            recording.exchanges.append(exchange)
            if let (callee, rule) = call(exchange) { recording.add(rule, of: callee) }
        }
        for entry in entries where entry["api"]?.string == "deliver" {
            recording.addDelivery(entry)
        }
        // Whose sidecar was asked is an application of the scenario.
        for app in recording.exchanges.compactMap(\.app) { recording.add(app) }
        recording.leaveOwnSidecar()
        return recording
    }

    /// What readiness checks and the like ask says nothing.
    private static func isWorth(_ entry: JSONValue) -> Bool {
        let path = entry["path"]?.string ?? ""
        return !path.hasPrefix("/_fakedapr") && !path.hasPrefix("/v1.0/healthz")
            && entry["method"] != nil
    }

    fileprivate static func exchange(_ entry: JSONValue) -> RecordedExchange? {
        guard let method = entry["method"]?.string, let path = entry["path"]?.string else {
            return nil
        }
        let query = entry["query"]?.string.map { "?\($0)" } ?? ""
        var exchange = RecordedExchange(method: method, target: path + query)
        exchange.headers = (entry["headers"]?.object ?? []).map { ($0.name, $0.value.string ?? "") }
        exchange.body = entry["body"]?.string ?? ""
        let status = entry["status"]?.double ?? entry["response"]?["status"]?.double
        exchange.answer = status.map {
            RecordedExchange.Answer(
                status: Int($0), body: entry["response"]?["body"]?.string ?? "")
        }
        return exchange
    }

    /// The application that an invocation has reached, and what it was asked and answered.
    private static func call(_ exchange: RecordedExchange) -> (app: String, RecordedExchange)? {
        let path = exchange.path
        guard path.count >= 4, path[1] == "invoke", path[3] == "method",
            let answer = exchange.answer,
            RecordedExchange.json(answer.body)?["errorCode"] == nil
        else { return nil }
        let query = exchange.target.firstIndex(of: "?").map { exchange.target[$0...] } ?? ""
        var rule = RecordedExchange(
            method: exchange.method,
            target: "/" + path.dropFirst(4).joined(separator: "/") + query)
        rule.answer = answer
        return (String(path[2]), rule)
    }
}

extension Recording {
    @discardableResult
    fileprivate mutating func add(_ id: String) -> Int {
        if let index = apps.firstIndex(where: { $0.id == id }) { return index }
        apps.append(RecordedApp(id: id))
        return apps.count - 1
    }

    /// Of several answers to one request the first counts.
    fileprivate mutating func add(_ rule: RecordedExchange, of id: String) {
        let index = add(id)
        let isKnown = apps[index].rules.contains {
            $0.method == rule.method && $0.target == rule.target
        }
        if !isKnown { apps[index].rules.append(rule) }
    }

    /// The scenario's own sidecar has no application: one that got something is another's.
    fileprivate mutating func leaveOwnSidecar() {
        guard apps.contains(where: { $0.id == appID }) else { return }
        for index in exchanges.indices where exchanges[index].app == nil {
            exchanges[index].app = appID
        }
        appID = "scenario"
    }

    fileprivate mutating func addDelivery(_ entry: JSONValue) {
        guard let id = entry["app"]?.string, let pubsub = entry["pubsub"]?.string,
            let topic = entry["topic"]?.string, let exchange = JournalRecording.exchange(entry)
        else { return }
        let index = add(id)
        let known = apps[index].subscriptions.firstIndex {
            $0.pubsub == pubsub && $0.topic == topic && $0.route == exchange.target
        }
        if let known {
            apps[index].subscriptions[known].count += 1
        } else {
            apps[index].subscriptions.append(
                .init(pubsub: pubsub, topic: topic, route: exchange.target, count: 1))
        }
        var rule = RecordedExchange(method: exchange.method, target: exchange.target)
        rule.answer = exchange.answer
        add(rule, of: id)
    }
}
