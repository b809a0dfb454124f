internal import CWasmtime
internal import Glibc
package import Transport

/// What a guest's code is made and counted with.
package struct EngineSettings: Hashable, Sendable {
    package enum Compiler: String, Sendable, CaseIterable {
        /// Wasmtime's baseline compiler: a third of Cranelift's time to compile.
        case winch
        /// The optimising compiler: code that runs twice as fast.
        case cranelift
    }

    package var compiler = Compiler.winch
    /// Whether runs may be bounded by fuel; costs some speed. Needs Cranelift in some versions.
    package var countsFuel = false

    package init() {}
}

/// Why a guest could not even begin.
package enum GuestError: Error, Equatable {
    case library(WasmLibrary.Missing)
    case engine(String)
    /// The file cannot be read.
    case unreadable(path: String, SystemError)
    /// The bytes are no module that can be compiled.
    case notAModule(String)
    case thread(SystemError)

    package var text: String {
        switch self {
        case .library(let missing): missing.text
        case .engine(let why): "the WASM engine could not be made: \(why)"
        case .unreadable(let path, let error): "cannot read the guest \(path): \(error.reason)"
        case .notAModule(let why): "the guest is no WASM module that can be run: \(why)"
        case .thread(let error): "no thread for the guest: \(error.reason)"
        }
    }
}

/// A Wasmtime engine: shared by all guests of a process, from any thread.
///
/// Owns the C handle and the ticker that moves the epoch while a guest runs.
@safe package final class Engine: @unchecked Sendable {
    let handle: OpaquePointer
    package let settings: EngineSettings
    /// Where the library was found; part of what a cached module depends on.
    let library: String
    private let ticking = Guarded(Ticking())

    /// The ticker ends when no guest runs, and is one however often guests come and go: two would
    /// halve every time limit.
    private struct Ticking {
        var guests = 0
        var hasTicker = false
    }

    /// How far apart two ticks of the epoch are.
    static let tick = Duration.milliseconds(5)

    package init(_ settings: EngineSettings = EngineSettings()) throws(GuestError) {
        do throws(WasmLibrary.Missing) { library = try WasmLibrary.load() } catch {
            throw .library(error)
        }
        var problem: UnsafeMutablePointer<CChar>?
        let made = unsafe cwt_engine_new(
            settings.compiler == .winch, settings.countsFuel, &problem)
        guard let made = unsafe made else { throw unsafe .engine(CText.take(problem)) }
        unsafe handle = made
        self.settings = settings
    }

    deinit { unsafe cwt_engine_delete(handle) }

    /// Keeps the epoch moving while `body` runs.
    func whileTicking<R>(_ body: () -> R) throws(GuestError) -> R {
        let needsTicker = ticking.withLock { ticking in
            ticking.guests += 1
            defer { ticking.hasTicker = true }
            return !ticking.hasTicker
        }
        defer { ticking.withLock { $0.guests -= 1 } }
        if needsTicker { try startTicking() }
        return body()
    }

    /// For the ticker: whether a guest runs still; if not, the next one starts a ticker anew.
    private func isNeeded() -> Bool {
        ticking.withLock { ticking in
            if ticking.guests == 0 { ticking.hasTicker = false }
            return ticking.hasTicker
        }
    }

    private func startTicking() throws(GuestError) {
        do throws(SystemError) {
            try Thread.start { [self] in
                while isNeeded() {
                    usleep(UInt32(Self.tick.nanoseconds / 1000))
                    unsafe cwt_engine_tick(handle)
                }
            }
        } catch {
            ticking.withLock { $0.hasTicker = false }
            throw .thread(error)
        }
    }
}

/// Texts that the C side allocated.
enum CText {
    /// The text, which is freed.
    static func take(_ text: UnsafeMutablePointer<CChar>?) -> String {
        guard let text = unsafe text else { return "" }
        defer { unsafe free(text) }
        return unsafe String(cString: text)
    }
}
