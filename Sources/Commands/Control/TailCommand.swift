internal import ArgumentParser
internal import HTTP
internal import JSON
internal import Transport

/// `fakedapr tail`: what a sidecar does, as it does it.
struct TailCommand: TableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail", abstract: "Follow what a running sidecar is asked and does.")
    static let table = OptionTable.control(
        "tail",
        FilterOptions.rows + [
            .option("lines", "n", "n", "Entries of before to begin with: 10."),
            .flag("hints", nil, "Only what has a hint."),
        ])
    static let discussion = """
        One line per entry, and one more where there is a hint. With --output json one JSON object \
        per line. When the sidecar goes away it is waited for, and followed on from where it was. \
        Ctrl-C ends it.

        EXAMPLES
          fakedapr tail
          fakedapr tail --api deliver --topic orders
          fakedapr tail --hints --output json
        """

    @Argument(parsing: .captureForPassthrough) var words: [String] = []

    func run(_ options: ParsedOptions, _ console: Console) async throws -> Int32 {
        guard options.words.isEmpty else {
            throw Failure(.usage, "`tail` takes no words: write `fakedapr tail --topic orders`")
        }
        var pairs = FilterOptions.pairs(options)
        if options.isSet("hints") { pairs.append(("hint", "*")) }
        let (wanted, isJSON) = (pairs, console.result != nil)
        let (call, count) = (try ControlCall(options), try options.number("lines") ?? 10)
        let loop = try EventLoop()
        try await loop.run { (loop) async throws -> Void in
            let tail = Tail(wanted, call, isJSON: isJSON, on: loop.reactor)
            try await tail.begin(with: count)
            while !tail.isOver { await tail.follow() }
        }
        // Who read the output has gone, as `head` does.
        throw ExitCode(0)
    }
}

/// Follows one journal: what was seen, and how it is shown. Confined to its loop.
private final class Tail {
    private let pairs: [(name: String, value: String)]
    private let call: ControlCall
    private let line: TailLine?
    private let reactor: Reactor
    /// Whether nobody reads what is shown.
    private(set) var isOver = false
    /// The number of the last entry that was seen.
    private var last = "0"
    private var hasTold = false
    private var pause = Duration.milliseconds(100)

    init(
        _ pairs: [(name: String, value: String)], _ call: ControlCall, isJSON: Bool,
        on reactor: Reactor
    ) {
        self.pairs = pairs
        self.call = call
        self.reactor = reactor
        line = isJSON ? nil : TailLine(isColored: StandardOutput.isColored)
    }

    /// Shows the latest entries. A sidecar that is not there is a failure here, and here alone.
    func begin(with count: Int) async throws {
        let query = ControlTarget.query(pairs + [("limit", String(max(0, count)))])
        let answer: JSONValue
        do { answer = try await call.send(.get("/journal\(query)")) } catch let refusal
            as ControlRefusal
        { throw refusal.failure }
        for entry in answer["entries"]?.array ?? [] { show(entry) }
        last = answer["last"]?.text ?? "0"
    }

    /// Shows what comes until the connection ends.
    func follow() async {
        let query = ControlTarget.query(pairs + [("follow", "true"), ("since", last)])
        var reader = EventStreamReader()
        do throws(CallError) {
            try await call.stream("/journal\(query)", on: reactor) { piece in
                if hasTold { StandardError.write("fakedapr: it is there again") }
                (hasTold, pause) = (false, .milliseconds(100))
                for event in reader.take(piece) {
                    last = event.id
                    if let entry = try? JSONValue.parse(Array(event.data.utf8)[...]) {
                        show(entry)
                    }
                }
                return !isOver
            }
        } catch {
            if !hasTold { StandardError.write("fakedapr: \(error.text): waiting for it to return") }
            hasTold = true
        }
        guard !isOver else { return }
        await reactor.sleep(for: pause)
        pause = min(pause * 2, .seconds(2))
    }

    private func show(_ entry: JSONValue) {
        let text = line.map { $0.text(entry) } ?? entry.text
        if !FileContents.writeAll(Array("\(text)\n".utf8), to: 1) { isOver = true }
    }
}

/// An entry for people who watch: its time, who, what, how it ended; a hint on a line of its own.
struct TailLine {
    let isColored: Bool

    func text(_ entry: JSONValue) -> String {
        let words = EntryWords(entry: entry)
        let texts = [
            painted(time(words), "2"), words["app"] ?? "", padded(words["api"] ?? ""),
            request(words), painted(ending(words), color(entry)), rest(words),
        ]
        let line = texts.filter { !$0.isEmpty }.joined(separator: "  ")
        guard let hint = words["hint"] else { return line }
        return line + "\n    " + painted("hint: \(hint)", "36")
    }

    /// The time of day with milliseconds.
    private func time(_ words: EntryWords) -> String {
        let parts = (words["time"] ?? "").dropLast().split(separator: "T")
        guard parts.count == 2 else { return "" }
        let seconds = parts[1].split(separator: ".")
        let fraction = seconds.count > 1 ? String(seconds[1].prefix(3)) : ""
        return "\(seconds[0]).\(fraction)\(String(repeating: "0", count: 3 - fraction.count))"
    }

    private func padded(_ text: String) -> String {
        text + String(repeating: " ", count: max(0, 7 - text.count))
    }

    private func request(_ words: EntryWords) -> String {
        words.request((words["path"] ?? "") + (words["query"].map { "?\($0)" } ?? ""))
    }

    private func ending(_ words: EntryWords) -> String {
        [words["status"], words["outcome"]].compactMap(\.self).joined(separator: " ")
    }

    private func rest(_ words: EntryWords) -> String {
        let others = [
            words.topic, words["callee"].map { "to \($0)" }, words.attempt,
            words["fault"].map { "fault: \($0)" },
        ]
        return (words.operations.prefix(4) + others.compactMap(\.self)).joined(separator: ", ")
    }

    private func color(_ entry: JSONValue) -> String {
        switch entry["outcome"]?.string {
        case "retry", "unreachable", "unreadable": return "31"
        case "drop", "expired", "unrouted", "deadLetter": return "33"
        default: break
        }
        switch entry["status"]?.double ?? 0 {
        case 200..<400: return "32"
        case 400..<500: return "33"
        default: return "31"
        }
    }

    private func painted(_ text: String, _ color: String) -> String {
        isColored && !text.isEmpty ? "\u{1B}[\(color)m\(text)\u{1B}[0m" : text
    }
}
