internal import ArgumentParser
internal import JSON
internal import Transport

/// `fakedapr journal`: what a sidecar has done.
struct JournalCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal", abstract: "Print what a running sidecar was asked and did.")
    static let table = OptionTable.control(
        "journal",
        FilterOptions.rows + [
            .option("since", nil, "sequence", "Only what follows this entry."),
            .option("limit", nil, "n", "At most so many, the latest."),
        ])
    static let discussion = """
        One line per entry, oldest first; with --output json all that is known of them.

        EXAMPLES
          fakedapr journal --api state --store statestore
          fakedapr journal --topic orders --output json
        """
    static let actions = [
        ControlAction { options, _ in
            let pairs = FilterOptions.pairs(options, ["since", "limit"])
            return [.get("/journal" + ControlTarget.query(pairs))]
        } text: {
            ($0["entries"]?.array ?? []).map(JournalLine.text).joined(separator: "\n")
        }
    ]

    @Argument(parsing: .captureForPassthrough) var words: [String] = []
}

/// `fakedapr verify`: whether something was done, and how often.
struct VerifyCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check what a running sidecar has done.")
    static let table = OptionTable.control(
        "verify", operands: "[<document>]", JournalQuestionOptions.rows)
    static let discussion = """
        The question is a document (a file, - for standard input, or JSON itself) of the same keys \
        as a scenario's `verify`, or is put together from options. Ends with 0 when it is so; else \
        with 4, telling what came nearest.

        EXAMPLES
          fakedapr verify --api state --operation set --key a --exactly 1
          fakedapr verify '{"topic": "orders", "json": {"data": {"id": 7}}, "exactly": 1}'
        """
    static let actions = [
        ControlAction(
            arguments: ["[<document>]"],
            requests: { options, words throws(Failure) in
                [.post("/verify", try JournalQuestionOptions.body(options, words, "verify"))]
            })
    ]

    @Argument(parsing: .captureForPassthrough) var words: [String] = []
}
