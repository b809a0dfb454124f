internal import JSON

/// What the journal can be asked for, as options.
enum FilterOptions {
    static let names = [
        "app", "api", "method", "path", "status", "store", "operation", "key", "pubsub", "topic",
        "outcome", "callee",
    ]

    static let rows: [OptionRow] = names.map { .option($0, nil, value(of: $0), help(of: $0)) }

    private static func value(of name: String) -> String {
        switch name {
        case "app", "api", "path", "topic", "key", "method": name == "app" ? "id" : name
        case "status": "n"
        case "callee": "id"
        case "outcome": "outcome"
        default: "name"
        }
    }

    private static func help(of name: String) -> String {
        switch name {
        case "app": "Whose sidecar it was."
        case "api": "state, publish, deliver, invoke, ...."
        case "method": "The HTTP method."
        case "path": "The path, without its query."
        case "status": "The answer's status."
        case "store": "The state store."
        case "operation": "get, set, delete or query."
        case "key": "The key in the store."
        case "pubsub": "The pub/sub component."
        case "topic": "The topic."
        case "outcome": "What became of a delivery: success, retry, drop, ...."
        default: "Which app was invoked."
        }
    }

    /// As pairs of a query.
    static func pairs(
        _ options: ParsedOptions, _ more: [String] = []
    ) -> [(name: String, value: String)] {
        (names + more).compactMap { name in options[name].map { (name, $0) } }
    }
}

/// A question to the journal: a document, or the options that stand for one.
enum JournalQuestionOptions {
    static let counts = ["exactly", "at-least", "at-most"]
    static let rows: [OptionRow] =
        FilterOptions.rows + [
            .option("exactly", nil, "n", "How often."),
            .option("at-least", nil, "n", "How often at least: 1 when no count is given."),
            .option("at-most", nil, "n", "How often at most."),
            .option("since", nil, "sequence", "Only what follows this entry."),
        ]

    /// Whether the options ask anything.
    static func isAsked(_ options: ParsedOptions) -> Bool {
        (FilterOptions.names + counts).contains { options[$0] != nil }
    }

    static func value(_ options: ParsedOptions) throws(Failure) -> JSONValue {
        var members = FilterOptions.pairs(options).map { name, value in
            JSONValue.Member(
                name, name == "status" && Int(value) != nil ? .number(value) : .string(value))
        }
        for name in counts + ["since"] {
            guard let number = try options.number(name) else { continue }
            members.append(.init(spelt(name), .number(number)))
        }
        return .object(members)
    }

    private static func spelt(_ name: String) -> String {
        switch name {
        case "at-least": "atLeast"
        case "at-most": "atMost"
        default: name
        }
    }

    /// The body of `verify` and `wait`.
    static func body(
        _ options: ParsedOptions, _ words: [String], _ command: String
    ) throws(Failure) -> ControlBody {
        guard let word = words.first else {
            guard isAsked(options) else {
                throw Failure(
                    .usage,
                    "`\(command)` has no question: name a document, or options such as --api state")
            }
            let isCounted = counts.contains { options[$0] != nil }
            let question = try value(options)
            guard command == "verify", !isCounted else { return ControlBody(question) }
            return ControlBody(.object((question.object ?? []) + [.init("atLeast", .number(1))]))
        }
        guard !isAsked(options) else {
            throw Failure(.usage, "`\(command)` takes a document or options, not both")
        }
        return try ControlBody(word: word)
    }
}
