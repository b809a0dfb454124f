internal import ArgumentParser
internal import JSON

/// `fakedapr clock`: the time that a sandbox lives in.
struct ClockCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "clock", abstract: "Tell or move a sandbox's clock.")
    static let table = OptionTable.control("clock", operands: "[<action> ...]")
    static let discussion = """
        TTLs, retries, timeouts of policies and timers follow it. What becomes due by an `advance` \
        has run when the command returns.

        EXAMPLES
          fakedapr clock manual 2026-01-01T00:00:00Z
          fakedapr clock advance 1h
        """
    static let actions = [
        ControlAction(requests: { _, _ in [.get("/clock")] }, text: text),
        ControlAction(name: "advance", arguments: ["<duration>"], help: "Let time pass: 90s, 1h.") {
            [.post("/clock", ControlBody(.members(["advance": .string($1[0])])))]
        } text: {
            text($0)
        },
        ControlAction(name: "real", help: "As the machine's clock goes.") { _, _ in
            [.post("/clock", ControlBody(.members(["mode": .string("real")])))]
        } text: {
            text($0)
        },
        ControlAction(
            name: "manual", arguments: ["[<time>]"], help: "It stands still, at this time or now."
        ) { _, words in
            [
                .post(
                    "/clock",
                    ControlBody(
                        .members(["mode": .string("manual"), "at": words.first.map { .string($0) }])
                    ))
            ]
        } text: {
            text($0)
        },
        ControlAction(
            name: "accelerated", arguments: ["<rate>"], help: "It goes so many times as fast.",
            requests: { _, words throws(Failure) in
                guard Double(words[0]) != nil else {
                    throw Failure(.usage, "invalid rate `\(words[0])`: write a number such as 60")
                }
                let body = ControlBody(
                    .members(["mode": .string("accelerated"), "rate": .number(words[0])]))
                return [.post("/clock", body)]
            }, text: text),
    ]

    @Sendable private static func text(_ value: JSONValue) -> String {
        let (now, mode) = (value["now"] ?? value["at"], value["mode"])
        return [now, mode].compactMap { $0?.string }.joined(separator: "  ")
    }

    @Argument(parsing: .captureForPassthrough) var words: [String] = []
}

/// `fakedapr fault`: what goes wrong on purpose.
struct FaultCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "fault", abstract: "Make a sandbox misbehave on purpose.")
    static let table = OptionTable.control("fault", operands: "<action> ...")
    static let discussion = """
        EXAMPLES
          fakedapr fault add '{"match": {"api": "state"}, "kind": "error"}'
          fakedapr fault list
          fakedapr fault clear
        """
    static let actions = RuleActions.all(of: "faults", one: "fault")

    @Argument(parsing: .captureForPassthrough) var words: [String] = []
}

/// `fakedapr stub`: answers for applications that are not there.
struct StubCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "stub", abstract: "Answer for applications that are not there.")
    static let table = OptionTable.control("stub", operands: "<action> ...")
    static let discussion = """
        EXAMPLES
          fakedapr stub add '{"app": "stock", "when": "/a", "reply": {"body": "b"}}'
          fakedapr stub add stubs.yaml
          fakedapr stub list
        """
    static let actions = RuleActions.all(of: "stubs", one: "stub")

    @Argument(parsing: .captureForPassthrough) var words: [String] = []
}

/// What can be done with rules of a sandbox.
private enum RuleActions {
    static func all(of name: String, one: String) -> [ControlAction] {
        [
            ControlAction(name: "list", help: "Tell which there are.") { _, _ in
                [.get("/\(name)")]
            } text: {
                NamedRows.text($0, name)
            },
            ControlAction(
                name: "add", arguments: ["<document> ..."],
                help: "Add those of a file (YAML or JSON), - for standard input, or JSON.",
                requests: { _, words throws(Failure) in
                    try words.map { word throws(Failure) in
                        .post("/\(name)", try ControlBody(word: word))
                    }
                }, text: { ids($0, name).joined(separator: "\n") }),
            ControlAction(
                name: "delete", arguments: ["<id> ..."], help: "Take a \(one) away."
            ) {
                $1.map { .delete(ControlTarget.path(name, $0)) }
            },
            ControlAction(name: "clear", help: "Take all away.") { _, _ in
                [.delete("/\(name)")]
            },
        ]
    }

    @Sendable private static func ids(_ value: JSONValue, _ name: String) -> [String] {
        let made = value.array ?? value[name]?.array ?? [value]
        return made.compactMap { ($0["id"] ?? $0).string }
    }
}

/// `fakedapr sandbox`: isolated worlds beside the first one.
struct SandboxCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "sandbox", abstract: "Make isolated worlds in a running fakedapr.")
    static let table = OptionTable.control(
        "sandbox", operands: "<action> ...",
        [
            .flag("port", nil, "create: A port of its own; else it is reached by --sandbox."),
            .option("idle", nil, "duration", "create: Remove it when it was not used for so long."),
            .option("seed", nil, "n", "create: Fixes ids and other random values."),
            .option("clock", nil, "clock", "create: real, manual@TIME, accelerated:RATE@TIME."),
            .option("snapshot", nil, "name", "create: It begins with what was saved."),
        ])
    static let discussion = """
        EXAMPLES
          fakedapr sandbox create --port
          fakedapr sandbox create test-7 --idle 5m --clock manual@2026-01-01T00:00:00Z
          fakedapr sandbox delete test-7
        """
    static let actions = [
        ControlAction(name: "list", help: "Tell which there are.") { _, _ in
            [.get("/sandboxes")]
        } text: {
            NamedRows.text($0, "sandboxes", without: ["headers"])
        },
        ControlAction(
            name: "create", arguments: ["[<id>]"], help: "Make one; prints its id and its URL.",
            requests: { options, words throws(Failure) in
                let seed = try options.number("seed").map { JSONValue.number($0) }
                let body = JSONValue.members([
                    "id": words.first.map { .string($0) },
                    "port": options.isSet("port") ? .bool(true) : nil,
                    "idle": options["idle"].map { .string($0) }, "seed": seed,
                    "clock": options["clock"].map { .string($0) },
                    "snapshot": options["snapshot"].map { .string($0) },
                ])
                return [.post("/sandboxes", ControlBody(body))]
            },
            text: { value in
                ["id", "url"].compactMap { value[$0]?.string }.joined(separator: "  ")
            }),
        ControlAction(name: "delete", arguments: ["<id> ..."], help: "Remove it.") {
            $1.map { .delete(ControlTarget.path("sandboxes", $0)) }
        },
    ]

    @Argument(parsing: .captureForPassthrough) var words: [String] = []
}
