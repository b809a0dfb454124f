internal import JSON

/// An entry of the journal on one line, with its number.
enum JournalLine {
    static func text(_ entry: JSONValue) -> String {
        let words = EntryWords(entry: entry)
        let request = words.request(words["path"])
        let texts =
            [
                words["sequence"].map { "#\($0)" }, words["time"], words["app"], words["api"],
                request.isEmpty ? nil : request, words["status"],
            ] + words.operations + [words.topic, words.attempt, words["outcome"]]
            + ["fault", "hint"].map { name in words[name].map { "\(name): \($0)" } }
        return texts.compactMap(\.self).joined(separator: "  ")
    }
}
