internal import Bytes
internal import CWasmtime
internal import Glibc
internal import Transport

/// Runs guests: compiles or loads their modules, keeps them, and runs each on the calling thread.
@safe package final class GuestRunner: Sendable {
    package let engine: Engine
    private let cache: ModuleCache?
    private let fallsBack: Bool
    /// Cranelift's engine, made when a module wants it.
    private let other = Guarded<Engine?>(nil)

    /// - Parameter fallsBack: whether what Winch refuses (tail calls, exceptions, garbage collection)
    ///   is compiled by Cranelift.
    package init(_ engine: Engine, cache: ModuleCache?, fallsBack: Bool = false) {
        self.engine = engine
        self.cache = cache
        self.fallsBack = fallsBack && engine.settings.compiler == .winch
    }

    /// The module of a file's bytes, compiled or from the cache.
    package func module(
        _ bytes: [UInt8]
    ) throws(GuestError) -> (module: CompiledModule, timings: GuestTimings) {
        do throws(GuestError) { return try module(bytes, on: engine) } catch {
            guard fallsBack, case .notAModule = error else { throw error }
            return try module(bytes, on: try fallback())
        }
    }

    private func module(
        _ bytes: [UInt8], on engine: Engine
    ) throws(GuestError) -> (module: CompiledModule, timings: GuestTimings) {
        var timings = GuestTimings()
        let start = Reactor.monotonicNow()
        if let known = cache?.load(bytes, for: engine) {
            timings.isCached = true
            timings.compile = .nanoseconds(Reactor.monotonicNow() - start)
            return (known, timings)
        }
        let made = try CompiledModule(compiling: Self.binary(bytes), on: engine)
        timings.compile = .nanoseconds(Reactor.monotonicNow() - start)
        cache?.store(made, of: bytes, for: engine)
        return (made, timings)
    }

    private func fallback() throws(GuestError) -> Engine {
        try other.withLock { made throws(GuestError) in
            if let made { return made }
            var settings = engine.settings
            settings.compiler = .cranelift
            let engine = try Engine(settings)
            made = engine
            return engine
        }
    }

    /// Runs a guest to its end on the calling thread, which blocks meanwhile.
    package func run(
        _ run: GuestRun, _ module: CompiledModule
    ) throws(GuestError) -> GuestOutcome {
        let context = RunContext(run)
        // The module's own engine: not always this runner's first one.
        let engine = module.engine
        return try engine.whileTicking { () -> GuestOutcome in
            var raw = unsafe cwt_outcome()
            unsafe Self.withOptions(run, context) { options in
                unsafe cwt_run(engine.handle, module.handle, options, &raw)
            }
            // Safe: the texts are copied before they are freed.
            defer { unsafe cwt_outcome_free(&raw) }
            return unsafe Self.outcome(raw, run, context)
        }
    }

    /// The module's file.
    package static func read(_ path: String) throws(GuestError) -> [UInt8] {
        do throws(SystemError) { return try FileContents.read(path) } catch {
            throw .unreadable(path: path, error)
        }
    }

    /// A module's bytes; what is given in the text format (`.wat`) is turned into them.
    private static func binary(_ bytes: [UInt8]) throws(GuestError) -> [UInt8] {
        let first = bytes.first { $0 > 0x20 }
        guard first == UInt8(ascii: "(") || first == UInt8(ascii: ";"),
            let text = String(validating: bytes, as: UTF8.self)
        else { return bytes }
        return try CompiledModule.bytes(ofWAT: text)
    }

    // MARK: To C and back

    private static func withOptions(
        _ run: GuestRun, _ context: RunContext, _ body: (UnsafePointer<cwt_options>) -> Void
    ) {
        let arguments = CStrings([run.name.fileName] + run.arguments)
        let names = CStrings(run.environment.map(\.name))
        let values = CStrings(run.environment.map(\.value))
        let hosts = CStrings(run.folders.map(\.host))
        let guests = CStrings(run.folders.map(\.guest))
        let export = CStrings(run.export.map { [$0] } ?? [])
        let input = Array(run.input)
        // Safe: the arrays, the strings and the context outlive the call, which keeps nothing.
        unsafe input.withUnsafeBufferPointer { input in
            var options = unsafe cwt_options()
            unsafe options.arguments = arguments.pointers
            unsafe options.argument_count = arguments.count
            unsafe options.names = names.pointers
            unsafe options.values = values.pointers
            unsafe options.environment_count = names.count
            unsafe options.input = input.baseAddress
            unsafe options.input_count = input.count
            unsafe options.host_folders = hosts.pointers
            unsafe options.guest_folders = guests.pointers
            unsafe options.folder_count = hosts.count
            unsafe options.memory_limit = Int64(run.limits.memory)
            unsafe options.fuel = run.limits.fuel ?? 0
            unsafe options.inherits_input = run.inheritsInput
            unsafe options.deadline = context.deadline
            unsafe options.is_seeded = run.seed != nil
            unsafe options.seed = run.seed ?? 0
            unsafe options.export_name = run.export == nil ? nil : export.pointers?[0]
            unsafe options.context = Unmanaged.passUnretained(context).toOpaque()
            unsafe options.host = { context, call in
                guard let context = unsafe context, let call = unsafe call else { return 12 }
                let run = unsafe Unmanaged<RunContext>.fromOpaque(context).takeUnretainedValue()
                return unsafe run.http.answer(HostCall(call.pointee))
            }
            unsafe options.output = { context, stream, bytes, count in
                guard let context = unsafe context else { return }
                let written = unsafe ByteSlice(UnsafeBufferPointer(start: bytes, count: count))
                unsafe Unmanaged<RunContext>.fromOpaque(context).takeUnretainedValue()
                    .take(written, OutputStream(rawValue: stream) ?? .standardOutput)
            }
            unsafe withUnsafePointer(to: &options) { unsafe body($0) }
        }
        withExtendedLifetime((arguments, names, values, hosts, guests, export, context)) {}
    }

    private static func outcome(
        _ raw: cwt_outcome, _ run: GuestRun, _ context: RunContext
    ) -> GuestOutcome {
        var outcome = unsafe GuestOutcome(end: end(raw, run))
        outcome.output = context.output
        outcome.errorOutput = context.errorOutput
        outcome.calls = context.http.calls
        unsafe outcome.timings.instantiate = .nanoseconds(raw.instantiate_nanoseconds)
        unsafe outcome.timings.run = .nanoseconds(raw.run_nanoseconds)
        return outcome
    }

    private static func end(_ raw: cwt_outcome, _ run: GuestRun) -> GuestEnd {
        let message = unsafe raw.message.map { unsafe String(cString: $0) } ?? ""
        switch unsafe raw.end {
        case CWT_FINISHED: return .exited(0)
        case CWT_EXITED: return unsafe .exited(raw.status)
        case CWT_OUT_OF_TIME: return .timedOut(after: run.limits.time)
        case CWT_TRAPPED: return unsafe trap(raw, message, run)
        default:
            return message.contains("exceeds memory limits")
                ? .outOfMemory(limit: run.limits.memory) : .notRunnable(message)
        }
    }

    /// Wasmtime's code of the trap that allocators end with.
    private static let unreachable: Int32 = 9

    private static func trap(_ raw: cwt_outcome, _ message: String, _ run: GuestRun) -> GuestEnd {
        let (reason, backtrace) = TrapText.split(message)
        switch unsafe raw.trap_code {
        case 11: return .outOfFuel(run.limits.fuel ?? 0)
        default:
            // A guest that is refused memory usually gives up by trapping: when the next doubling
            // would have passed the limit, that was it.
            let isFull =
                unsafe raw.trap_code == unreachable && raw.memory_size * 2 > run.limits.memory
            return isFull
                ? .outOfMemory(limit: run.limits.memory)
                : .trapped(reason: reason, backtrace: backtrace)
        }
    }
}

