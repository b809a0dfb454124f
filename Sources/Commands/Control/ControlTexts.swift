internal import JSON

/// Rows of a listing: an object per line, its members by name.
enum NamedRows {
    /// - Parameters:
    ///   - member: where the list is when the answer is no list itself.
    ///   - without: members that say little to people.
    static func text(_ value: JSONValue, _ member: String, without: [String] = []) -> String {
        let rows = value.array ?? value[member]?.array ?? []
        return rows.map { line($0, without) }.joined(separator: "\n")
    }

    private static func line(_ row: JSONValue, _ without: [String]) -> String {
        guard let members = row.object else { return row.string ?? row.text }
        return members.filter { !without.contains($0.name) }
            .map { "\($0.name)=\($0.value.string ?? $0.value.text)" }.joined(separator: "  ")
    }
}

/// A comparison of snapshots: a line per key and per message; nothing when they are alike.
enum DiffText {
    static func of(_ value: JSONValue) -> String {
        (state(value["state"]) + topics(value["topics"])).joined(separator: "\n")
    }

    private static func state(_ state: JSONValue?) -> [String] {
        [("added", "+"), ("removed", "-"), ("changed", "~"), ("rewritten", "=")].flatMap {
            kind, sign in
            (state?[kind]?.object ?? []).flatMap { store in
                (store.value.array ?? []).map { key in
                    "\(sign) \(store.name)/\(key["key"]?.string ?? "")  \(values(key, kind))"
                }
            }
        }
    }

    private static func values(_ key: JSONValue, _ kind: String) -> String {
        switch kind {
        case "changed": "\(key["before"]?.text ?? "") -> \(key["after"]?.text ?? "")"
        case "rewritten": "the same value, another etag"
        default: key["value"]?.text ?? ""
        }
    }

    private static func topics(_ topics: JSONValue?) -> [String] {
        (topics?.object ?? []).flatMap { pubsub in
            (pubsub.value.array ?? []).flatMap { topic in
                [("added", "+"), ("removed", "-")].flatMap { kind, sign in
                    (topic[kind]?.array ?? []).map {
                        "\(sign) \(pubsub.name)/\(topic["topic"]?.string ?? "")  \(($0["data"] ?? $0).text)"
                    }
                }
            }
        }
    }
}
