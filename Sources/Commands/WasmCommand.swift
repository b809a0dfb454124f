internal import ArgumentParser
internal import Bytes
internal import Glibc
internal import JSON
internal import Transport
internal import WasmRunner

/// `fakedapr wasm`: guests outside a scenario.
struct WasmCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wasm", abstract: "Run WASM guests.", subcommands: [WasmRunCommand.self])
}

/// `fakedapr wasm run`: one guest against whatever hosts it is allowed.
struct WasmRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run one WASM guest.",
        discussion: """
            The guest, a module or its text (.wat), may call the functions of \
            wasi_experimental_http and WASI preview 1. Its status is handed on. Else: 124 it was \
            stopped at its time limit, 125 it cannot be run or used up its memory or fuel, 126 the \
            file is no module, 127 there is no such file, 134 it trapped.

            EXAMPLES
              fakedapr wasm run -a http://127.0.0.1:3500 guest.wasm
              fakedapr wasm run -a insecure:allow-all -e NAME=value guest.wasm first second
            """)

    @Option(
        name: [.customShort("a"), .customLong("allowed-host")],
        help: ArgumentHelp(
            "A host the guest may reach, by URL; only the host counts, not the port; repeatable.",
            valueName: "url"))
    var allowedHosts: [String] = []

    @Option(
        name: [.customShort("c"), .customLong("concurrency")],
        help: "Responses that may be open at a time.")
    var concurrency: Int?

    @Option(
        name: [.customShort("e"), .customLong("env")],
        help: ArgumentHelp("An environment variable; repeatable.", valueName: "name=value"))
    var environment: [String] = []

    @Option(
        name: [.customShort("i"), .customLong("invoke")],
        help: "The export to call (default: _start, which may be absent).")
    var invoke: String?

    @Option(
        help: ArgumentHelp("A folder the guest may use; repeatable.", valueName: "host[:guest]"))
    var dir: [String] = []

    @Option(help: "How long the guest may run: 500ms, 30s.")
    var timeout = "30s"

    @Option(help: "Mebibytes of memory the guest may use.")
    var memory = 256

    @Option(help: "Units of fuel; not counted unless given.")
    var fuel: UInt64?

    @Option(help: "Fixes random bytes and clocks.")
    var seed: UInt64?

    @Option(
        help: """
            The compiler: winch (fast to compile) or cranelift (fast code); by default winch, and \
            cranelift for what winch does not know.
            """)
    var compiler: EngineSettings.Compiler?

    @Option(help: "Where compiled modules are kept.")
    var cacheDir: String?

    @Flag(help: "Do not keep compiled modules.")
    var noCache = false

    @Flag(help: "Print how long compiling, instantiating and running took, to standard error.")
    var timings = false

    @Option(help: "text, or json: what the guest has written, how it ended, what it called.")
    var output: OutputForm = .text

    @Argument(help: "The module's file.")
    var module: String

    @Argument(parsing: .captureForPassthrough, help: "The guest's arguments.")
    var arguments: [String] = []

    func run() async throws {
        let guest = try guestRun()
        let outcome: GuestOutcome
        do throws(GuestError) { outcome = try run(guest) } catch {
            throw Failure(Self.status(of: error), error.text)
        }
        if output == .json { StandardOutput.write(GuestReport.json(outcome).text) }
        if timings { StandardError.write(GuestReport.timings(outcome.timings)) }
        throw ending(outcome)
    }

    private static func status(of error: GuestError) -> ExitStatus {
        switch error {
        case .unreadable(_, let error): error.code == ENOENT ? .notFound : .notExecutable
        case .notAModule: .notExecutable
        default: .cannotRun
        }
    }

    private func run(_ guest: GuestRun) throws(GuestError) -> GuestOutcome {
        var settings = EngineSettings()
        settings.countsFuel = fuel != nil
        settings.compiler = compiler ?? .winch
        let bytes = try GuestRunner.read(module)
        let start = Reactor.monotonicNow()
        let runner = GuestRunner(
            try Engine(settings), cache: cache, fallsBack: compiler == nil)
        let load = Duration.nanoseconds(Reactor.monotonicNow() - start)
        let (compiled, loaded) = try runner.module(bytes)
        try watch(guest.limits.time)
        var outcome = try runner.run(guest, compiled)
        outcome.timings.load = load
        outcome.timings.compile = loaded.compile
        outcome.timings.isCached = loaded.isCached
        return outcome
    }

    /// A guest that waits for its standard input hears no epoch: the process ends in its place.
    private func watch(_ time: Duration) throws(GuestError) {
        let end = Reactor.monotonicNow() + (time + .seconds(1)).nanoseconds
        do throws(SystemError) {
            try Thread.start { [module] in
                while Reactor.monotonicNow() < end { usleep(100_000) }
                StandardError.write(
                    "fakedapr: the guest \(module) was \(GuestEnd.timedOut(after: time).text)")
                ProcessExit.now(ExitStatus.timeout.rawValue)
            }
        } catch {
            throw .thread(error)
        }
    }

    private var cache: ModuleCache? {
        noCache ? nil : ModuleCache(folder: cacheDir ?? Folders.cache)
    }

    private func guestRun() throws -> GuestRun {
        var run = GuestRun(
            name: module,
            boundary: .reference(allowedHosts: allowedHosts.isEmpty ? nil : allowedHosts))
        run.arguments = arguments
        run.maxOpenResponses = concurrency
        run.export = invoke
        run.seed = seed
        run.inheritsInput = true
        guard (1...65_536).contains(memory) else {
            throw Failure(.usage, "invalid --memory `\(memory)`: write 1 to 65536 mebibytes")
        }
        guard concurrency ?? 0 >= 0 else {
            throw Failure(.usage, "invalid --concurrency: write 0 or more")
        }
        guard fuel != 0 else { throw Failure(.usage, "invalid --fuel: write 1 or more") }
        run.limits.memory = memory << 20
        run.limits.fuel = fuel
        guard let time = GoDuration.parse(timeout), time > .zero else {
            throw Failure(.usage, "invalid --timeout `\(timeout)`: write 500ms or 30s")
        }
        run.limits.time = time
        for variable in environment {
            let parts = variable.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw Failure(.usage, "invalid --env `\(variable)`: write NAME=value")
            }
            run.environment.append((String(parts[0]), String(parts[1])))
        }
        for folder in dir {
            let parts = folder.split(separator: ":", maxSplits: 1)
            guard !parts.isEmpty, !folder.hasPrefix(":") else {
                throw Failure(.usage, "invalid --dir `\(folder)`: write FOLDER or FOLDER:AS")
            }
            run.folders.append((String(parts[0]), String(parts.last ?? parts[0])))
        }
        if output == .text {
            run.onOutput = { stream, bytes in
                StandardStreams.write(bytes, to: stream.rawValue)
            }
        }
        return run
    }

    private func ending(_ outcome: GuestOutcome) -> any Error {
        switch outcome.end {
        case .exited(let status): return ExitCode(status)
        case .timedOut: return Failure(.timeout, "the guest \(module) was \(outcome.end.text)")
        case .trapped(_, let backtrace):
            let trace = backtrace.isEmpty ? "" : "\n\(backtrace)"
            return Failure(.guestTrap, "the guest \(module) \(outcome.end.text)\(trace)")
        default: return Failure(.cannotRun, "the guest \(module) \(outcome.end.text)")
        }
    }
}

