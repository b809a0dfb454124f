internal import Blocks
internal import JSON

/// The part of schemas that says what goes wrong on purpose: a rule for each kind, with its own keys.
enum FaultSchema {
    private typealias Part = SchemaParts
    typealias Members = SchemaParts.Members

    static let definitions: Members = [("fault", Part.oneOf(kinds))]

    private static let match = Part.object(
        [
            "api", "app", "store", "operation", "key", "pubsub", "topic", "callee", "method",
            "path", "nth",
        ].map { ($0, Part.ref("matcher")) }
            + [("headers", Part.mapping(of: Part.ref("matcher")))],
        about: "Which requests are meant; all of them when it is left out.")

    private static let common: Members = [
        ("id", Part.text), ("match", match),
        (
            "probability",
            Part.make([
                ("type", .string("number")), ("minimum", .number("0")), ("maximum", .number("1")),
            ])
        ),
        ("seed", Part.integer(0)), ("count", Part.integer(1)), ("after", Part.integer(0)),
        ("for", Part.ref("duration")),
    ]

    private static let delay: Members = [
        ("delay", Part.ref("duration")), ("jitter", Part.ref("duration")),
        ("distribution", Part.word(FaultDelay.Distribution.allCases.map(\.rawValue))),
    ]

    private static var kinds: [JSONValue] {
        FaultKind.Name.allCases.map { name in
            let (members, required) = keys(of: name)
            return Part.object(
                [("kind", Part.word([name.rawValue]))] + common + members,
                required: ["kind"] + required)
        }
    }

    private static func keys(of name: FaultKind.Name) -> (Members, required: [String]) {
        switch name {
        case .latency, .delay, .appSlow: (delay, ["delay"])
        case .error:
            (
                [
                    ("status", Part.integer(200, 599)), ("errorCode", Part.text),
                    ("message", Part.text),
                ], []
            )
        case .truncate: ([("bytes", Part.integer(0))], [])
        case .slowBody: ([("bytesPerSecond", Part.integer(1))], ["bytesPerSecond"])
        case .unavailable: ([("message", Part.text)], [])
        case .duplicate: ([("copies", Part.integer(2))], [])
        case .reorder: ([("within", Part.ref("duration"))], [])
        case .reset, .etagConflict, .drop, .appUnreachable: ([], [])
        }
    }
}
