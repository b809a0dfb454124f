internal import JSON

/// The words that lines about an entry of the journal are made of.
struct EntryWords {
    let entry: JSONValue

    /// A member as people read it; nil when the entry does not have it.
    subscript(name: String) -> String? { Self.plain(entry[name]) }

    private static func plain(_ value: JSONValue?) -> String? {
        value.map { $0.string ?? $0.text }
    }

    /// What was done to which keys: `set statestore/a`.
    var operations: [String] {
        (entry["state"]?.array ?? []).map { operation in
            let words = ["operation", "store", "key"].map { Self.plain(operation[$0]) ?? "" }
            return "\(words[0]) \(words[1])/\(words[2])"
        }
    }

    /// `pubsub/orders`
    var topic: String? { self["topic"].map { "\(self["pubsub"] ?? "")/\($0)" } }

    /// nil for a first attempt, which is the usual one.
    var attempt: String? { self["attempt"].flatMap { $0 == "1" ? nil : "attempt \($0)" } }

    /// `GET` and its target, whichever there is.
    func request(_ target: String?) -> String {
        [self["method"], target].compactMap(\.self).joined(separator: " ")
    }
}