extension EngineSettings.Compiler: ExpressibleByArgument {}

/// What `--output` takes.
enum OutputForm: String, ExpressibleByArgument, CaseIterable {
    case text, json
}

/// What became of a guest, and how long the parts of its run took: for people, programs and the
/// benchmark.
enum GuestReport {
    static func json(_ outcome: GuestOutcome) -> JSONValue {
        let exit: Int32? = if case .exited(let status) = outcome.end { status } else { nil }
        return .members([
            "end": .string(outcome.end.text), "exit": exit.map { .number(Int($0)) },
            "stdout": .string(String(text: outcome.output)),
            "stderr": .string(String(text: outcome.errorOutput)),
            "calls": .array(outcome.calls.map(call)),
        ])
    }

    private static func call(_ call: GuestCall) -> JSONValue {
        let result: (String, JSONValue) =
            switch call.result {
            case .answered(let status): ("status", .number(status))
            case .refused: ("error", .string("refused"))
            case .failed: ("error", .string("failed"))
            }
        return .object([
            .init("method", .string(call.method)), .init("url", .string(call.url)),
            .init(result.0, result.1),
        ])
    }

    static func timings(_ timings: GuestTimings) -> String {
        func milliseconds(_ duration: Duration) -> String {
            let micros = duration.nanoseconds / 1000
            let fraction = String(micros % 1000)
            return "\(micros / 1000)." + String(repeating: "0", count: 3 - fraction.count)
                + fraction
        }
        return """
            load \(milliseconds(timings.load)) ms
            compile \(milliseconds(timings.compile)) ms\(timings.isCached ? " (cached)" : "")
            instantiate \(milliseconds(timings.instantiate)) ms
            run \(milliseconds(timings.run)) ms
            """
    }
}