/// Wasmtime's message of a trap: a headline, the backtrace, the cause.
enum TrapText {
    static func split(_ message: String) -> (reason: String, backtrace: String) {
        let lines = message.split(separator: "\n").map(String.init)
        let cause = lines.last { $0.contains("wasm trap: ") }
        let reason = cause.map { line in
            line.split(separator: "wasm trap: ").last.map(String.init) ?? line
        }
        let frames = lines.filter { line in
            let trimmed = line.drop { $0 == " " }
            return trimmed.first?.isNumber == true && trimmed.contains(": ")
        }.filter { !$0.contains("wasm trap: ") }
        return (reason ?? lines.last ?? message, frames.joined(separator: "\n"))
    }
}

/// What a run's callbacks reach: its HTTP functions and its output. Lives on the guest's thread.
private final class RunContext {
    let http: GuestHTTP
    let deadline: MonotonicTime
    private(set) var output: ByteSlice = []
    private(set) var errorOutput: ByteSlice = []
    private let limit: Int
    private let onOutput: (@Sendable (OutputStream, ByteSlice) -> Void)?

    init(_ run: GuestRun) {
        deadline = Reactor.monotonicNow() + run.limits.time.nanoseconds
        http = GuestHTTP(
            boundary: run.boundary, maxOpen: run.maxOpenResponses, deadline: deadline)
        limit = run.limits.output
        onOutput = run.onOutput
    }

    func take(_ bytes: ByteSlice, _ stream: OutputStream) {
        switch stream {
        case .standardOutput: output += bytes.prefix(limit - output.count)
        case .standardError: errorOutput += bytes.prefix(limit - errorOutput.count)
        }
        onOutput?(stream, bytes)
    }
}

/// An array of C strings, freed with its owner.
@safe private final class CStrings {
    let count: Int
    private let storage: UnsafeMutablePointer<UnsafePointer<CChar>?>

    init(_ texts: [String]) {
        count = texts.count
        unsafe storage = .allocate(capacity: texts.count + 1)
        for (index, text) in texts.enumerated() {
            unsafe storage[index] = UnsafePointer(strdup(text))
        }
        unsafe storage[texts.count] = nil
    }

    var pointers: UnsafePointer<UnsafePointer<CChar>?>? { unsafe UnsafePointer(storage) }

    deinit {
        for index in 0..<count { unsafe free(UnsafeMutablePointer(mutating: storage[index])) }
        unsafe storage.deallocate()
    }
}

extension String {
    /// What follows the last slash.
    fileprivate var fileName: String {
        lastIndex(of: "/").map { String(self[index(after: $0)...]) } ?? self
    }
}
