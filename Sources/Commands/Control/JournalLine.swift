internal import JSON

/// An entry of the journal on one line.
enum JournalLine {
    static func text(_ entry: JSONValue) -> String {
        func part(_ name: String) -> String? {
            entry[name].flatMap { $0 == .null ? nil : $0.string ?? $0.text }
        }
        let request = [part("method"), part("path")].compactMap(\.self).joined(separator: " ")
        var words = [
            part("sequence").map { "#\($0)" }, part("time"), part("app"), part("api"),
            request.isEmpty ? nil : request, part("status"),
        ]
        for operation in entry["state"]?.array ?? [] {
            let (store, key) = (operation["store"]?.string ?? "", operation["key"]?.string ?? "")
            words.append("\(operation["operation"]?.string ?? "") \(store)/\(key)")
        }
        if let topic = part("topic") { words.append("\(part("pubsub") ?? "")/\(topic)") }
        if let attempt = part("attempt"), attempt != "1" { words.append("attempt \(attempt)") }
        words.append(part("outcome"))
        words += [("fault", part("fault")), ("hint", part("hint"))].map { name, text in
            text.map { "\(name): \($0)" }
        }
        return words.compactMap(\.self).joined(separator: "  ")
    }
}
