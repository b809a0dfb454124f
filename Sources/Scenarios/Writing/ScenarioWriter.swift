internal import JSON
internal import Matching

/// Writes a scenario from what was recorded. Pure.
package struct ScenarioWriter {
    private let recording: Recording
    private let name: String

    package init(_ recording: Recording, name: String) {
        self.recording = recording
        self.name = name
    }

    /// The scenario's file.
    package var text: String {
        var lines = ["version: 1", "name: \(YAMLText.scalar(escaped(name)))"]
        lines += head
        if !recording.apps.isEmpty { lines += ["", "apps:"] + recording.apps.flatMap(app) }
        lines += ["", "steps:"]
        lines += recording.exchanges.flatMap(step).map { "  \($0)" }
        lines += recording.apps.flatMap(waits).map { "  \($0)" }
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: Sidecar

    /// Stores and brokers that are spoken to, each in every kind that there is.
    private var head: [String] {
        let stores = names("state")
        let brokers = Set(names("publish") + recording.apps.flatMap(\.subscriptions).map(\.pubsub))
        var components: [JSONValue.Member] = stores.map { .init($0, .string("state.${store}")) }
        components += brokers.sorted().map { .init($0, .string("pubsub.${broker}")) }
        let kinds = JSONValue.array(["memory", "sqlite", "redis"].map { .string($0) })
        var matrix: [JSONValue.Member] = []
        if !stores.isEmpty { matrix.append(.init("store", kinds)) }
        if !brokers.isEmpty { matrix.append(.init("broker", kinds)) }
        var sidecar = [JSONValue.Member("appId", .string(recording.appID))]
        if !components.isEmpty { sidecar.append(.init("components", .object(components))) }
        return (matrix.isEmpty ? [] : YAMLText.member("matrix", .object(matrix), indent: 0))
            + YAMLText.member("sidecar", .object(sidecar), indent: 0)
    }

    /// The components that paths like `/v1.0/state/NAME` name, each once.
    private func names(_ block: String) -> [String] {
        let names = recording.exchanges.compactMap { exchange -> String? in
            let path = exchange.path
            guard path.count > 2, path[0].hasPrefix("v1.0"), path[1] == block,
                !exchange.hasFoundNoComponent
            else { return nil }
            guard path[2] == "bulk", block == "publish" else { return String(path[2]) }
            return path.count > 3 ? String(path[3]) : nil
        }
        return Set(names).sorted()
    }

    // MARK: Applications

    private func app(_ app: RecordedApp) -> [String] {
        var lines = ["  \(YAMLText.scalar(app.id)):"]
        if !app.subscriptions.isEmpty {
            lines.append("    subscribe:")
            lines += app.subscriptions.flatMap { one in
                YAMLText.item(
                    .object([
                        .init("pubsubname", .string(one.pubsub)),
                        .init("topic", .string(one.topic)), .init("route", .string(one.route)),
                    ]), indent: 6)
            }.map { "      \($0)" }
        }
        guard !app.rules.isEmpty else { return lines.count == 1 ? ["\(lines[0]) {}"] : lines }
        lines.append("    routes:")
        return lines
            + app.rules.flatMap { YAMLText.item(rule($0), indent: 6) }.map { "      \($0)" }
    }

    private func rule(_ exchange: RecordedExchange) -> JSONValue {
        let parts = exchange.target.split(separator: "?", maxSplits: 1)
        var when = [
            JSONValue.Member("method", .string(exchange.method)),
            JSONValue.Member("path", text(parts.first.map(String.init) ?? "/")),
        ]
        if parts.count == 2 { when.append(.init("query", text(String(parts[1])))) }
        var members = [JSONValue.Member("when", .object(when))]
        guard let answer = exchange.answer else { return .object(members) }
        var reply: [JSONValue.Member] = []
        if answer.status != 200 { reply.append(.init("status", .number(String(answer.status)))) }
        reply += self.body(answer.body)
        members.append(.init("reply", .object(reply)))
        return .object(members)
    }

    private func waits(_ app: RecordedApp) -> [String] {
        app.subscriptions.filter { $0.count > 0 }.flatMap { one in
            YAMLText.item(
                .object([
                    .init(
                        "wait",
                        .object([
                            .init("app", .string(app.id)), .init("api", .string("deliver")),
                            .init("topic", .string(one.topic)),
                            .init("atLeast", .number(String(one.count))),
                        ]))
                ]), indent: 2)
        }
    }

    // MARK: Steps

    private static let verbs = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]

    private func step(_ exchange: RecordedExchange) -> [String] {
        let etags = RecordedEtags(exchange)
        return etags.reads.flatMap { lines(of: $0) } + step(exchange, etags)
    }

    private func step(_ exchange: RecordedExchange, _ etags: RecordedEtags) -> [String] {
        var members: [JSONValue.Member] = []
        if Self.verbs.contains(exchange.method) {
            members.append(.init(exchange.method.lowercased(), text(exchange.target)))
        } else {
            members.append(.init("request", text(exchange.target)))
            members.append(.init("method", .string(exchange.method)))
        }
        if let app = exchange.app { members.append(.init("app", .string(app))) }
        let headers = headers(exchange).map { etags.header($0) }
        if !headers.isEmpty { members.append(.init("headers", .object(headers))) }
        members += body(exchange.body).map { etags.member($0) }
        if let answer = exchange.answer { members.append(.init("expect", expectation(answer))) }
        return lines(of: members)
    }

    private func lines(of members: [JSONValue.Member]) -> [String] {
        let lines = members.flatMap { YAMLText.member($0.name, $0.value, indent: 4) }
        return lines.enumerated().map { ($0 == 0 ? "- " : "  ") + $1 }
    }

    /// What clients add of themselves says nothing.
    private static let ofClients = [
        "host", "user-agent", "accept", "accept-encoding", "accept-language", "connection",
        "content-length", "transfer-encoding", "traceparent", "tracestate", "dapr-api-token",
        "cookie", "origin", "referer", "x-forwarded-for", "x-forwarded-host", "forwarded", "expect",
    ]

    private func headers(_ exchange: RecordedExchange) -> [JSONValue.Member] {
        exchange.headers.filter { name, value in
            let lower = name.lowercased()
            if lower == "content-type" {
                // `json` brings its own; curl's stands for no choice of somebody's.
                return !exchange.body.isEmpty
                    && !value.hasPrefix("application/json")
                    && !(value.hasPrefix("application/x-www-form-urlencoded")
                        && exchange.json != nil)
            }
            return !Self.ofClients.contains(lower) && !lower.hasPrefix("sec-")
        }.map { .init($0.name, text($0.value)) }
    }

    private func body(_ body: String) -> [JSONValue.Member] {
        guard !body.isEmpty else { return [] }
        // A text that is no more than a number may not have been meant as JSON; it makes no difference.
        if let json = RecordedExchange.json(body) {
            return [.init("json", json.mappingTexts(escaped))]
        }
        return [.init("body", text(body))]
    }

    /// The status and the body: of an error the code and the message.
    private func expectation(_ answer: RecordedExchange.Answer) -> JSONValue {
        var members = [JSONValue.Member("status", .number(String(answer.status)))]
        guard !answer.body.isEmpty else { return .object(members) }
        guard let json = RecordedExchange.json(answer.body) else {
            members.append(.init("body", text(answer.body)))
            return .object(members)
        }
        // Of an etag that did not fit each store has its own words, with the etags of its run.
        let parts = answer.status == 409 ? ["errorCode"] : ["errorCode", "message"]
        let error = json.object?.filter { parts.contains($0.name) } ?? []
        let told = json["errorCode"] == nil ? json : .object(error)
        members.append(.init("json", told.mappingTexts(escaped).asExpected))
        return .object(members)
    }

    // MARK: Texts

    private func text(_ text: String) -> JSONValue { .string(escaped(text)) }

    /// What was recorded holds no variables.
    private func escaped(_ text: String) -> String { text.replacing("${", with: "$${") }
}

extension JSONValue {
    /// An object whose members are named like operators is compared as a whole.
    fileprivate var asExpected: JSONValue {
        switch self {
        case .object(let members):
            let isCondition = members.contains {
                Matcher.operatorNames.contains($0.name)
            }
            return isCondition
                ? .object([.init("exactly", self)])
                : .object(members.map { .init($0.name, $0.value.asExpected) })
        case .array(let elements): return .array(elements.map(\.asExpected))
        default: return self
        }
    }
}
