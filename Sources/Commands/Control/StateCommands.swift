internal import ArgumentParser
internal import JSON

/// `fakedapr reset`: back to how a sandbox began.
struct ResetCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset", abstract: "Put a running sandbox back to how it began.")
    static let table = OptionTable.control("reset", operands: "[<part> ...]")
    static let discussion = """
        Everything, or only the parts that are named: state, topics, journal, faults, stubs, clock. \
        In a shared Redis or database only what is the sandbox's own.

        EXAMPLES
          fakedapr reset
          fakedapr reset state journal
        """
    static let actions = [
        ControlAction(
            arguments: ["[<part> ...]"],
            requests: { _, words in
                let parts = words.flatMap { $0.split(separator: ",").map(String.init) }
                let only = JSONValue.array(parts.map { .string($0) })
                return [
                    .post("/reset", ControlBody(.members(["only": parts.isEmpty ? nil : only])))
                ]
            })
    ]

    @Argument(parsing: .captureForPassthrough) var words: [String] = []
}

/// `fakedapr seed`: state, topics, faults and stubs of a file.
struct SeedCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "seed", abstract: "Put state, messages, faults and stubs into a sandbox.")
    static let table = OptionTable.control("seed", operands: "<document> ...")
    static let discussion = """
        A document is a file, YAML or JSON, - for standard input, or JSON itself.

        EXAMPLES
          fakedapr seed seed.yaml
          fakedapr seed '{"state": {"statestore": {"a": 1, "b": {"c": 2}}}}'
        """
    static let actions = [
        ControlAction(
            arguments: ["<document> ..."],
            requests: { _, words throws(Failure) in
                try words.map { word throws(Failure) in
                    .post("/seed", try ControlBody(word: word))
                }
            })
    ]

    @Argument(parsing: .captureForPassthrough) var words: [String] = []
}

/// `fakedapr snapshot`: what stores and topics hold, kept by name.
struct SnapshotCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot", abstract: "Save, load and compare what a sandbox holds.")
    static let table = OptionTable.control(
        "snapshot", operands: "<action> ...",
        [.flag("exit-code", nil, "diff: End with 4 when there is a difference.")])
    static let discussion = """
        EXAMPLES
          fakedapr snapshot save before
          fakedapr snapshot diff before
          fakedapr snapshot show before > before.json
        """
    static let actions = [
        ControlAction(name: "list", help: "Name what was saved.") { _, _ in
            [.get("/snapshots")]
        } text: {
            NamedRows.text($0, "snapshots")
        },
        ControlAction(name: "save", arguments: ["<name>"], help: "Save what there is now.") {
            [.post(ControlTarget.path("snapshots", $1[0]))]
        },
        ControlAction(
            name: "load", arguments: ["<name>"], help: "Put it in place of what there is."
        ) {
            [.post(ControlTarget.path("snapshots", $1[0], "load"))]
        },
        ControlAction(name: "show", arguments: ["<name>"], help: "Print it, as JSON.") {
            [.get(ControlTarget.path("snapshots", $1[0]))]
        } text: {
            $0.text
        },
        ControlAction(
            name: "put", arguments: ["<name>", "<document>"], help: "Take what `show` has printed.",
            requests: { _, words throws(Failure) in
                [
                    ControlRequest(
                        method: "PUT", target: ControlTarget.path("snapshots", words[0]),
                        body: try ControlBody(word: words[1]))
                ]
            }),
        ControlAction(
            name: "diff", arguments: ["<name>", "[<other>]"],
            help: "Tell what has changed since, or in another one."
        ) { _, words in
            let other = words.count > 1 ? [("with", words[1])] : []
            return [
                .get(
                    ControlTarget.path("snapshots", words[0], "diff")
                        + ControlTarget.query(other.map { (name: $0.0, value: $0.1) }))
            ]
        } text: {
            DiffText.of($0)
        } status: { options, answer in
            let isChecked = options.isSet("exit-code") && answer["identical"]?.bool == false
            return isChecked ? ExitStatus.expectation.rawValue : 0
        },
        ControlAction(name: "delete", arguments: ["<name>"], help: "Forget it.") {
            [.delete(ControlTarget.path("snapshots", $1[0]))]
        },
    ]

    @Argument(parsing: .captureForPassthrough) var words: [String] = []
}
