internal import ArgumentParser
internal import Bytes
internal import JSON
internal import Scenarios
internal import Transport
internal import YAML

/// `fakedapr scenario new`: a scenario from a curl line, or from what a sidecar has seen.
struct ScenarioNewCommand: TableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Write a scenario from a curl line or from a journal.")
    static let table = OptionTable(
        command: "scenario new",
        rows: [
            .option(
                "to", nil, "file",
                "The file to write, which must not be there yet (default: standard output)."),
            .option("name", nil, "name", "What the scenario is called."),
            .option(
                "journal", nil, "url|file",
                "Write what a running sidecar has seen: its URL, or a file with its journal."),
            // Without the short form, which is curl's own.
            .option("output", nil, "form", "text, or json: one value on one line."),
        ], isRunner: true)
    static let discussion = """
        A curl line is asked of a sidecar of the scenario's own, in memory, and what that answers is \
        what the scenario expects. A line that was copied may be one word in quotes.

        EXAMPLES
          fakedapr scenario new curl -X POST localhost:3500/v1.0/state/statestore \
        -d '[{"key":"a","value":1}]'
          fakedapr scenario new --to orders.yaml "curl http://localhost:3500/v1.0/metadata"
          fakedapr scenario new --journal http://127.0.0.1:3500 --to recorded.yaml
        """

    @Argument(parsing: .captureForPassthrough) var words: [String] = []

    func run(_ options: ParsedOptions, _ console: Console) async throws -> Int32 {
        let text: String
        if let journal = options["journal"] {
            guard options.words.isEmpty else {
                throw Failure(.usage, "`scenario new` takes a curl line or --journal, not both")
            }
            let recording = try await JournalSource(journal).recording()
            text = ScenarioWriter(recording, name: options["name"] ?? "recorded").text
        } else {
            text = try await Self.written(options.words, name: options["name"])
        }
        guard let result = console.result else {
            try Self.write(text, to: options["to"])
            return 0
        }
        if let file = options["to"] { try Self.write(text, to: file) }
        result.set(
            .members(["scenario": .string(text), "file": options["to"].map { .string($0) }]))
        return 0
    }

    private static func write(_ text: String, to path: String?) throws(Failure) {
        guard let path else { return StandardStreams.write(Array(text.utf8)[...], to: 1) }
        guard !FileContents.exists(path) else {
            throw Failure(.file, "\(path) is there already: remove it, or name another file")
        }
        do throws(SystemError) { try FileContents.write(Array(text.utf8), to: path) } catch {
            throw Failure(.file, "cannot write \(path): \(error.reason)")
        }
        StandardError.write("wrote \(path): fakedapr scenario run \(path)")
    }

    // MARK: A curl line

    private static func written(_ words: [String], name: String?) async throws -> String {
        var exchange = try exchange(words)
        let name = name ?? "\(exchange.method) \(exchange.target)"
        var recording = Recording()
        recording.exchanges = [exchange]
        let draft = ScenarioWriter(recording, name: name).text
        exchange.answer = try await answer(to: draft)
        recording.exchanges = [exchange]
        return ScenarioWriter(recording, name: name).text
    }

    private static func exchange(_ words: [String]) throws(Failure) -> RecordedExchange {
        guard !words.isEmpty else {
            throw Failure(
                .usage,
                "`scenario new` says not from what: write a curl line behind it, or --journal URL")
        }
        do throws(CurlLine.Mistake) {
            let words = words.count == 1 ? try CurlLine.words(words[0]) : words
            return try CurlLine.exchange(words)
        } catch {
            throw Failure(.usage, "cannot read the curl line: \(error.text)")
        }
    }

    /// What a sidecar in memory answers to the one step of a scenario.
    private static func answer(to draft: String) async throws -> RecordedExchange.Answer? {
        let scenario: Scenario
        do throws(Diagnostic) {
            scenario = try ScenarioLoader.load(
                SourceText(name: "new.yaml", text: draft), folder: ".")
        } catch {
            throw Failure(.runtime, "cannot write it as a scenario: \(error.rendered)")
        }
        guard let first = ScenarioCase.all(of: scenario, fixed: [:]).first else { return nil }
        var surroundings = Surroundings(
            endpoint: nil, opener: { _ in StoreOpener(dataFolder: ".fakedapr") },
            keyPrefix: { _ in "" })
        surroundings.keepsAnswers = true
        let there = surroundings
        let loop = try EventLoop.forCommand()
        defer { loop.stop() }
        let result = await loop.run { loop in
            await ScenarioRunner(
                first, number: 0, in: there, guests: GuestLibrary(cache: nil)
            ).run(on: loop)
        }
        return result.steps.lazy.compactMap(\.answer).first
    }
}

extension CurlLine.Mistake {
    fileprivate var text: String {
        switch self {
        case .notCurl: "it does not begin with `curl`"
        case .noURL: "it names no URL"
        case .unclosedQuote: "a quote is not closed"
        case .file(let name): "its data are in the file \(name): write the data themselves"
        case .option(let name): "unknown option `\(name)`: leave it out"
        case .missingValue(let name): "the value of \(name) is missing"
        }
    }
}

/// Where a journal comes from: a running sidecar, or a file.
private struct JournalSource {
    private let place: String

    init(_ place: String) { self.place = place }

    func recording() async throws -> Recording {
        let bytes =
            place.hasPrefix("http://")
            ? try await fetched() : try FileContents.readNamed(place)[...]
        guard let json = try? JSONValue.parse(bytes),
            let recording = JournalRecording.recording(json)
        else { throw Failure(.file, "\(place) is no journal: it has no `entries`") }
        guard !recording.exchanges.isEmpty else {
            throw Failure(.file, "the journal of \(place) holds no requests")
        }
        return recording
    }

    private func fetched() async throws -> ByteSlice {
        let call = try SidecarCall(
            url: place, token: ProcessEnvironment["DAPR_API_TOKEN"] ?? "", fields: [])
        do throws(CallError) {
            let answer = try await call.send("GET", "/_fakedapr/journal")
            guard answer.status == 200 else {
                throw CallError(text: "HTTP \(answer.status)")
            }
            return answer.body
        } catch {
            throw Failure(
                .runtime,
                "cannot read the journal of \(place): \(error.text): is a fakedapr running there?")
        }
    }
}
