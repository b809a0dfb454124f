package import Bytes

/// What one guest is run with.
package struct GuestRun: Sendable {
    /// The module's file, for argv[0] and messages.
    package var name: String
    package var arguments: [String] = []
    package var environment: [(name: String, value: String)] = []
    package var input: ByteSlice = []
    /// Whether the guest reads this process's standard input in place of `input`.
    package var inheritsInput = false
    /// Folders the guest may use; none unless asked for.
    package var folders: [(host: String, guest: String)] = []
    package var boundary: Boundary
    /// Responses that may be open at a time; nil for no bound.
    package var maxOpenResponses: Int?
    /// The export to call; nil for `_start`.
    package var export: String?
    package var limits = GuestLimits()
    /// Fixes random bytes and clocks.
    package var seed: UInt64?
    /// Called on the guest's thread with what it writes, as it writes it.
    package var onOutput: (@Sendable (OutputStream, ByteSlice) -> Void)?

    package init(name: String, boundary: Boundary) {
        self.name = name
        self.boundary = boundary
    }
}

package enum OutputStream: Int32, Sendable {
    case standardOutput = 1
    case standardError = 2
}

/// How far a guest may go.
package struct GuestLimits: Sendable {
    package var time = Duration.seconds(30)
    /// Bytes of linear memory.
    package var memory = 256 << 20
    /// Units of fuel; nil for none counted. The engine must count it.
    package var fuel: UInt64?
    /// Bytes kept of each output stream.
    package var output = 1 << 20

    package init() {}
}

/// One request that a guest made.
package struct GuestCall: Equatable, Sendable {
    package enum Result: Equatable, Sendable {
        case answered(Int)
        /// Outside the boundary: never sent.
        case refused
        case failed
    }

    package let method: String
    package let url: String
    package let result: Result
}

/// How a guest ended.
package enum GuestEnd: Equatable, Sendable {
    /// It returned, or called `proc_exit`.
    case exited(Int32)
    /// The machine stopped it: why, and where in its code.
    case trapped(reason: String, backtrace: String)
    case timedOut(after: Duration)
    case outOfFuel(UInt64)
    case outOfMemory(limit: Int)
    /// It could not be linked, or has no such export.
    case notRunnable(String)

    /// For people; the backtrace apart.
    package var text: String {
        switch self {
        case .exited(let status): "exited with \(status)"
        case .trapped(let reason, _): "trapped: \(reason)"
        case .timedOut(let limit): "stopped: it ran longer than \(limit)"
        case .outOfFuel(let fuel): "stopped: its fuel of \(fuel) was used up"
        case .outOfMemory(let limit): "stopped: it needed more than \(limit >> 20) MiB of memory"
        case .notRunnable(let why): "cannot be run: \(why)"
        }
    }
}

/// What came of a run.
package struct GuestOutcome: Sendable {
    package var end: GuestEnd
    package var output: ByteSlice = []
    package var errorOutput: ByteSlice = []
    package var calls: [GuestCall] = []
    package var timings = GuestTimings()
}

package struct GuestTimings: Sendable {
    /// Opening libwasmtime and making the engine; zero when both were there.
    package var load = Duration.zero
    /// Compiling, or loading the compiled module from the cache.
    package var compile = Duration.zero
    package var isCached = false
    package var instantiate = Duration.zero
    package var run = Duration.zero
}
